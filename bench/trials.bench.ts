/**
 * Does memory stay flat over ten thousand small trainings in one process, as a tuner runs them, and
 * how many does a second hold? Each trial is a `fit` of workload A from other weights on other
 * data, 50 steps. Prints resident memory, then what is in use: the heap, what lies outside it, and
 * both after a forced collection, which are the live objects; `growth` is resident memory at the end
 * over that after the first tenth, `liveGrowth` that of live objects.
 *
 * V8 doubles its young generation, up to 128 MB, as objects happen to outlive its collections,
 * which it also does on the way to the last trial. `--young` caps it, here at 16 MB in two halves of
 * 8, so that what grows is ours; 0 leaves it to V8.
 *
 *   npm run bench -- trials [--trials 10000] [--young 8] [--json]
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { makeModel } from "../src/models/layers.ts";
import { fit } from "../src/train/fit.ts";
import { batchOf, WORKLOADS } from "./workloads.ts";

const STEPS = 50;
const { values } = parseArgs({
  options: {
    json: { type: "boolean" },
    trials: { type: "string", default: "10000" },
    young: { type: "string", default: "8" },
  },
});
const cap = `--max-semi-space-size=${Number(values.young)}`;
if (Number(values.young) > 0 && !process.execArgv.includes(cap)) {
  const command = [cap, ...process.execArgv, ...process.argv.slice(1)];
  process.exit(spawnSync(process.execPath, command, { stdio: "inherit" }).status ?? 1);
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

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
  const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space")!;
  collect();
  const live = process.memoryUsage();
  measured.push({
    trials: n,
    rssMB: megabytes(rss),
    heapMB: megabytes(heapUsed),
    externalMB: megabytes(external),
    youngMB: megabytes(young.physical_space_size),
    liveHeapMB: megabytes(live.heapUsed),
    liveExternalMB: megabytes(live.external),
  });
}
const { user, system } = process.cpuUsage(cpuBegan);
const rate = (seconds: number): number => Math.round((trials / seconds) * 10) / 10;
const growthOf = (column: string): number =>
  Math.round((1000 * measured.at(-1)![column]!) / measured[0]![column]!) / 1000;
const result = {
  trials,
  steps: STEPS,
  trialsPerSecond: rate((performance.now() - began) / 1000),
  trialsPerCpuSecond: rate((user + system) / 1e6),
  growth: growthOf("rssMB"),
  liveGrowth: growthOf("liveHeapMB"),
};
if (values.json) console.log(JSON.stringify({ ...result, rows: measured }));
else {
  for (const row of measured) console.log(Object.entries(row).flat().join("  "));
  console.log(Object.entries(result).flat().join("  "));
}
