// What a training makes of validation: its own split, measures after each epoch, what it stops by.
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";
import { interpretInstance } from "../engine/instance.ts";
import { type FitOptions, fit, type TrainingData } from "./fit.ts";
import { denseOf, network, rectify } from "./test-networks.ts";

const MODEL = network([2], [denseOf(2, 8), rectify, denseOf(8, 2)]);

/** Two clouds that overlap, in groups of ten rows. */
function clouds(samples: number): TrainingData & { readonly groups: readonly number[] } {
  const rng = makeRng(8);
  const y = Int32Array.from({ length: samples }, (_, i) => (i % 4 === 0 ? 1 : 0));
  const x = Float32Array.from({ length: 2 * samples }, (_, i) => y[i >> 1]! * 1.5 + rng.normal());
  const train = Array.from({ length: samples }, (_, i) => i);
  return { x, y, outputs: 2, train, validation: [], groups: train.map((i) => Math.floor(i / 10)) };
}

const OPTIONS: FitOptions = { epochs: 6, learningRate: 0.02, batchSize: 16, validationShare: 0.25 };

test("validationShare is the split that it reports, by class and by group", async () => {
  const data = clouds(120);
  const { groups, ...free } = data;
  const own = await fit(MODEL, free, OPTIONS);
  assert.equal(own.rows.validation.length, 30);
  const ones = (rows: Int32Array) => rows.filter((row) => data.y[row] === 1).length;
  assert.deepEqual([ones(own.rows.train), ones(own.rows.validation)], [22, 8]);
  const { validationShare: _, ...plain } = OPTIONS;
  const given = await fit(MODEL, { ...free, ...own.rows }, plain);
  assert.deepEqual(given.history, own.history);
  const grouped = await fit(MODEL, data, OPTIONS);
  const sides = [grouped.rows.train, grouped.rows.validation].map(
    (rows) => new Set(Array.from(rows, (row) => groups[row])),
  );
  assert.ok(sides[1]!.size === 3 && [...sides[1]!].every((group) => !sides[0]!.has(group)));
  const both = fit(MODEL, { ...free, validation: [0] }, OPTIONS);
  await assert.rejects(both, /with a validationShare there must be no validation rows, got 1/);
});

test("metrics of each epoch agree with what the evaluation counts, on both engines", async () => {
  const options: FitOptions = { ...OPTIONS, metrics: ["accuracy", "f1", "rocAuc", "logLoss"] };
  const { history } = await fit(MODEL, clouds(90), options);
  for (const { metrics, validationAccuracy, validationLoss } of history) {
    assert.deepEqual(Object.keys(metrics!), options.metrics);
    assert.equal(metrics!.accuracy, validationAccuracy);
    assert.ok(Math.abs(metrics!.logLoss! - validationLoss!) < 1e-6);
    assert.ok(metrics!.rocAuc! > 0.5 && metrics!.rocAuc! < 1);
  }
  const short = { ...options, epochs: 2 };
  const [wasm, reference] = [
    await fit(MODEL, clouds(40), short),
    await fit(MODEL, clouds(40), { ...short, engine: interpretInstance }),
  ];
  assert.deepEqual(wasm.history, reference.history);
  await assert.rejects(
    fit(MODEL, clouds(40), { ...OPTIONS, metrics: ["mse"] }),
    /metrics beside loss softmaxCrossEntropy must be of accuracy, .*, got mse/,
  );
});

test("the epoch that is kept is the best by the measure that is monitored", async () => {
  const options: FitOptions = {
    ...OPTIONS,
    ...{ epochs: 25, learningRate: 0.3, metrics: ["f1", "logLoss"], monitor: "f1" },
  };
  const { best, history } = await fit(MODEL, clouds(80), options);
  const scores = history.map(({ metrics }) => metrics!.f1!);
  const highest = Math.max(...scores);
  assert.equal(best.epoch, scores.indexOf(highest) + 1);
  const losses = history.map(({ validationLoss }) => validationLoss!);
  assert.notEqual(best.epoch, losses.indexOf(Math.min(...losses)) + 1, "nothing was tested");
  const { metrics: _, ...without } = options;
  await assert.rejects(
    fit(MODEL, clouds(80), without),
    /monitor must be loss or one of the metrics \[\], got f1/,
  );
});

test("patience counts only what is better by minDelta", async () => {
  const options: FitOptions = { ...OPTIONS, epochs: 60, learningRate: 0.003, patience: 3 };
  const all = await fit(MODEL, clouds(120), options);
  const picky = await fit(MODEL, clouds(120), { ...options, minDelta: 0.02 });
  assert.ok(picky.history.length < all.history.length, `${picky.history.length}`);
  const losses = picky.history.map(({ validationLoss }) => validationLoss!);
  let lowest = Number.POSITIVE_INFINITY;
  let since = 0;
  const stop = losses.findIndex((loss) => {
    since = loss <= lowest - 0.02 ? 0 : since + 1;
    if (since === 0) lowest = loss;
    return since === 3;
  });
  assert.equal(stop + 1, losses.length);
});

test("a resumed training has the metrics of the epochs before", async () => {
  const saved: Uint8Array[] = [];
  const options: FitOptions = { ...OPTIONS, epochs: 4, metrics: ["f1", "accuracy"] };
  const checkpoint = { every: 1, save: (bytes: Uint8Array) => void saved.push(bytes) };
  const whole = await fit(MODEL, clouds(60), { ...options, checkpoint });
  const resumed = await fit(MODEL, clouds(60), { ...options, resume: saved[1]! });
  assert.deepEqual(resumed.history, whole.history);
  const weighted = { ...clouds(60), sampleWeights: new Float32Array(60).fill(2) };
  await assert.rejects(
    fit(MODEL, weighted, { ...options, resume: saved[1]! }),
    (error) => error instanceof UserError && error.code === "checkpoint",
  );
});

test("what schedule-free training validates and keeps is the average, not where gradients are", async () => {
  const data = { ...clouds(90), groups: clouds(90).groups.map((_, row) => row) };
  const options: FitOptions = {
    ...OPTIONS,
    ...{ learningRate: 0.1, optimizer: { name: "scheduleFree" }, keep: "last" },
  };
  const { best, parameters, rows } = await fit(MODEL, data, options);
  // From these weights, which are x, y and z of a fresh start, the same loss: y was another place.
  const still: FitOptions = { epochs: 1, learningRate: 1e-30, optimizer: { name: "sgd" } };
  const again = await fit(
    { ...MODEL, parameters },
    { ...data, ...rows },
    { ...still, batchSize: 16 },
  );
  assert.equal(again.best.validationLoss, best.validationLoss);
  for (const name of ["prodigy", "lion"]) {
    const other = await fit(MODEL, data, { ...options, optimizer: { name }, learningRate: 0.01 });
    const model = { ...MODEL, parameters: other.parameters };
    const check = await fit(model, { ...data, ...rows }, { ...still, batchSize: 16 });
    assert.equal(check.best.validationLoss, other.best.validationLoss, name);
  }
});
