/** Trial after trial of one network on one pool: memory, code and the place of the threads stay. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Program } from "../../src/compiler/program.ts";
import { type Instance, wasmInstance } from "../../src/engine/instance.ts";
import { threadPool } from "../../src/engine/threads.ts";
import { startThreads } from "../../src/host/threads.ts";
import { train, trainingProgram } from "./networks.ts";

const STEPS = 3;
const memoryOf = ({ program, view }: Instance): ArrayBufferLike => view(program.states[0]!).buffer;

/** The same network on other numbers. */
const scaled = (program: Program, by: number): Program => ({
  ...program,
  states: program.states.map((state) =>
    state.dtype === "float32"
      ? { ...state, initial: (state.initial as Float32Array).map((v) => v * by) }
      : state,
  ),
});

test("what is released serves the next trial of the same network", () => {
  let posts = 0;
  const workers = startThreads(1).map((worker) => ({
    ...worker,
    post: (...job: Parameters<typeof worker.post>) => {
      posts++;
      worker.post(...job);
    },
  }));
  const pool = threadPool(workers, { worthNs: 0 });
  const program = trainingProgram("dense");
  const first = pool.instance(program);
  const memory = memoryOf(first);
  train(first, STEPS);
  first.release!();
  first.release!();
  assert.throws(() => first.run("step"), /released/);
  assert.throws(() => first.view(program.states[0]!), /released/);
  const postsOfOne = posts;

  const other = scaled(program, 0.5);
  const second = pool.instance(other);
  assert.equal(memoryOf(second), memory);
  assert.deepEqual(train(second, STEPS), train(wasmInstance(other), STEPS));
  assert.equal(posts, postsOfOne, "the threads stay where they are");
  assert.notEqual(memoryOf(pool.instance(program)), memory, "two at a time have two memories");
  pool.release();
});
