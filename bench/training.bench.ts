/**
 * How many training steps a second, and how many times those of @tensorflow/tfjs-backend-wasm?
 * Float32, Adam, cross-entropy, one thread, data resident; the compiled step gathers its batch as
 * `fit` does. Steps per CPU second, the median of blocks. Each contender has a process of its own,
 * so that none pays for another's garbage; their blocks alternate. The peer runs as `minimize` and
 * as `trainOnBatch`; the better one counts.
 *
 *   npm run bench -- training [A B C D E] [--backend native] [--json] [--no-peer] [--seconds 6]
 *
 * With `--backend native`, what the user's C compiler makes runs beside.
 *
 * The peer is installed on first use into bench/peers, from its own lockfile.
 */
import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compile } from "../src/compiler/compile.ts";
import type { Program } from "../src/compiler/program.ts";
import { type Instance, wasmInstance } from "../src/engine/instance.ts";
import { nativeInstance } from "../src/engine/native.ts";
import { nativeCompiler } from "../src/host/native.ts";
import { makeModel } from "../src/models/layers.ts";
import { adamSchedule } from "../src/train/adam.ts";
import { trainingGraphs } from "../src/train/step.ts";
import { batchOf, WORKLOADS, type Workload } from "./workloads.ts";

/** How the step is run, by the value of `--backend`. */
const BACKENDS = {
  wasm: wasmInstance,
  native: (program: Program): Instance => nativeInstance(program, nativeCompiler()),
} as const;
type Backend = keyof typeof BACKENDS;

type Row = {
  readonly workload: string;
  readonly backend: Backend;
  readonly threads: 1;
  readonly stepsPerSecond: number;
  readonly peer: string | null;
  readonly peerStepsPerSecond: number | null;
  readonly ratio: number | null;
};

/** Something that trains; `sync` waits until what was started is done. */
type Contender = {
  readonly step: () => unknown;
  readonly sync: () => unknown;
};

