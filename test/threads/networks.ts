/** Small networks of every kind for tests with threads, and their training over a few steps. */

import { makeRng } from "../../src/base/rng.ts";
import { compile } from "../../src/compiler/compile.ts";
import type { Program } from "../../src/compiler/program.ts";
import type { Instance } from "../../src/engine/instance.ts";
import { type Layer, makeModel } from "../../src/models/layers.ts";
import { adamSchedule } from "../../src/train/adam.ts";
import { trainingGraphs } from "../../src/train/step.ts";

export const BATCH = 9;
const OUTPUTS = 3;

const normalized: readonly Layer[] = [
  { type: "batchNormalization" },
  { type: "activation", activation: "relu" },
];

/** Like the networks A to D of bench/workloads.ts, as small as they can be. */
export const NETWORKS: {
  readonly [name: string]: {
    readonly inputShape: readonly number[];
    readonly layers: readonly Layer[];
  };
} = {
  dense: {
    inputShape: [13],
    layers: [
      { type: "dense", units: 20, activation: "relu" },
      { type: "dense", units: 10, activation: "relu" },
    ],
  },
  conv1d: {
    inputShape: [11, 5],
    layers: [
      { type: "conv1d", filters: 8, kernelSize: 3, activation: "relu" },
      { type: "maxPool1d" },
      { type: "dropout", rate: 0.25 },
      { type: "conv1d", filters: 6, kernelSize: 3, activation: "relu" },
      { type: "maxPool1d" },
      { type: "flatten" },
    ],
  },
  separable: {
    inputShape: [7, 6, 1],
    layers: [
      { type: "conv2d", filters: 12, kernelSize: [4, 3], stride: 2 },
      ...normalized,
      { type: "depthwiseConv2d", kernelSize: 3 },
      ...normalized,
      { type: "conv2d", filters: 12, kernelSize: 1 },
      ...normalized,
      { type: "globalAveragePool" },
    ],
  },
  residual: {
    inputShape: [6, 5, 3],
    layers: [
      { type: "conv2d", filters: 4, kernelSize: 3 },
      ...normalized,
      {
        type: "residual",
        layers: [
          { type: "conv2d", filters: 8, kernelSize: 3, stride: 2 },
          ...normalized,
          { type: "conv2d", filters: 8, kernelSize: 3 },
          { type: "batchNormalization" },
        ],
        shortcut: [{ type: "conv2d", filters: 8, kernelSize: 1, stride: 2 }],
        activation: "relu",
      },
      { type: "globalAveragePool" },
    ],
  },
};

export function trainingProgram(name: string): Program {
  const { inputShape, layers } = NETWORKS[name]!;
  const model = makeModel(layers, inputShape, OUTPUTS, 7);
  const rng = makeRng(11);
  const size = inputShape.reduce((product, n) => product * n, BATCH);
  const x = Float32Array.from({ length: size }, () => rng.uniform(-1, 1));
  const y = Int32Array.from({ length: BATCH }, () => rng.int(OUTPUTS));
  const { step } = trainingGraphs(model, { x, y, outputs: OUTPUTS }, BATCH, { name: "adam" });
  return compile({ step });
}

/** Trains for some steps; returns what has changed, all states in one, and the last loss. */
export function train(instance: Instance, steps: number): Uint8Array {
  const [entry] = instance.program.entries;
  const input = (name: string) => instance.view(entry!.inputs.find((t) => t.name === name)!);
  const next = adamSchedule(0.01);
  for (let step = 0; step < steps; step++) {
    input("indices").set(Int32Array.from({ length: BATCH }, (_, i) => i));
    input("weights").set(new Float32Array(BATCH).fill(1 / BATCH));
    input("seed")[0] = step;
    input("schedule").set(next());
    instance.run(entry!.name);
  }
  const views = [...instance.program.states, entry!.outputs[0]!].map(instance.view);
  const bytes = new Uint8Array(views.reduce((sum, view) => sum + view.byteLength, 0));
  let at = 0;
  for (const view of views) {
    bytes.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength), at);
    at += view.byteLength;
  }
  return bytes;
}
