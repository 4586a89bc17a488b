/** Threads that fail, that end, and that never answer: an error, and never a run without end. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { chooseThreads, threadedEngine, threadPool } from "../../src/engine/threads.ts";
import { startThreads } from "../../src/host/threads.ts";
import { train, trainingProgram } from "./networks.ts";

const options = { worthNs: 0, patienceSeconds: 1 };

test("a thread that never answers is given up", () => {
  const silent = { post: () => {}, end: () => {}, failure: () => undefined };
  const instance = threadPool([silent], options).instance(trainingProgram("dense"));
  assert.throws(() => train(instance, 1), /threads: a thread did not answer/);
  assert.throws(() => train(instance, 1), /threads: a thread did not answer/);
});

test("a thread that fails is an error at once", () => {
  const [worker] = startThreads(1);
  const instance = threadPool(
    [{ ...worker!, post: (job) => worker!.post({ ...job, parts: [undefined] }) }],
    { ...options, patienceSeconds: 3600 },
  ).instance(trainingProgram("dense"));
  assert.throws(() => train(instance, 1), /threads: a thread failed/);
});

test("a thread that has ended is an error before the next run", async () => {
  const [worker] = startThreads(1);
  let failure: string | undefined;
  const pool = threadPool([{ ...worker!, failure: () => failure }], options);
  const instance = pool.instance(trainingProgram("dense"));
  train(instance, 1);
  failure = "out of memory";
  assert.throws(() => train(instance, 1), /threads: a thread ended: out of memory/);
});

test("a released pool runs nothing more", () => {
  const pool = threadPool(startThreads(1), options);
  const instance = pool.instance(trainingProgram("dense"));
  train(instance, 1);
  pool.release();
  assert.throws(() => train(instance, 1), /threads: they were released/);
});

test("threads that were not released do not keep a process alive", () => {
  const folder = fileURLToPath(new URL("./", import.meta.url));
  const code = `
    import { threadPool } from "../../src/engine/threads.ts";
    import { startThreads } from "../../src/host/threads.ts";
    import { train, trainingProgram } from "./networks.ts";
    train(threadPool(startThreads(2), { worthNs: 0 }).instance(trainingProgram("dense")), 2);
    console.log("trained");`;
  const { stdout, status } = spawnSync(
    process.execPath,
    ["--input-type=module-typescript", "--eval", code],
    { cwd: folder, encoding: "utf8", timeout: 30_000 },
  );
  assert.deepEqual({ stdout, status }, { stdout: "trained\n", status: 0 });
});

test("small programs are not worth a second thread", () => {
  const program = trainingProgram("dense");
  assert.equal(chooseThreads(program, 8), 1);
  const { engine } = threadedEngine({ cores: 8 }, () => assert.fail("no thread is started"));
  train(engine(program), 1);
});

test("large programs are worth as many threads as there are, up to four", () => {
  const program = trainingProgram("dense");
  const [step] = program.entries;
  const calls = Array.from({ length: 2000 }, () => step!.calls).flat();
  const large = { ...program, entries: [{ ...step!, calls }] };
  assert.deepEqual(
    [1, 2, 3, 64].map((cores) => chooseThreads(large, cores)),
    [1, 2, 3, 4],
  );
});
