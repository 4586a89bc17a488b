/** Recipes: what is written reads back, and whatever a person may get wrong is said exactly. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LAYER_FIELDS } from "../models/layer-fields.ts";
import { CLASS_METRICS } from "../train/epoch-metrics.ts";
import { LOSSES } from "../train/losses.ts";
import { OPTIMIZERS } from "../train/optimizers.ts";
import { formatRecipe, parseRecipe } from "./parse-recipe.ts";
import type { Recipe } from "./recipe.ts";

const FULL: Recipe = {
  tinsmith: 1,
  name: "gestures",
  source: "../recordings",
  seed: 4294967295,
  reading: { sampleRateHz: 62.5, labelColumn: "kind", ignoreColumns: ["row"] },
  task: "classification",
  targets: [],
  input: { windowMs: 2000, strideMs: 80, labelRule: "end" },
  split: { testFraction: 0.25, validationFraction: 0.1 },
  block: { type: "spectral", params: { "fft-length": 64, "do-log": true, filter: "low" } },
  standardize: false,
  layers: [
    { type: "reshape", shape: [13, 3] },
    { type: "conv1d", filters: 8, kernelSize: 3, stride: 2, padding: "same", activation: "relu" },
    { type: "maxPool1d", size: 2, stride: 2, padding: "valid" },
    { type: "flatten" },
    { type: "dropout", rate: 0.25 },
    { type: "dense", units: 10, activation: "relu" },
  ],
  training: {
    epochs: 40,
    learningRate: 0.003,
    learningRateSchedule: "cosine",
    batchSize: 16,
    patience: 5,
    keep: "last",
    classWeights: "auto",
    augmentation: {
      noise: 0.2,
      timeMasks: { count: 1, width: 4 },
      frequencyMasks: { count: 0, width: 0 },
      timeShift: 6,
    },
  },
  anomaly: {
    type: "k-means",
    block: { type: "flatten", params: {} },
    features: ["accX RMS"],
    clusters: 32,
    percentile: 99,
  },
};

const SHORTEST = {
  tinsmith: 1,
  name: "n",
  source: ".",
  input: { windowMs: 1000, strideMs: 1000 },
  block: { type: "raw" },
  training: { epochs: 10, learningRate: 0.01 },
};

const reversed = (value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, part]) => [key, reversed(part)]),
      )
    : value;

test("a recipe is read as it was written, and written the same in whatever order it was made", () => {
  const text = formatRecipe(FULL);
  assert.deepEqual(parseRecipe(text), FULL);
  assert.equal(formatRecipe(parseRecipe(text)), text);
  const { block, layers, ...rest } = FULL;
  const other = { ...(reversed(rest) as Omit<Recipe, "block" | "layers">), layers, block };
  assert.equal(formatRecipe(other), text);
  assert.match(text, /^\{\n {2}"tinsmith": 1,\n {2}"name": "gestures",\n/);
  assert.ok(text.endsWith("}\n"));
});

test("what a recipe leaves out takes its default", () => {
  assert.deepEqual(parseRecipe(JSON.stringify(SHORTEST)), {
    tinsmith: 1,
    name: "n",
    source: ".",
    seed: 1,
    reading: {},
    task: "classification",
    targets: [],
    input: { windowMs: 1000, strideMs: 1000, labelRule: "majority" },
    split: { testFraction: 0.2, validationFraction: 0.2 },
    block: { type: "raw", params: {} },
    standardize: true,
    layers: [
      { type: "dense", units: 20, activation: "relu" },
      { type: "dense", units: 10, activation: "relu" },
    ],
    training: {
      epochs: 10,
      learningRate: 0.01,
      learningRateSchedule: "constant",
      batchSize: 32,
      patience: 0,
      keep: "best",
      classWeights: "none",
      augmentation: null,
    },
    anomaly: null,
  });
});

const { training, anomaly } = FULL;
const without = (key: string): object =>
  Object.fromEntries(Object.entries(FULL).filter(([name]) => name !== key));
const layer = (value: unknown): object => ({ ...FULL, layers: [value] });

const REGRESSION = {
  ...FULL,
  task: "regression",
  training: { ...training, classWeights: "none" },
};

const IMAGE = { kind: "image", height: 8, width: 9, zoom: 1.2, brightness: 0.1 } as const;

const CLASS_LOSSES = [...LOSSES].flatMap(([name, { targets }]) =>
  targets === "labels" ? [name] : [],
);

/** Wrong recipes, and all that is said of them behind `recipe: `. */
const WRONG: readonly (readonly [unknown, string])[] = [
  [null, '"recipe" must be an object, got null'],
  [
    [FULL],
    '"recipe" must be an object, got [{"tinsmith":1,"name":"gestures","source":"../recordings"...',
  ],
  [{ ...FULL, colour: "red" }, '"recipe" must not have the key "colour"'],
  [{ ...FULL, tinsmith: "1" }, '"tinsmith" must be 1, got "1"'],
  [without("tinsmith"), '"tinsmith" must be 1, got nothing'],
  [without("name"), '"name" must be a text, got nothing'],
  [{ ...FULL, name: " " }, '"name" must be a text, got " "'],
  [{ ...FULL, source: 1 }, '"source" must be a text, got 1'],
  [{ ...FULL, seed: -1 }, '"seed" must be an integer from 0 to 4294967295, got -1'],
  [{ ...FULL, seed: 1.5 }, '"seed" must be an integer from 0 to 4294967295, got 1.5'],
  [without("input"), '"input" must be an object, got nothing'],
  [
    { ...FULL, input: { windowMs: 0, strideMs: 80 } },
    '"input.windowMs" must be a number above 0 and at most 3600000, got 0',
  ],
  [
    { ...FULL, input: { windowMs: 2000, strideMs: "80" } },
    '"input.strideMs" must be a number above 0 and at most 3600000, got "80"',
  ],
  [{ ...FULL, input: { ...FULL.input, hop: 1 } }, '"input" must not have the key "hop"'],
  [{ ...FULL, split: [] }, '"split" must be an object, got []'],
  [
    { ...FULL, split: { testFraction: 2 } },
    '"split.testFraction" must be a number above 0 and at most 1, got 2',
  ],
  [without("block"), '"block" must be an object, got nothing'],
  [{ ...FULL, block: { type: 1 } }, '"block.type" must be a text, got 1'],
  [
    { ...FULL, block: { type: "raw", params: { x: [1] } } },
    '"block.params.x" must be a number, a string or a boolean, got [1]',
  ],
  [{ ...FULL, standardize: "yes" }, '"standardize" must be a boolean, got "yes"'],
  [{ ...FULL, layers: {} }, '"layers" must be a list, got {}'],
  [layer("dense"), '"layers[0]" must be an object, got "dense"'],
  [
    layer({ type: "attention" }),
    `"layers[0].type" must be one of ${Object.keys(LAYER_FIELDS).join(", ")}, got "attention"`,
  ],
  [
    layer({ type: "constructor" }),
    `"layers[0].type" must be one of ${Object.keys(LAYER_FIELDS).join(", ")}, got "constructor"`,
  ],
  [layer({ type: "flatten", units: 1 }), '"layers[0]" must not have the key "units"'],
  [
    layer({ type: "dense", units: 0 }),
    '"layers[0].units" must be an integer from 1 to 1048576, got 0',
  ],
  [layer({ type: "dense" }), '"layers[0].units" must be an integer from 1 to 1048576, got nothing'],
  [
    layer({ type: "conv1d", filters: 2 }),
    '"layers[0].kernelSize" must be an integer from 1 to 1048576, got nothing',
  ],
  [layer({ type: "dropout" }), '"layers[0].rate" must be a number from 0 to below 1, got nothing'],
  [
    layer({ type: "dropout", rate: 1 }),
    '"layers[0].rate" must be a number from 0 to below 1, got 1',
  ],
  [
    layer({ type: "reshape" }),
    '"layers[0].shape" must be a list of 1 to 4 whole numbers of at least 1, got nothing',
  ],
  [
    layer({ type: "reshape", shape: [3, -1] }),
    '"layers[0].shape" must be a list of 1 to 4 whole numbers of at least 1, got [3,-1]',
  ],
  [
    layer({ type: "dense", units: 1, activation: "maxout" }),
    '"layers[0].activation" must be one of linear, relu, relu6, leakyRelu, elu, sigmoid, hardSigmoid, tanh, swish, hardSwish, gelu, softplus, softmax, got "maxout"',
  ],
  [without("training"), '"training" must be an object, got nothing'],
  [
    { ...FULL, training: { ...training, epochs: 0 } },
    '"training.epochs" must be an integer from 1 to 100000, got 0',
  ],
  [
    { ...FULL, training: { ...training, learningRate: null } },
    '"training.learningRate" must be a number above 0 and at most 100, got null',
  ],
  [
    { ...FULL, training: { ...training, batchSize: 0 } },
    '"training.batchSize" must be an integer from 1 to 65536, got 0',
  ],
  [
    { ...FULL, training: { ...training, classWeights: "some" } },
    '"training.classWeights" must be "none", "auto", a list of weights or weights by label, got "some"',
  ],
  [
    { ...FULL, training: { ...training, classWeights: [1, -1] } },
    '"training.classWeights[1]" must be a number from 0 to 1000000, got -1',
  ],
  [
    { ...FULL, training: { ...training, classWeights: { idle: "2" } } },
    '"training.classWeights.idle" must be a number from 0 to 1000000, got "2"',
  ],
  [
    { ...FULL, training: { ...training, metrics: "f1" } },
    '"training.metrics" must be a list of names, got "f1"',
  ],
  [
    { ...FULL, training: { ...training, metrics: ["f1", "f1"] } },
    '"training.metrics" must be different names, got ["f1","f1"]',
  ],
  [
    { ...FULL, training: { ...training, metrics: ["r2"] } },
    `"training.metrics[0]" must be ${CLASS_METRICS.map((name) => `"${name}"`).join(" or ")}, got "r2"`,
  ],
  [
    { ...FULL, training: { ...training, metrics: ["f1"], monitor: "accuracy" } },
    '"training.monitor" must be "loss" or one of "training.metrics", got "accuracy"',
  ],
  [
    { ...FULL, training: { ...training, minDelta: -0.1 } },
    '"training.minDelta" must be a number from 0 to 1000000, got -0.1',
  ],
  [
    { ...FULL, training: { ...training, augmentation: { noise: 11 } } },
    '"training.augmentation.noise" must be a number from 0 to 10, got 11',
  ],
  [
    { ...FULL, training: { ...training, augmentation: { kind: "video" } } },
    '"training.augmentation.kind" must be "image" or left out, got "video"',
  ],
  [
    { ...FULL, training: { ...training, augmentation: { ...IMAGE, noise: 1 } } },
    '"training.augmentation" must not have the key "noise"',
  ],
  [
    { ...FULL, training: { ...training, augmentation: { ...IMAGE, height: undefined } } },
    '"training.augmentation.height" must be an integer from 1 to 4096, got nothing',
  ],
  [
    { ...FULL, training: { ...training, augmentation: { ...IMAGE, flip: 1 } } },
    '"training.augmentation.flip" must be true or false, got 1',
  ],
  [
    { ...FULL, training: { ...training, augmentation: { ...IMAGE, zoom: 0.5 } } },
    '"training.augmentation.zoom" must be a number from 1 to 10, got 0.5',
  ],
  [
    { ...FULL, training: { ...training, optimizer: "adamx" } },
    `"training.optimizer": optimizer must be one of ${[...OPTIMIZERS.keys()].join(", ")}, got adamx`,
  ],
  [
    { ...FULL, training: { ...training, optimizer: { name: "sgd", momentum: 2 } } },
    '"training.optimizer": optimizer sgd: momentum must be a number from 0 to below 1, got 2',
  ],
  [
    { ...FULL, training: { ...training, optimizer: { name: "sgd", speed: 1 } } },
    '"training.optimizer": optimizer sgd must have only the settings it knows, got speed',
  ],
  [
    { ...FULL, training: { ...training, optimizer: { name: "sgd", momentum: "much" } } },
    '"training.optimizer.momentum" must be a number, true or false, got "much"',
  ],
  [
    { ...FULL, training: { ...training, optimizer: ["sgd"] } },
    '"training.optimizer" must be an object, got ["sgd"]',
  ],
  [
    { ...FULL, training: { ...training, loss: "huber" } },
    `"training.loss": the loss of a classification must be one of ${CLASS_LOSSES.join(", ")}, got huber`,
  ],
  [
    { ...FULL, training: { ...training, loss: { name: "focal", gamma: -1 } } },
    '"training.loss": loss focal: gamma must be a finite number of at least 0, got -1',
  ],
  [
    { ...FULL, training: { ...training, learningRateSchedule: "sawtooth" } },
    '"training.learningRateSchedule": learningRateSchedule must be one of constant, step, exponential, cosine, oneCycle, got sawtooth',
  ],
  [
    { ...FULL, training: { ...training, clipNorm: 0 } },
    '"training.clipNorm" must be a number above 0 and at most 1000000, got 0',
  ],
  [
    { ...FULL, training: { ...training, weightDecay: -1 } },
    '"training.weightDecay" must be a number above 0 and at most 100, got -1',
  ],
  [{ ...FULL, task: "sorting" }, '"task" must be "classification" or "regression", got "sorting"'],
  [{ ...FULL, targets: ["x"] }, '"targets" must be empty unless "task" is "regression", got ["x"]'],
  [{ ...REGRESSION, targets: ["x", "x"] }, '"targets" must be different names, got ["x","x"]'],
  [{ ...REGRESSION, targets: [1] }, '"targets[0]" must be a text, got 1'],
  [
    { ...REGRESSION, training: { ...training, classWeights: "auto" } },
    '"training.classWeights" must be "none" for a regression, got "auto"',
  ],
  [
    layer({ type: "residual", layers: [{ type: "dense", units: 8, size: 1 }] }),
    '"layers[0].layers[0]" must not have the key "size"',
  ],
  [
    { ...FULL, anomaly: { ...anomaly, type: "gmm" } },
    '"anomaly.type" must be "k-means", got "gmm"',
  ],
  [
    { ...FULL, anomaly: { ...anomaly, features: [] } },
    '"anomaly.features" must be a list of feature names, got []',
  ],
  [
    { ...FULL, anomaly: { ...anomaly, features: [1] } },
    '"anomaly.features[0]" must be a text, got 1',
  ],
  [
    { ...FULL, anomaly: { ...anomaly, clusters: 0 } },
    '"anomaly.clusters" must be an integer from 1 to 1024, got 0',
  ],
];

