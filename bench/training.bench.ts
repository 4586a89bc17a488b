/**
 * How many training steps a second, and how many times those of @tensorflow/tfjs-backend-wasm?
 * Float32, Adam, cross-entropy, one thread, data resident; the compiled step gathers its batch as
 * `fit` does. Steps per CPU second, the median of blocks; ours and theirs alternate in one process.
 * The peer runs as `minimize` and as `trainOnBatch`; the better one counts.
 *
 *   npm run bench -- training [A B E] [--json] [--no-peer] [--seconds 6]
 *
 * The peer is installed on first use into bench/peers, from its own lockfile.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { makeRng } from "../src/base/rng.ts";
import { compile } from "../src/compiler/compile.ts";
import { wasmInstance } from "../src/engine/instance.ts";
import { type Layer, makeModel } from "../src/models/layers.ts";
import { adamSchedule } from "../src/train/adam.ts";
import { trainingGraphs } from "../src/train/step.ts";

type Workload = {
  readonly title: string;
  readonly layers: readonly Layer[];
  readonly inputShape: readonly number[];
  readonly outputs: number;
  readonly batch: number;
};

const WORKLOADS: { readonly [name: string]: Workload } = {
  A: {
    title: "MLP 33-20-10-4, batch 32",
    layers: [
      { type: "dense", units: 20, activation: "relu" },
      { type: "dense", units: 10, activation: "relu" },
    ],
    inputShape: [33],
    outputs: 4,
    batch: 32,
  },
  B: {
    title: "conv1d on 49x13, batch 32",
    layers: [
      { type: "conv1d", filters: 8, kernelSize: 3, activation: "relu" },
      { type: "maxPool1d" },
      { type: "dropout", rate: 0.25 },
      { type: "conv1d", filters: 16, kernelSize: 3, activation: "relu" },
      { type: "maxPool1d" },
      { type: "dropout", rate: 0.25 },
      { type: "flatten" },
    ],
    inputShape: [49, 13],
    outputs: 4,
    batch: 32,
  },
  E: {
    title: "MLP 784-300-100-10, batch 128",
    layers: [
      { type: "dense", units: 300, activation: "relu" },
      { type: "dense", units: 100, activation: "relu" },
    ],
    inputShape: [784],
    outputs: 10,
    batch: 128,
  },
};

type Row = {
  readonly workload: string;
  readonly backend: "wasm";
  readonly threads: 1;
  readonly stepsPerSecond: number;
  readonly peer: string | null;
  readonly peerStepsPerSecond: number | null;
  readonly ratio: number | null;
};

/** Something that trains; `sync` waits until what was started is done. */
type Contender = {
  readonly name: string;
  readonly step: () => unknown;
  readonly sync: () => unknown;
};

function batchOf({ inputShape, outputs, batch }: Workload) {
  const rng = makeRng(7);
  const size = inputShape.reduce((product, n) => product * n, batch);
  const x = Float32Array.from({ length: size }, () => rng.uniform(-1, 1));
  const y = Int32Array.from({ length: batch }, () => rng.int(outputs));
  return { x, y };
}

function ours(workload: Workload): Contender {
  const { layers, inputShape, outputs, batch } = workload;
  const model = makeModel(layers, inputShape, outputs, 1);
  const { step } = trainingGraphs(model, batchOf(workload), batch, { name: "adam" });
  const instance = wasmInstance(compile({ step }));
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
    name: "tinsmith wasm",
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

/** Loads the peer, installing it first where it is missing. */
async function loadPeer(): Promise<Peer> {
  const folder = fileURLToPath(new URL("./peers/", import.meta.url));
  if (!existsSync(`${folder}node_modules`)) {
    console.error("bench: installing the peer into bench/peers …");
    const { status } = spawnSync("npm", ["ci"], { cwd: folder, stdio: ["ignore", 2, 2] });
    if (status !== 0) throw new Error("bench: npm ci in bench/peers failed");
  }
  const require = createRequire(`${folder}package.json`);
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
  }
  const activation = logits ? undefined : "softmax";
  return tf.model({
    inputs: input,
    outputs: L.dense({ units: outputs, activation }).apply(x),
  });
}

