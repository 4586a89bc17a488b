/**
 * The memory of training: how near the arena of a step comes to the least that its calls need at
 * once, and that training after training in one process leaves nothing behind.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { batchOf, WORKLOADS, type Workload } from "../../bench/workloads.ts";
import { compile } from "../../src/compiler/compile.ts";
import { makeModel } from "../../src/models/layers.ts";
import { fit } from "../../src/train/fit.ts";
import { trainingGraphs } from "../../src/train/step.ts";

const modelOf = ({ layers, inputShape, outputs }: Workload, seed: number) =>
  makeModel(layers, inputShape, outputs, seed);

for (const [name, workload] of Object.entries(WORKLOADS))
  test(`the arena of ${name}, ${workload.title}, is within 5 % of its lower bound`, () => {
    const data = batchOf(workload);
    const optimizer = { name: "adam" };
    const graphs = trainingGraphs(modelOf(workload, 1), data, workload.batch, optimizer);
    const { arenaBytes, arenaBound } = compile({ ...graphs });
    assert.ok(arenaBound > 0);
    assert.ok(arenaBytes <= 1.05 * arenaBound, `${arenaBytes} bytes of at least ${arenaBound}`);
  });

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** Bytes that are still in use once everything is collected, which takes several turns. */
async function held(): Promise<number> {
  for (let turn = 0; turn < 4; turn++) {
    collect();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test("300 trainings of as many small networks leave the memory as the first 100 did", async () => {
  const rows = Array.from({ length: 64 }, (_, i) => i);
  const train = async (n: number): Promise<void> => {
    const layers = [{ type: "dense", units: 4 + n, activation: "relu" }] as const;
    const workload = { ...WORKLOADS["A"]!, layers, batch: rows.length };
    const data = { ...batchOf(workload), train: rows, validation: rows.slice(32) };
    await fit(modelOf(workload, n), data, { epochs: 2, learningRate: 1e-3, seed: n });
  };
  for (let n = 0; n < 100; n++) await train(n);
  const before = await held();
  for (let n = 100; n < 300; n++) await train(n);
  const growth = (await held()) - before;
  assert.ok(growth < 4 * 2 ** 20, `${growth} bytes more`);
});