test("a regression with every choice of training is read as it was written", () => {
  const recipe: Recipe = {
    ...FULL,
    task: "regression",
    targets: ["u", "v"],
    training: {
      ...training,
      classWeights: "none",
      loss: { name: "huber", delta: 0.5 },
      optimizer: { name: "sgd", momentum: 0.9, nesterov: true },
      learningRateSchedule: { name: "cosine", warmup: 0.1 },
      clipNorm: 1,
      weightDecay: 0.001,
      augmentation: { ...training.augmentation!, timeWarp: 2 },
    },
  };
  const text = formatRecipe(recipe);
  assert.deepEqual(parseRecipe(text), recipe);
  assert.equal(formatRecipe(parseRecipe(text)), text);
});

test("images, weights of labels and measures are read as they were written", () => {
  const augmentation = { ...IMAGE, channels: 3, flip: true };
  const rest = { metrics: ["f1", "rocAuc"], monitor: "f1", minDelta: 0.01 } as const;
  for (const classWeights of [[1, 2.5], { idle: 0 }]) {
    const more = { ...training, ...rest, classWeights, augmentation };
    const text = formatRecipe({ ...FULL, training: more });
    assert.deepEqual(parseRecipe(text).training, more);
    assert.equal(formatRecipe(parseRecipe(text)), text);
  }
  const { augmentation: short } = parseRecipe(
    JSON.stringify({ ...FULL, training: { ...training, augmentation: IMAGE, monitor: "loss" } }),
  ).training;
  assert.deepEqual(short, { ...IMAGE, channels: 1, flip: false });
});