function peers(tf: Peer, workload: Workload): Contender[] {
  const { x, y } = batchOf(workload);
  const inputs = tf.tensor(x, [workload.batch, ...workload.inputShape]);
  const targets = tf.oneHot(tf.tensor1d(y, "int32"), workload.outputs).toFloat();
  const fitted = peerNetwork(tf, workload, false);
  fitted.compile({ optimizer: tf.train.adam(1e-3), loss: "categoricalCrossentropy" });
  const network = peerNetwork(tf, workload, true);
  const optimizer = tf.train.adam(1e-3);
  let loss: Peer;
  return [
    {
      name: "tfjs wasm trainOnBatch",
      step: () => fitted.trainOnBatch(inputs, targets),
      sync: () => {},
    },
    {
      name: "tfjs wasm minimize",
      step: () => {
        loss?.dispose();
        loss = optimizer.minimize(
          () => tf.losses.softmaxCrossEntropy(targets, network.apply(inputs, { training: true })),
          true,
        );
      },
      sync: () => loss?.dataSync(),
    },
  ];
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

const BLOCKS = 7;

/** Alternates blocks of all contenders; the median rate of each, undefined for one that fails. */
async function measure(
  contenders: readonly Contender[],
  seconds: number,
): Promise<readonly (number | undefined)[]> {
  const blockSeconds = seconds / (BLOCKS * contenders.length);
  const rates = contenders.map((): number[] => []);
  const sizes: number[] = [];
  for (const [i, contender] of contenders.entries()) {
    try {
      let size = 4;
      while (size / (await block(contender, size)) < blockSeconds / 2) size *= 2;
      sizes[i] = Math.max(1, Math.round((await block(contender, size)) * blockSeconds));
    } catch (error) {
      sizes[i] = 0;
      const reason = error instanceof Error ? error.message.split("\n")[0] : error;
      console.error(`bench: ${contender.name} fails: ${reason}`);
    }
  }
  for (let n = 0; n < BLOCKS; n++)
    for (const [i, contender] of contenders.entries())
      if (sizes[i]! > 0) rates[i]!.push(await block(contender, sizes[i]!));
  return rates.map((list) => list.sort((a, b) => a - b)[list.length >> 1]);
}

const { values, positionals } = parseArgs({
  options: {
    json: { type: "boolean" },
    "no-peer": { type: "boolean" },
    seconds: { type: "string", default: "6" },
  },
  allowPositionals: true,
});
const chosen = positionals.length > 0 ? positionals : ["A"];
const tf = values["no-peer"] ? undefined : await loadPeer();
const rows: Row[] = [];
for (const name of chosen) {
  const workload = WORKLOADS[name];
  if (!workload) throw new Error(`bench: workloads are A, B, E, got ${name}`);
  const contenders = [ours(workload), ...(tf ? peers(tf, workload) : [])];
  const rates = await measure(contenders, Number(values.seconds));
  let best = 0;
  for (let i = 1; i < rates.length; i++)
    if (rates[i] !== undefined && (best === 0 || rates[i]! > rates[best]!)) best = i;
  rows.push({
    workload: name,
    backend: "wasm",
    threads: 1,
    stepsPerSecond: Math.round(rates[0]!),
    peer: best > 0 ? contenders[best]!.name : null,
    peerStepsPerSecond: best > 0 ? Math.round(rates[best]! * 10) / 10 : null,
    ratio: best > 0 ? Math.round((rates[0]! / rates[best]!) * 10) / 10 : null,
  });
}
if (values.json) console.log(JSON.stringify({ rows }));
else
  for (const row of rows)
    console.log(
      `${row.workload}  ${WORKLOADS[row.workload]!.title.padEnd(30)} ours ${row.stepsPerSecond}/s` +
        (row.peer ? `, ${row.peer} ${row.peerStepsPerSecond}/s, ratio ${row.ratio}` : ", no peer"),
    );
