/**
 * Does memory stay flat over ten thousand small trainings in one process, as a tuner runs them, and
 * how many does a second hold? Each trial is a `fit` of workload A from other weights on other
 * data, 50 steps. Prints resident memory, heap and what lies outside it along the way; `growth` is
 * resident memory at the end over that after the first tenth, `lateGrowth` over that at the half,
 * when the engine has stopped to make its own heap larger.
 *
 *   npm run bench -- trials [--trials 10000] [--json]
 */
import { parseArgs } from "node:util";
import { makeModel } from "../src/models/layers.ts";
import { fit } from "../src/train/fit.ts";
import { batchOf, WORKLOADS } from "./workloads.ts";

const STEPS = 50;
const { values } = parseArgs({
  options: { json: { type: "boolean" }, trials: { type: "string", default: "10000" } },
});
const trials = Number(values.trials);
const workload = WORKLOADS["A"]!;
const { layers, inputShape, outputs, batch } = workload;
const rows = Array.from({ length: batch * 10 }, (_, i) => i);

async function trial(n: number): Promise<void> {
  const data = batchOf({ ...workload, batch: rows.length });
  const model = makeModel(layers, inputShape, outputs, n);
  const epochs = STEPS / (rows.length / batch);
  await fit(
    model,
    { ...data, train: rows, validation: [] },
    { epochs, learningRate: 1e-3, seed: n },
  );
}

type Row = { [column: string]: number };
const measured: Row[] = [];
const megabytes = (bytes: number): number => Math.round(bytes / 1e5) / 10;
const began = performance.now();
const cpuBegan = process.cpuUsage();
for (let n = 1; n <= trials; n++) {
  await trial(n);
  if (n % Math.ceil(trials / 10) !== 0) continue;
  const { rss, heapUsed, external } = process.memoryUsage();
  const memory = { rssMB: megabytes(rss), heapMB: megabytes(heapUsed) };
  measured.push({ trials: n, ...memory, externalMB: megabytes(external) });
}
const { user, system } = process.cpuUsage(cpuBegan);
const rate = (seconds: number): number => Math.round((trials / seconds) * 10) / 10;
const growthSince = (row: number): number =>
  Math.round((1000 * measured.at(-1)!["rssMB"]!) / measured[row]!["rssMB"]!) / 1000;
const result = {
  trials,
  steps: STEPS,
  trialsPerSecond: rate((performance.now() - began) / 1000),
  trialsPerCpuSecond: rate((user + system) / 1e6),
  growth: growthSince(0),
  lateGrowth: growthSince(measured.length >> 1),
};
if (values.json) console.log(JSON.stringify({ ...result, rows: measured }));
else {
  for (const row of measured) console.log(Object.entries(row).flat().join("  "));
  console.log(Object.entries(result).flat().join("  "));
}
