// Networks with batch normalisation: they train, keep running statistics, and fold for inference.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../base/rng.ts";
import { interpretInstance } from "../engine/instance.ts";
import { interpretGraph } from "../graph/interpret-graph.ts";
import { type FitOptions, fit, type TrainingData } from "../train/fit.ts";
import type { Parameter } from "../train/step.ts";
import { foldBatchNorm } from "./fold-batch-norm.ts";
import { inferenceGraph, type Layer, type Model, makeModel } from "./layers.ts";

const LAYERS: readonly Layer[] = [
  { type: "conv1d", filters: 6, kernelSize: 3 },
  { type: "batchNormalization", momentum: 0.9 },
  { type: "activation", activation: "relu" },
  { type: "maxPool1d" },
  { type: "flatten" },
  { type: "dense", units: 8 },
  { type: "batchNormalization", momentum: 0.9 },
  { type: "activation", activation: "tanh" },
];

/** Rising, falling and flat rows of 8 values in 2 channels, far from 0 and of great spread. */
function slopes(samples: number): TrainingData {
  const rng = makeRng(6);
  const x = new Float32Array(samples * 16);
  const y = new Int32Array(samples);
  for (let i = 0; i < samples; i++) {
    y[i] = i % 3;
    const start = rng.uniform(80, 120);
    for (let t = 0; t < 8; t++)
      for (let c = 0; c < 2; c++)
        x[i * 16 + t * 2 + c] = start + (y[i]! - 1) * 4 * t + 3 * rng.normal();
  }
  const rows = Array.from({ length: samples }, (_, i) => i);
  const cut = Math.floor(samples * 0.75);
  return { x, y, outputs: 3, train: rows.slice(0, cut), validation: rows.slice(cut) };
}

const OPTIONS: FitOptions = { epochs: 12, learningRate: 0.02, batchSize: 16 };
const model = makeModel(LAYERS, [8, 2], 3, 1);
const named = (parameters: readonly Parameter[], name: string): Float32Array =>
  parameters.find((p) => p.name === name)!.data;

/** Probabilities of all rows by the inference graph. */
function infer(m: Model, parameters: readonly Parameter[], { x, y }: TrainingData) {
  const graph = inferenceGraph(m, parameters, { batch: y.length });
  return Float32Array.from(interpretGraph(graph, new Map([["x", x]])).get(graph.outputs[0]!)!);
}

test("a network with batch normalisation trains, and its folded form computes the same", async () => {
  const data = slopes(240);
  const { best, parameters } = await fit(model, data, OPTIONS);
  assert.ok(best.validationAccuracy! > 0.95, `accuracy ${best.validationAccuracy}`);
  assert.deepEqual(
    parameters.filter((p) => p.trainable === false).map((p) => p.name),
    ["1.mean", "1.variance", "2.mean", "2.variance"].map((n) => `batchNormalization${n}`),
  );

  const plain = infer(model, parameters, data);
  const folded = foldBatchNorm(model, parameters);
  assert.ok(!folded.layers.some((layer) => layer.type === "batchNormalization"));
  assert.ok(
    !inferenceGraph(folded).nodes.some((node) => node.operator.name.startsWith("batchNorm")),
  );
  assert.equal(folded.parameters.length, 6);
  const other = infer(folded, folded.parameters, data);
  const worst = plain.reduce((w, p, i) => Math.max(w, Math.abs(p - other[i]!)), 0);
  assert.ok(worst < 1e-5, `folded differs by ${worst}`);

  // The evaluation within `fit` used the same running statistics as this inference.
  const right = Array.from(data.validation, (row) => {
    const p = plain.subarray(row * 3, row * 3 + 3);
    return p[data.y[row]!] === Math.max(...p) ? 1 : 0;
  }).reduce((sum: number, n) => sum + n, 0);
  assert.equal(right / data.validation.length, best.validationAccuracy);
});

test("running statistics approach those of the data", async () => {
  const data = slopes(64);
  const still = { ...OPTIONS, epochs: 20, learningRate: 1e-9, keep: "last" } as const;
  const { parameters } = await fit(model, { ...data, validation: [] }, still);
  const w = named(parameters, "conv1d1.weights");
  const sums = new Array<number>(6).fill(0);
  for (const row of Array.from(data.train))
    for (let t = 0; t < 8; t++)
      for (let o = 0; o < 6; o++)
        for (let k = 0; k < 3; k++)
          for (let c = 0; c < 2; c++) {
            const at = t + k - 1;
            if (at < 0 || at > 7) continue;
            sums[o]! += data.x[row * 16 + at * 2 + c]! * w[(k * 2 + c) * 6 + o]!;
          }
  const means = sums.map((s) => s / (data.train.length * 8));
  named(parameters, "batchNormalization1.mean").forEach((mean, o) => {
    // Batches differ; 60 of them at momentum 0.9 leave a few per cent.
    assert.ok(Math.abs(mean - means[o]!) < 0.1 * Math.abs(means[o]!) + 2, `${mean}, ${means[o]}`);
  });
});