function ours(workload: Workload, backend: Backend): Contender {
  const { layers, inputShape, outputs, batch } = workload;
  const model = makeModel(layers, inputShape, outputs, 1);
  const { step } = trainingGraphs(model, batchOf(workload), batch, { name: "adam" });
  const instance = BACKENDS[backend](compile({ step }));
  const entry = instance.program.entries[0]!;
  const input = (name: string) =>
    instance.view(entry.inputs.find((tensor) => tensor.name === name)!);
  const [indices, weights, seed, schedule] = ["indices", "weights", "seed", "schedule"].map(input);
  const loss = instance.view(entry.outputs[0]!);
  const rows = Int32Array.from({ length: batch }, (_, i) => i);
  const equal = new Float32Array(batch).fill(1 / batch);
  const next = adamSchedule(1e-3);
  let count = 0;
  return {
    step: () => {
      indices!.set(rows);
      weights!.set(equal);
      seed![0] = count++;
      schedule!.set(next());
      instance.run("step");
    },
    sync: () => loss[0],
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the peer's types are not installed with us
type Peer = any;

const PEERS = fileURLToPath(new URL("./peers/", import.meta.url));

function installPeer(): void {
  if (existsSync(`${PEERS}node_modules`)) return;
  console.error("bench: installing the peer into bench/peers …");
  const { status } = spawnSync("npm", ["ci"], { cwd: PEERS, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error("bench: npm ci in bench/peers failed");
}

async function loadPeer(): Promise<Peer> {
  const require = createRequire(`${PEERS}package.json`);
  const { warn } = console;
  console.warn = () => {}; // the peer's advice to install another package
  const tf = require("@tensorflow/tfjs");
  require("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend("wasm");
  await tf.ready();
  console.warn = warn;
  return tf;
}

function peerNetwork(tf: Peer, { layers, inputShape, outputs }: Workload, logits: boolean): Peer {
  const L = tf.layers;
  const input = tf.input({ shape: inputShape });
  let x = input;
  for (const layer of layers) {
    if (layer.type === "dense")
      x = L.dense({ units: layer.units, activation: layer.activation }).apply(x);
    else if (layer.type === "conv1d") {
      const { filters, kernelSize, activation } = layer;
      x = L.conv1d({ filters, kernelSize, activation, padding: "same" }).apply(x);
    } else if (layer.type === "maxPool1d")
      x = L.maxPooling1d({ poolSize: 2, strides: 2, padding: "same" }).apply(x);
    else if (layer.type === "dropout") x = L.dropout({ rate: layer.rate }).apply(x);
    else if (layer.type === "flatten") x = L.flatten().apply(x);
    else throw new Error(`no layer ${layer.type} in the peer's network`);
  }
  const activation = logits ? undefined : "softmax";
  return tf.model({
    inputs: input,
    outputs: L.dense({ units: outputs, activation }).apply(x),
  });
}

async function peer(workload: Workload, variant: string): Promise<Contender> {
  const tf = await loadPeer();
  const { x, y } = batchOf(workload);
  const inputs = tf.tensor(x, [workload.batch, ...workload.inputShape]);
  const targets = tf.oneHot(tf.tensor1d(y, "int32"), workload.outputs).toFloat();
  const optimizer = tf.train.adam(1e-3);
  if (variant === "trainOnBatch") {
    const network = peerNetwork(tf, workload, false);
    network.compile({ optimizer, loss: "categoricalCrossentropy" });
    return { step: () => network.trainOnBatch(inputs, targets), sync: () => {} };
  }
  const network = peerNetwork(tf, workload, true);
  const lossOf = (): Peer =>
    tf.losses.softmaxCrossEntropy(targets, network.apply(inputs, { training: true }));
  let loss: Peer;
  return {
    step: () => {
      loss?.dispose();
      loss = optimizer.minimize(lossOf, true);
    },
    sync: () => loss?.dataSync(),
  };
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** Runs `steps` steps and returns steps per CPU second. */
async function block({ step, sync }: Contender, steps: number): Promise<number> {
  const before = cpuSeconds();
  for (let i = 0; i < steps; i++) {
    const pending = step();
    if (pending instanceof Promise) await pending;
  }
  await sync();
  return steps / (cpuSeconds() - before);
}

/** In a child process: answers each number of steps with their rate. */
async function serve(name: string, workload: Workload): Promise<void> {
  const [who, backend, variant] = name.split(" ");
  const contender =
    who === "tinsmith" ? ours(workload, backend as Backend) : await peer(workload, variant!);
  process.on("message", async (steps: number) => {
    try {
      process.send!({ rate: await block(contender, steps) });
    } catch (error) {
      process.send!({ failure: error instanceof Error ? error.message.split("\n")[0] : error });
    }
  });
  process.send!({ rate: 0 });
}

type Answer = { readonly rate?: number; readonly failure?: string };

async function answer(child: ChildProcess): Promise<number> {
  const [{ rate, failure }] = (await once(child, "message")) as [Answer];
  if (rate === undefined) throw new Error(failure);
  return rate;
}

function rateOf(child: ChildProcess, steps: number): Promise<number> {
  child.send(steps);
  return answer(child);
}

const oursOn = (backend: Backend): string => `tinsmith ${backend}`;
const THEIRS = ["tfjs wasm minimize", "tfjs wasm trainOnBatch"];
const BLOCKS = 7;

/** Alternates blocks of the contenders; the median rate of each that does not fail. */
async function measure(
  workload: string,
  contenders: readonly string[],
  seconds: number,
): Promise<Map<string, number>> {
  const blockSeconds = seconds / (BLOCKS * contenders.length);
  const running = new Map<string, { child: ChildProcess; steps: number; rates: number[] }>();
  for (const name of contenders) {
    const child = fork(fileURLToPath(import.meta.url), ["--serve", name, workload]);
    try {
      await answer(child);
      let steps = 4;
      while (steps / (await rateOf(child, steps)) < blockSeconds) steps *= 2;
      const rate = await rateOf(child, steps);
      running.set(name, { child, steps: Math.ceil(rate * blockSeconds), rates: [] });
    } catch (error) {
      console.error(`bench: ${name} fails on ${workload}: ${(error as Error).message}`);
      child.kill();
    }
  }
  for (let n = 0; n < BLOCKS; n++)
    for (const { child, steps, rates } of running.values()) rates.push(await rateOf(child, steps));
  return new Map(
    [...running].map(([name, { child, rates }]) => {
      child.disconnect();
      return [name, rates.sort((a, b) => a - b)[rates.length >> 1]!];
    }),
  );
}

async function compare(
  name: string,
  backends: readonly Backend[],
  withPeer: boolean,
  seconds: number,
): Promise<Row[]> {
  const contenders = [...backends.map(oursOn), ...(withPeer ? THEIRS : [])];
  const rates = await measure(name, contenders, seconds);
  const [best] = THEIRS.filter((peer) => rates.has(peer)).sort(
    (a, b) => rates.get(b)! - rates.get(a)!,
  );
  const peerRate = best === undefined ? null : rates.get(best)!;
  const rounded = (value: number): number => Math.round(value * 10) / 10;
  return backends
    .filter((backend) => rates.has(oursOn(backend)))
    .map((backend) => {
      const stepsPerSecond = rates.get(oursOn(backend))!;
      return {
        workload: name,
        backend,
        threads: 1,
        stepsPerSecond: rounded(stepsPerSecond),
        peer: best ?? null,
        peerStepsPerSecond: peerRate && rounded(peerRate),
        ratio: peerRate && rounded(stepsPerSecond / peerRate),
      };
    });
}

const { values, positionals } = parseArgs({
  options: {
    backend: { type: "string", default: "wasm" },
    json: { type: "boolean" },
    "no-peer": { type: "boolean" },
    seconds: { type: "string", default: "6" },
    serve: { type: "string" },
  },
  allowPositionals: true,
});
const chosen = positionals.length > 0 ? positionals : ["A"];
for (const name of chosen)
  if (!Object.hasOwn(WORKLOADS, name)) {
    console.error(`bench: workloads are ${Object.keys(WORKLOADS).join(", ")}, got ${name}`);
    process.exit(1);
  }
if (!Object.hasOwn(BACKENDS, values.backend)) {
  console.error(`bench: backends are ${Object.keys(BACKENDS).join(", ")}, got ${values.backend}`);
  process.exit(1);
}
const backends: readonly Backend[] = values.backend === "native" ? ["wasm", "native"] : ["wasm"];
if (values.serve) await serve(values.serve, WORKLOADS[chosen[0]!]!);
else {
  const withPeer = !values["no-peer"];
  if (withPeer) installPeer();
  const rows: Row[] = [];
  for (const name of chosen)
    rows.push(...(await compare(name, backends, withPeer, Number(values.seconds))));
  if (values.json) console.log(JSON.stringify({ rows }));
  else
    for (const row of rows)
      console.log(
        `${row.workload}  ${WORKLOADS[row.workload]!.title.padEnd(30)} ${row.backend} ${row.stepsPerSecond}/s` +
          (row.peer
            ? `, ${row.peer} ${row.peerStepsPerSecond}/s, ratio ${row.ratio}`
            : ", no peer"),
      );
}