test("names alone stand for a choice with its defaults", () => {
  const named = parseRecipe(
    JSON.stringify({
      ...FULL,
      training: {
        ...training,
        loss: "focal",
        optimizer: "lion",
        learningRateSchedule: { name: "step" },
      },
    }),
  );
  assert.deepEqual(named.training.loss, { name: "focal" });
  assert.deepEqual(named.training.optimizer, { name: "lion" });
  assert.equal(named.training.learningRateSchedule, "step");
});

test("a wrong recipe is refused in terms of the file", () => {
  for (const [value, message] of WRONG)
    assert.throws(
      () => parseRecipe(JSON.stringify(value)),
      { name: "UserError", message: `recipe: ${message}` },
      message,
    );
});

test("a key that is unknown comes with those that are known", () => {
  const text = JSON.stringify({ ...FULL, input: { ...FULL.input, hop: 1 } });
  assert.throws(() => parseRecipe(text), {
    code: "recipe-key",
    hint: "It may have windowMs, strideMs, labelRule.",
  });
});

test("text that is no JSON is one sentence", () => {
  for (const text of ["", "{", '{"tinsmith": 1,}', "\u0000"])
    assert.throws(() => parseRecipe(text), {
      name: "UserError",
      code: "recipe-json",
      message: /^recipe: the file must be JSON, got [^\n]+$/,
    });
});
