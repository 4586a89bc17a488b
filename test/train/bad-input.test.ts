/**
 * What a training is given and cannot use, one test each: refused before anything runs, with the
 * layer or the option named, the rule that it breaks and what was got.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../src/base/errors.ts";
import { type Layer, makeModel } from "../../src/models/layers.ts";
import { type FitOptions, fit, type TrainingData } from "../../src/train/fit.ts";

const LAYERS: readonly Layer[] = [
  { type: "conv1d", filters: 4, kernelSize: 3, activation: "relu" },
  { type: "flatten" },
];
const DATA: TrainingData = {
  x: Float32Array.from({ length: 6 * 10 }, (_, i) => (i % 7) - 3),
  y: Int32Array.of(0, 1, 2, 0, 1, 2),
  outputs: 3,
  train: [0, 1, 2, 3],
  validation: [4, 5],
};

type Given = {
  readonly layers?: readonly unknown[];
  readonly inputShape?: readonly number[];
  readonly data?: Partial<TrainingData>;
  readonly options?: { readonly [name: string]: unknown };
};

/** Makes the model and trains it on an engine that must never be asked. */
async function train({ layers = LAYERS, inputShape = [10, 1], data, options }: Given) {
  const model = makeModel(layers as readonly Layer[], inputShape, 3, 1);
  const given = { epochs: 2, learningRate: 0.01, batchSize: 4, ...options } as FitOptions;
  const engine = () => assert.fail("the training began");
  return fit(model, { ...DATA, ...data }, { ...given, engine });
}

const CASES: readonly (readonly [title: string, given: Given, code: string, message: RegExp])[] = [
  [
    "a layer that does not fit the one before it",
    { layers: [{ type: "flatten" }, ...LAYERS] },
    "layers-invalid",
    /layer 2 \(conv1d1\) must fit its input \[10\], got conv1d: .* must have 3 dimensions/,
  ],
  [
    "a window that is longer than its input",
    { layers: [{ ...LAYERS[0], kernelSize: 11, padding: "valid" }, { type: "flatten" }] },
    "layers-invalid",
    /layer 1 \(conv1d1\) .* a window must fit 10 rows, got 11/,
  ],
  [
    "samples of another shape than the model's input",
    { inputShape: [12, 1] },
    "training-data",
    /6 samples of \[12,1\] need 72 values, got 60/,
  ],
  [
    "a model of other outputs than the data has classes",
    { data: { outputs: 4 } },
    "training-data",
    /the model must give \[B,4\], got \[4,3\]/,
  ],
  [
    "a layer that nobody knows",
    { layers: [{ type: "transformer" }, { type: "flatten" }] },
    "layers-invalid",
    /layer 1 \(transformer1\) must be one of dense, conv1d, .*, got transformer/,
  ],
  [
    "a setting that a layer does not have",
    { layers: [{ ...LAYERS[0], kernel: 3 }, { type: "flatten" }] },
    "layers-invalid",
    /layer 1 \(conv1d1\) knows only type, filters, kernelSize, .*, got kernel/,
  ],
  [
    "an activation that nobody knows",
    { layers: [{ ...LAYERS[0], activation: "maxout" }, { type: "flatten" }] },
    "layers-invalid",
    /activation of "conv1d1" must be one of linear, relu, .*, got maxout/,
  ],
  [
    "an option that nobody knows",
    { options: { learningrate: 1 } },
    "training-options",
    /options must be of .*learningRate.*, got learningrate/,
  ],
  [
    "an optimizer that nobody knows",
    { options: { optimizer: { name: "adamX" } } },
    "training-options",
    /optimizer must be one of adagrad, adam, .*, got adamX/,
  ],
  [
    "a setting that an optimizer does not have",
    { options: { optimizer: { name: "sgd", beta1: 0.9 } } },
    "training-options",
    /optimizer sgd must have only the settings it knows, got beta1/,
  ],
  [
    "a loss that nobody knows",
    { options: { loss: { name: "hinge" } } },
    "training-options",
    /loss must be one of softmaxCrossEntropy, .*, got hinge/,
  ],
  [
    "a schedule that nobody knows",
    { options: { learningRateSchedule: "sawtooth" } },
    "training-options",
    /learningRateSchedule must be one of constant, .*, got sawtooth/,
  ],
  [
    "a setting that a schedule does not have",
    { options: { learningRateSchedule: { name: "cosine", restarts: 3 } } },
    "training-options",
    /learningRateSchedule cosine must have only the settings it knows, got restarts/,
  ],
  [
    "values that are not numbers",
    { data: { x: DATA.x.with(25, Number.NaN) } },
    "training-data",
    /row 2 must hold finite values, got NaN or infinity/,
  ],
  [
    "infinite values, also where they only validate",
    { data: { x: DATA.x.with(55, Number.POSITIVE_INFINITY) } },
    "training-data",
    /row 5 must hold finite values, got NaN or infinity/,
  ],
  [
    "targets that are not numbers",
    { data: { y: new Float32Array(18).fill(1).with(4, Number.NaN) } },
    "training-data",
    /the targets of row 1 must be finite/,
  ],
  [
    "a label beyond the classes",
    { data: { y: DATA.y.with(3, 3) as Int32Array } },
    "training-data",
    /labels must be from 0 to 2, got 3/,
  ],
  [
    "a label below 0",
    { data: { y: DATA.y.with(0, -1) as Int32Array } },
    "training-data",
    /labels must be from 0 to 2, got -1/,
  ],
  [
    "a loss of numbers for labels",
    { options: { loss: { name: "huber" } } },
    "training-options",
    /the targets of loss huber must be numbers, got class labels/,
  ],
  [
    "a loss of classes for a single output",
    { data: { outputs: 1, y: new Int32Array(6) } },
    "training-options",
    /loss softmaxCrossEntropy must have at least 2 outputs, got 1/,
  ],
  [
    "shares beyond 1",
    {
      data: { y: new Float32Array(18).with(7, 1.5) },
      options: { loss: { name: "binaryCrossEntropy" } },
    },
    "training-data",
    /the targets of row 2 must be from 0 to 1, got 1\.5/,
  ],
  [
    "an empty batch",
    { options: { batchSize: 0 } },
    "training-options",
    /batchSize must be a whole number of at least 1, got 0/,
  ],
  [
    "no row to train on",
    { data: { train: [] } },
    "training-data",
    /there must be at least one training row, got 0/,
  ],
  [
    "a row that is not there",
    { data: { train: [0, 6] } },
    "training-data",
    /row numbers must be from 0 to 5, got 6/,
  ],
  [
    "an augmentation of another size",
    { options: { augmentation: { frames: 9, columns: 1, noise: 0.1 } } },
    "training-options",
    /augmentation must fit the input \[10,1\], got augmentSpectrogram: x must be rows of 9 x 1/,
  ],
  [
    "more memory than there may be",
    { options: { memoryLimitBytes: 1000 } },
    "out-of-memory",
    /1000 bytes/,
  ],
];

for (const [title, given, code, message] of CASES)
  test(`refused: ${title}`, async () => {
    await assert.rejects(train(given), (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });
  });

test("the training that the cases spoil begins", async () => {
  await assert.rejects(train({}), /the training began/);
});