test("WebAssembly equals the interpreter to the bit, with every layer that only training has", async () => {
  const layers: readonly Layer[] = [
    ...LAYERS.slice(0, 3),
    { type: "spatialDropout1d", rate: 0.25 },
    { type: "gaussianNoise", standardDeviation: 0.1 },
    { type: "layerNormalization" },
    ...LAYERS.slice(4),
  ];
  const data = slopes(28);
  const options = { ...OPTIONS, epochs: 2, batchSize: 6 };
  const net = makeModel(layers, [8, 2], 3, 1);
  const compiled = await fit(net, data, options);
  const reference = await fit(net, data, { ...options, engine: interpretInstance });
  assert.deepEqual(compiled.history, reference.history);
  assert.deepEqual(compiled.parameters, reference.parameters);
});

test("a batch normalisation that follows no linear layer stays", () => {
  const layers: readonly Layer[] = [
    { type: "batchNormalization" },
    { type: "dense", units: 4, activation: "relu" },
    { type: "batchNormalization" },
  ];
  const net = makeModel(layers, [5], 2, 1);
  const folded = foldBatchNorm(net);
  assert.deepEqual(folded.layers, layers);
  assert.deepEqual(folded.parameters, net.parameters);
});

test("layers without a bias and transposed convolutions fold into layers that have one", () => {
  const norm: Layer = { type: "batchNormalization" };
  const layers: readonly Layer[] = [
    { type: "conv2dTranspose", filters: 3, kernelSize: [3, 2], stride: 2, useBias: false },
    norm,
    { type: "conv2d", filters: 4, kernelSize: 2, groups: 1, useBias: false },
    norm,
    { type: "depthwiseConv2d", kernelSize: 2, multiplier: 2, useBias: false },
    norm,
    { type: "conv2dTranspose", filters: 2, kernelSize: 1 },
    norm,
    { type: "reshape", shape: [48, 2] },
    { type: "conv1d", filters: 4, kernelSize: 3, groups: 2, useBias: false },
    norm,
    { type: "flatten" },
    { type: "dense", units: 3, useBias: false },
    norm,
  ];
  const fresh = makeModel(layers, [4, 3, 2], 2, 1);
  const biases = fresh.parameters.map(({ name }) => name).filter((name) => name.endsWith(".bias"));
  assert.deepEqual(biases, ["conv2dTranspose2.bias", "output.bias"]);
  const rng = makeRng(3);
  const parameters = fresh.parameters.map((p) => ({
    ...p,
    data: p.shape.length > 1 ? p.data : p.data.map((v) => v + rng.uniform(0.1, 0.9)),
  }));
  const x = Float32Array.from({ length: 5 * 24 }, () => rng.uniform(-1, 1));
  const data = { x, y: new Int32Array(5), outputs: 2, train: [], validation: [] };
  const folded = foldBatchNorm(fresh, parameters);
  assert.ok(folded.layers.every(({ type }) => type !== "batchNormalization"));
  const [plain, other] = [infer(fresh, parameters, data), infer(folded, folded.parameters, data)];
  assert.ok(plain.some((p) => Math.abs(p - plain[0]!) > 0.01));
  const worst = plain.reduce((w, p, i) => Math.max(w, Math.abs(p - other[i]!)), 0);
  assert.ok(worst < 1e-5, `folded differs by ${worst}`);
});

test("a frozen batch normalisation keeps its statistics; its scale and shift learn", async () => {
  const frozen = LAYERS.map(
    (layer): Layer => (layer.type === "batchNormalization" ? { ...layer, frozen: true } : layer),
  );
  const net = makeModel(frozen, [8, 2], 3, 1);
  const data = slopes(60);
  const options: FitOptions = { epochs: 2, learningRate: 0.01, keep: "last" };
  const { parameters } = await fit(net, data, options);
  const changed = parameters.filter((p, n) =>
    p.data.some((value, i) => value !== net.parameters[n]!.data[i]),
  );
  const fixed = parameters.filter((p) => !changed.includes(p)).map((p) => p.name);
  assert.deepEqual(
    fixed,
    parameters.filter((p) => p.trainable === false).map((p) => p.name),
  );
});

test("what fills up a last batch counts for its statistics, as rows of the set, not for the loss", async () => {
  const layers: readonly Layer[] = [{ type: "batchNormalization", momentum: 0 }];
  const x = Float32Array.of(1, 2, 4, 8, 16);
  const data = { x, y: Int32Array.of(0, 1, 0, 1, 0), outputs: 2, train: [0, 1, 2, 3, 4] };
  const net = makeModel(layers, [1], 2, 1);
  const options: FitOptions = { epochs: 1, learningRate: 1e-30, batchSize: 4 };
  const { parameters } = await fit(net, { ...data, validation: [] }, options);
  // The second batch holds one row that is left and three others of the set: all but one.
  const [mean] = named(parameters, "batchNormalization1.mean");
  const sums = [...x].map((left) => (31 - left) / 4);
  assert.ok(sums.includes(mean!), `${mean} is none of ${sums}`);
  // A set smaller than a batch repeats its rows, so its statistics stay those of the set.
  const small = { ...data, train: [0, 1], validation: [] };
  const repeated = await fit(net, small, options);
  assert.equal(named(repeated.parameters, "batchNormalization1.mean")[0], 1.5);
});
