/**
 * The five networks that training is measured and checked on, A to E, as data: small ones as people
 * train them for sensors (A, B), two of MLPerf Tiny (C keyword spotting, D image classification),
 * and one that is all matrix products (E). The last dense layer, to `outputs`, is not in the lists.
 * The peers' scripts and the goldens hold the same networks in their own words.
 */
import { makeRng } from "../src/base/rng.ts";
import type { Layer } from "../src/models/layers.ts";

export type Workload = {
  readonly title: string;
  readonly layers: readonly Layer[];
  /** Of one sample, without the batch dimension. */
  readonly inputShape: readonly number[];
  readonly outputs: number;
  readonly batch: number;
};

const normalized: readonly Layer[] = [
  { type: "batchNormalization" },
  { type: "activation", activation: "relu" },
];

const separable: readonly Layer[] = [
  { type: "depthwiseConv2d", kernelSize: 3 },
  ...normalized,
  { type: "conv2d", filters: 64, kernelSize: 1 },
  ...normalized,
];

/** Two convolutions and what they are added to; with a stride the shortcut is a convolution too. */
const stack = (filters: number, stride: number): Layer => ({
  type: "residual",
  layers: [
    { type: "conv2d", filters, kernelSize: 3, stride },
    ...normalized,
    { type: "conv2d", filters, kernelSize: 3 },
    { type: "batchNormalization" },
  ],
  shortcut: stride === 1 ? [] : [{ type: "conv2d", filters, kernelSize: 1, stride }],
  activation: "relu",
});

export const WORKLOADS: { readonly [name: string]: Workload } = {
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
  C: {
    title: "DS-CNN on 49x10, batch 32",
    layers: [
      { type: "conv2d", filters: 64, kernelSize: [10, 4], stride: 2 },
      ...normalized,
      ...separable,
      ...separable,
      ...separable,
      ...separable,
      { type: "globalAveragePool" },
    ],
    inputShape: [49, 10, 1],
    outputs: 12,
    batch: 32,
  },
  D: {
    title: "ResNet-8 on 32x32x3, batch 32",
    layers: [
      { type: "conv2d", filters: 16, kernelSize: 3 },
      ...normalized,
      stack(16, 1),
      stack(32, 2),
      stack(64, 2),
      { type: "globalAveragePool" },
    ],
    inputShape: [32, 32, 3],
    outputs: 10,
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

/** One batch of a workload: values uniform in [-1, 1), labels at random. */
export function batchOf({ inputShape, outputs, batch }: Workload): {
  readonly x: Float32Array;
  readonly y: Int32Array;
  readonly outputs: number;
} {
  const rng = makeRng(7);
  const size = inputShape.reduce((product, n) => product * n, batch);
  const x = new Float32Array(size);
  const y = new Int32Array(batch);
  // `from` would make an object of each number, garbage that the trials would count as ours.
  for (let i = 0; i < size; i++) x[i] = rng.uniform(-1, 1);
  for (let i = 0; i < batch; i++) y[i] = rng.int(outputs);
  return { x, y, outputs };
}
