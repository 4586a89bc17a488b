// How much rows count: their own weights, given class weights, and full-batch gradient descent.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../base/rng.ts";
import { type FitOptions, fit, type TrainingData } from "./fit.ts";
import { denseOf, network, rectify } from "./test-networks.ts";

const MODEL = network([3], [denseOf(3, 5), rectify, denseOf(5, 3)]);

function points(samples: number): TrainingData {
  const rng = makeRng(12);
  const x = Float32Array.from({ length: 3 * samples }, () => rng.normal());
  const y = Int32Array.from({ length: samples }, () => rng.int(3));
  const train = Array.from({ length: samples }, (_, i) => i);
  return { x, y, outputs: 3, train, validation: [] };
}

const STILL: FitOptions = { epochs: 1, learningRate: 1e-30, batchSize: 8 };
const lossOf = async (data: TrainingData, options: Partial<FitOptions> = {}): Promise<number> =>
  (await fit(MODEL, data, { ...STILL, ...options })).best.loss;

test("the loss of weighted rows is the mean of their own losses times their weights", async () => {
  const data = points(13);
  const alone = await Promise.all(
    Array.from(data.train, (row) => lossOf({ ...data, train: [row] })),
  );
  const weights = Float32Array.from(data.train, (row) => (row % 3) * 0.5);
  const expected = (of: (row: number) => number): number =>
    alone.reduce((sum, loss, row) => sum + loss * of(row), 0) / 13;
  const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-6, `${a}, not ${b}`);
  near(
    await lossOf(data),
    expected(() => 1),
  );
  near(
    await lossOf({ ...data, sampleWeights: weights }),
    expected((row) => weights[row]!),
  );
  const given = [2, 0.25, 1];
  const classWeight = (row: number): number => given[data.y[row]!]!;
  near(await lossOf(data, { classWeights: given }), expected(classWeight));
  near(
    await lossOf({ ...data, sampleWeights: weights }, { classWeights: given }),
    expected((row) => weights[row]! * classWeight(row)),
  );
});

test("a row of weight 0 teaches nothing", async () => {
  const data = points(24);
  const sampleWeights = Float32Array.from(data.train, (row) => (row < 16 ? 1 : 0));
  const changed = { ...data, y: data.y.map((label, row) => (row < 16 ? label : 0)) };
  const options: FitOptions = { epochs: 3, learningRate: 0.05, batchSize: 8 };
  const [a, b] = await Promise.all(
    [data, changed].map((d) => fit(MODEL, { ...d, sampleWeights } as TrainingData, options)),
  );
  assert.deepEqual(a!.parameters, b!.parameters);
});

test("weights and class weights that are none are refused", async () => {
  const data = points(5);
  const refused = (changed: Partial<TrainingData>, options: Partial<FitOptions>, rule: RegExp) =>
    assert.rejects(fit(MODEL, { ...data, ...changed }, { ...STILL, ...options }), rule);
  await refused({ sampleWeights: [1] }, {}, /sampleWeights must be one for each of 5 .*got 1/);
  await refused({ sampleWeights: [1, 1, -1, 1, 1] }, {}, /the weight of row 2 .*got -1/);
  await refused({ sampleWeights: new Float32Array(5) }, {}, /must not all be 0/);
  await refused({}, { classWeights: [1, 2] }, /classWeights must be 3 numbers .*got \[1,2\]/);
  await refused(
    {},
    { classWeights: "some" as never },
    /classWeights must be "none", "auto" .*some/,
  );
  const numbers = { y: new Float32Array(15) };
  await refused(numbers, { classWeights: [1, 1, 1] }, /classWeights are for class labels/);
  await refused({ groups: [1] }, {}, /groups must be one for each of 5 samples, got 1/);
});

test("gradientDescent takes one step an epoch, over all rows, whatever the batch size", async () => {
  const data = points(21);
  const options: FitOptions = { epochs: 4, learningRate: 0.1, batchSize: 8 };
  const whole = await fit(MODEL, data, { ...options, optimizer: { name: "gradientDescent" } });
  const sgd = await fit(MODEL, data, { ...options, optimizer: { name: "sgd" }, batchSize: 21 });
  assert.equal(whole.steps, 4);
  assert.deepEqual(whole.history, sgd.history);
});

test("weight decay pulls weights, not biases, towards 0", async () => {
  const data = points(40);
  const options: FitOptions = { epochs: 30, learningRate: 0.05, optimizer: { name: "sgd" } };
  const sizeOf = async (weightDecay: number): Promise<number> => {
    const { parameters } = await fit(MODEL, data, { ...options, weightDecay });
    return parameters
      .filter(({ shape }) => shape.length > 1)
      .flatMap(({ data: values }) => [...values])
      .reduce((sum, w) => sum + w * w, 0);
  };
  const [free, pulled] = [await sizeOf(0), await sizeOf(0.5)];
  assert.ok(pulled < free / 4, `${pulled} of ${free}`);
});
