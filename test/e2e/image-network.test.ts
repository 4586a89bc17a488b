/** Layers of image networks from a recipe to the library: batch norm folded, all of it in int8. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Recipe } from "../../src/pipeline/recipe.ts";
import type { Report } from "../../src/pipeline/report.ts";
import { findProgram } from "../requirements.ts";
import { folderOf, tinsmith } from "./cli.ts";
import { filesOf, gestures, QUICK } from "./recordings.ts";

const RECIPE: Recipe = {
  ...QUICK,
  source: ".",
  block: { type: "raw", params: {} },
  layers: [
    { type: "reshape", shape: [63, 1, 3] },
    { type: "conv2d", filters: 6, kernelSize: [5, 1], stride: [2, 1], useBias: false },
    { type: "batchNormalization" },
    { type: "activation", activation: "relu6" },
    {
      type: "residual",
      layers: [
        { type: "depthwiseConv2d", kernelSize: [3, 1], activation: "relu" },
        { type: "conv2d", filters: 6, kernelSize: 1 },
      ],
      activation: "relu",
    },
    { type: "averagePool2d", size: [2, 1] },
    { type: "conv2d", filters: 8, kernelSize: [3, 1], groups: 2, activation: "relu" },
    { type: "maxPool2d", size: [2, 1] },
    { type: "globalAveragePool" },
  ],
  training: {
    ...QUICK.training,
    optimizer: { name: "adamW" },
    learningRateSchedule: { name: "cosine", warmup: 0.1 },
    clipNorm: 5,
    metrics: ["f1", "logLoss"],
    monitor: "f1",
    minDelta: 0.01,
    classWeights: { idle: 2 },
    augmentation: {
      kind: "image",
      height: 63,
      width: 1,
      channels: 3,
      flip: false,
      zoom: 1.1,
      brightness: 0.1,
    },
  },
  anomaly: null,
};

test("a network for images is quantized and equals its library to the bit", async (t) => {
  const cwd = await folderOf(t, {
    ...filesOf(gestures(3)),
    "tinsmith.json": JSON.stringify(RECIPE),
  });
  const args = ["run", "tinsmith.json", "--out", "out", "--json"];
  const { exitCode, stdout, stderr } = await tinsmith(args, { cwd });
  assert.equal(exitCode, 0, stderr);
  const { artefact, test: scores, parity, recipe, data, training } = JSON.parse(stdout) as Report;
  assert.equal(artefact.network, "int8");
  assert.deepEqual(recipe.layers, RECIPE.layers);
  assert.deepEqual(recipe.training, RECIPE.training);
  const { metrics, epochs, best } = training;
  assert.deepEqual(Object.keys(metrics!), ["f1", "logLoss"]);
  assert.equal(metrics!.logLoss!.length, epochs);
  assert.equal(metrics!.f1![best.epoch - 1], Math.max(...metrics!.f1!.map((f1) => f1!)));
  const [int8, float32] = [scores.int8!.accuracy, scores.float32!.accuracy];
  assert.ok(Math.abs(int8 - float32) < 0.1, `int8 ${int8}, float32 ${float32}`);
  if (findProgram("cc") === undefined) return;
  const { compiler: _, windows, ...differences } = parity!;
  assert.equal(windows, data.windows.test);
  assert.ok(Object.values(differences).every((n) => n === 0));
});
