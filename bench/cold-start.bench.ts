/**
 * How long until the first training step has run, in a process that has just started? From the
 * layer list to the end of the step: model, graphs, compilation, WebAssembly, the step itself.
 * Loading the modules is printed apart, since a server has loaded them. Each run has a process of
 * its own; the median of all runs counts, phase by phase. `ready` is wall time, `cpu` what the
 * thread spent of it, which other work on the machine disturbs less. The phase `step` holds the
 * emission of WebAssembly too, since an entry is emitted when it is first run. Where the peers are
 * installed (`npm run bench -- training` does that), jax-js, the fastest of them, runs beside, from
 * its network to the end of its first step.
 *
 *   npm run bench -- cold-start [A B C D E] [--runs 7] [--no-peer] [--json]
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { batchOf, WORKLOADS, type Workload } from "./workloads.ts";

/** Milliseconds of each phase, in this process. */
async function firstStep(workload: Workload): Promise<{ [phase: string]: number }> {
  const { layers, inputShape, outputs, batch } = workload;
  const phases: { [phase: string]: number } = {};
  let last = performance.now();
  const done = (phase: string): void => {
    phases[phase] = performance.now() - last;
    last = performance.now();
  };
  const { makeModel } = await import("../src/models/layers.ts");
  const { trainingGraphs } = await import("../src/train/step.ts");
  const { compileOnce } = await import("../src/compiler/compile-once.ts");
  const { wasmInstance } = await import("../src/engine/instance.ts");
  const { adamSchedule } = await import("../src/train/adam.ts");
  done("import");
  const data = batchOf(workload);
  done("data");
  const before = process.threadCpuUsage();
  const model = makeModel(layers, inputShape, outputs, 1);
  const graphs = trainingGraphs(model, data, batch, { name: "adam" });
  done("graphs");
  const program = compileOnce({ ...graphs });
  done("compile");
  const instance = wasmInstance(program);
  done("instance");
  const step = program.entries.find((entry) => entry.name === "step")!;
  const input = (name: string) => instance.view(step.inputs.find((t) => t.name === name)!);
  input("indices").set(data.y.map((_, i) => i));
  input("weights").fill(1 / batch);
  input("schedule").set(adamSchedule(1e-3)());
  instance.run("step");
  done("step");
  if (!Number.isFinite(instance.view(step.outputs[0]!)[0]))
    throw new Error("the loss is no number");
  const { user, system } = process.threadCpuUsage(before);
  const { import: importing, data: _, ...rest } = phases;
  const ready = Object.values(rest).reduce((a, b) => a + b);
  return { import: importing!, ready, cpu: (user + system) / 1000, ...rest };
}

/** The same of the peer; its package is loaded before. */
async function peerStep(workload: Workload): Promise<{ [phase: string]: number }> {
  const { requirePeer } = await import("./peers/training.ts");
  const { jax } = await import("./peers/jax.ts");
  await import(requirePeer.resolve("@jax-js/jax").replace(/cjs$/, "js"));
  const began = performance.now();
  const training = await jax(workload, "convolution");
  await training.step();
  await training.sync();
  return { peerReady: performance.now() - began };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1]!;

const { values, positionals } = parseArgs({
  options: {
    child: { type: "string" },
    json: { type: "boolean" },
    "no-peer": { type: "boolean" },
    runs: { type: "string", default: "7" },
  },
  allowPositionals: true,
});
const chosen = positionals.length > 0 ? positionals : ["A", "B", "C"];
for (const name of chosen)
  if (!Object.hasOwn(WORKLOADS, name)) {
    console.error(`bench: workloads are ${Object.keys(WORKLOADS).join(", ")}, got ${name}`);
    process.exit(1);
  }
const FIRST_STEPS = { tinsmith: firstStep, peer: peerStep } as const;
type Who = keyof typeof FIRST_STEPS;

/** In a process of its own; what a peer prints beside its figures comes before them. */
async function measure(who: Who, name: string): Promise<{ [phase: string]: number }> {
  const file = fileURLToPath(import.meta.url);
  const { stdout } = await promisify(execFile)(process.execPath, [file, "--child", who, name]);
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}

if (values.child) {
  const result = await FIRST_STEPS[values.child as Who](WORKLOADS[chosen[0]!]!);
  console.log(JSON.stringify(result));
  process.exit();
}
const hasPeer = existsSync(new URL("./peers/node_modules/@jax-js", import.meta.url));
const rows: { [column: string]: number | string }[] = [];
for (const name of chosen) {
  const row: (typeof rows)[number] = { workload: name };
  for (const who of ["tinsmith", ...(hasPeer && !values["no-peer"] ? ["peer"] : [])]) {
    const runs: { [phase: string]: number }[] = [];
    for (let run = 0; run < Number(values.runs); run++) runs.push(await measure(who as Who, name));
    for (const phase of Object.keys(runs[0]!))
      row[phase] = Math.round(median(runs.map((run) => run[phase]!)) * 10) / 10;
  }
  rows.push(row);
}
if (values.json) console.log(JSON.stringify({ unit: "ms", rows }));
else for (const row of rows) console.log(Object.entries(row).flat().slice(1).join("  "));
