import assert from "node:assert/strict";
import { test } from "node:test";
import { compileOnce } from "../compiler/compile-once.ts";
import { buildGraph } from "../graph/build.ts";
import type { Graph } from "../graph/graph.ts";
import { add } from "../graph/operators/add.ts";
import { type Instance, wasmInstance } from "./instance.ts";

/** y = x + w, where w is a state. */
function sum(...w: readonly number[]): Graph {
  const builder = buildGraph();
  const x = builder.input("x", "float32", [w.length]);
  const state = builder.state("w", "float32", [w.length], Float32Array.from(w));
  return builder.finish([builder.one(add, [x, state])]);
}

const instanceOf = (...w: readonly number[]): Instance =>
  wasmInstance(compileOnce({ main: sum(...w) }));

function run(instance: Instance): number[] {
  instance.run("main");
  return [...instance.view(instance.program.entries[0]!.outputs[0]!)];
}

test("a released instance leaves nothing behind for the next one", () => {
  const first = instanceOf(1, 2);
  const { memory } = viewed(first);
  first.view(first.program.entries[0]!.inputs[0]!).fill(10);
  assert.deepEqual(run(first), [11, 12]);
  first.release!();
  const second = instanceOf(3, 4);
  assert.equal(viewed(second).memory, memory, "the memory is used again");
  assert.deepEqual(run(second), [3, 4]);
});

test("other kernels or schedules with the same entries are other code", () => {
  const program = compileOnce({ main: sum(1, 2, 3, 4, 5, 6, 7, 8) });
  const [first, second] = [program, { ...program, schedules: [{}] }].map((p) => wasmInstance(p));
  const { memory } = viewed(first!);
  first!.release!();
  assert.notEqual(viewed(second!).memory, memory);
  assert.notEqual(viewed(wasmInstance({ ...program, schedules: [{}] })).memory, memory);
});

test("instances that live together have memories of their own", () => {
  const [first, second] = [instanceOf(5, 6), instanceOf(7, 8)];
  assert.notEqual(viewed(first).memory, viewed(second).memory);
  assert.deepEqual(
    [run(first), run(second)],
    [
      [5, 6],
      [7, 8],
    ],
  );
});

test("a released instance is not used again, and releasing twice is once", () => {
  const instance = instanceOf(1, 2, 3);
  instance.release!();
  instance.release!();
  assert.throws(() => instance.run("main"), /released/);
  assert.throws(() => instance.view(instance.program.states[0]!), /released/);
  const [a, b] = [instanceOf(1, 2, 3), instanceOf(4, 5, 6)];
  assert.notEqual(viewed(a).memory, viewed(b).memory);
});

const viewed = (instance: Instance) => ({
  memory: instance.view(instance.program.states[0]!).buffer,
});
