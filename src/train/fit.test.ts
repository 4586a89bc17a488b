// The training loop: it learns, repeats to the bit, equals the interpreter, weighs, stops, cancels.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CancelledError, UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";
import { interpretInstance } from "../engine/instance.ts";
import { type EpochReport, type FitOptions, fit, type TrainingData } from "./fit.ts";
import {
  convOf,
  denseOf,
  dropQuarter,
  flat,
  halve,
  network,
  rectify,
  shapeTo,
} from "./test-networks.ts";

const MLP = [denseOf(2, 12), rectify, denseOf(12, 3)];

/** Points in the plane, labelled by which of three sectors they lie in. */
function sectors(samples: number, seed = 4): TrainingData {
  const rng = makeRng(seed);
  const x = new Float32Array(samples * 2);
  const y = new Int32Array(samples);
  for (let i = 0; i < samples; i++) {
    const [a, b] = [rng.uniform(-1, 1), rng.uniform(-1, 1)];
    x.set([a, b], i * 2);
    y[i] = b > Math.abs(a) ? 0 : a > 0 ? 1 : 2;
  }
  const rows = Array.from({ length: samples }, (_, i) => i);
  const cut = Math.floor(samples * 0.8);
  return { x, y, outputs: 3, train: rows.slice(0, cut), validation: rows.slice(cut) };
}

const OPTIONS: FitOptions = { epochs: 30, learningRate: 0.02, batchSize: 16 };
const weightsOf = (result: { parameters: readonly { data: Float32Array }[] }) =>
  result.parameters.map((p) => [...p.data]);

test("learns, and the same seed gives the same bits", async () => {
  const data = sectors(250);
  const model = network([2], MLP);
  const reports: EpochReport[] = [];
  const first = await fit(model, data, OPTIONS, { onEpoch: (report) => reports.push(report) });
  assert.deepEqual(reports, first.history);
  assert.equal(first.history.length, 30);
  assert.equal(first.steps, 30 * Math.ceil(200 / 16));
  assert.ok(first.best.validationAccuracy! > 0.9, `accuracy ${first.best.validationAccuracy}`);
  assert.ok(first.best.loss < first.history[0]!.loss / 2);
  const again = await fit(model, data, OPTIONS);
  assert.deepEqual(again.history, first.history);
  assert.deepEqual(weightsOf(again), weightsOf(first));
  const other = await fit(model, data, { ...OPTIONS, seed: 4 });
  assert.notDeepEqual(weightsOf(other), weightsOf(first));
});

test("WebAssembly equals the interpreter to the bit, dropout and convolution included", async () => {
  const rng = makeRng(8);
  const x = Float32Array.from({ length: 20 * 22 }, () => rng.uniform(-1, 1));
  const y = Int32Array.from({ length: 20 }, () => rng.int(3));
  const rows = Array.from({ length: 20 }, (_, i) => i);
  const data = { x, y, outputs: 3, train: rows.slice(0, 13), validation: rows.slice(13) };
  const parts = [shapeTo(11, 2), convOf(2, 5), rectify, halve, dropQuarter];
  const strided = convOf(5, 4, { stride: 2, padding: "valid" });
  const model = network([22], [...parts, strided, flat, denseOf(8, 3)]);
  const options = { epochs: 2, learningRate: 0.01, batchSize: 5 };
  const compiled = await fit(model, data, options);
  const reference = await fit(model, data, { ...options, engine: interpretInstance });
  assert.deepEqual(compiled.history, reference.history);
  assert.deepEqual(weightsOf(compiled), weightsOf(reference));
});

test("the best epoch by validation loss is given back", async () => {
  const data = sectors(60);
  const result = await fit(network([2], MLP), data, { ...OPTIONS, learningRate: 1 });
  const losses = result.history.map((report) => report.validationLoss!);
  const lowest = Math.min(...losses);
  assert.equal(result.best.validationLoss, lowest);
  assert.equal(result.best.epoch, losses.indexOf(lowest) + 1);
  assert.ok(result.best.epoch < 30, "the last epoch is the best: nothing was tested");
  // One epoch at a negligible rate from the weights given back has the same validation loss.
  const model = network([2], MLP);
  const replayed = { ...model, parameters: result.parameters };
  const check = await fit(replayed, data, { epochs: 1, learningRate: 1e-30, batchSize: 16 });
  assert.equal(check.best.validationLoss, lowest);
});

test("patience stops early; without validation rows the last epoch counts", async () => {
  const data = sectors(60);
  const model = network([2], MLP);
  const stopped = await fit(model, data, { ...OPTIONS, learningRate: 1, epochs: 90, patience: 4 });
  assert.equal(stopped.history.length, stopped.best.epoch + 4);
  const blind = await fit(model, { ...data, validation: [] }, { ...OPTIONS, epochs: 3 });
  assert.equal(blind.best.epoch, 3);
  assert.equal(blind.best.validationLoss, null);
});

test("the last epoch is given back where it is asked for", async () => {
  const data = sectors(60);
  const options = { ...OPTIONS, learningRate: 1, patience: 2 };
  const result = await fit(network([2], MLP), data, { ...options, keep: "last" });
  assert.equal(result.best.epoch, 30);
  assert.equal(result.best, result.history.at(-1));
  const lowest = Math.min(...result.history.map((report) => report.validationLoss!));
  assert.ok(result.best.validationLoss! > lowest, "the last epoch is the best: nothing was tested");
  const replayed = { ...network([2], MLP), parameters: result.parameters };
  const check = await fit(replayed, data, { epochs: 1, learningRate: 1e-30, batchSize: 16 });
  assert.equal(check.best.validationLoss, result.best.validationLoss);
});

test("a cosine schedule begins at the rate and ends at nothing", async () => {
  const all = sectors(40);
  const rows = Array.from({ length: 40 }, (_, i) => i);
  const data = { ...all, train: rows, validation: rows };
  const model = network([2], MLP);
  const options: FitOptions = { epochs: 8, learningRate: 0.1, batchSize: 40 };
  const sgd: FitOptions = { ...options, optimizer: { name: "sgd" } };
  for (const base of [options, sgd]) {
    const constant = await fit(model, data, base);
    const falling = await fit(model, data, { ...base, learningRateSchedule: "cosine" });
    assert.equal(falling.history[0]!.validationLoss, constant.history[0]!.validationLoss);
    const changes = falling.history
      .slice(1)
      .map((r, i) => Math.abs(r.validationLoss! - falling.history[i]!.validationLoss!));
    assert.ok(changes.at(-1)! < changes[0]! / 4, `${changes}`);
  }
  // Half way through 2 steps the rate is a half: one step from the same weights shows it.
  const half = await fit(model, data, { ...sgd, epochs: 2, learningRateSchedule: "cosine" });
  const after = {
    ...model,
    parameters: (await fit(model, data, { ...sgd, epochs: 1 })).parameters,
  };
  const one = await fit(after, data, { ...sgd, epochs: 1, learningRate: 0.05 });
  assert.ok(Math.abs(half.history[1]!.validationLoss! - one.best.validationLoss!) < 1e-6);
});

test("every row counts once: the loss at a negligible rate does not depend on the batch", async () => {
  const data = { ...sectors(50), validation: [] };
  const model = network([2], MLP);
  const losses = [];
  for (const batchSize of [1, 7, 40, 64]) {
    const result = await fit(model, data, { epochs: 1, learningRate: 1e-30, batchSize });
    losses.push(result.best.loss);
  }
  for (const loss of losses) assert.ok(Math.abs(loss - losses[0]!) < 1e-6, String(losses));
});

test("automatic class weights make rare classes count as much as common ones", async () => {
  const x = Float32Array.from({ length: 40 }, (_, i) => (i < 36 ? 0 : 1));
  const y = Int32Array.from({ length: 40 }, (_, i) => (i < 36 ? 0 : 1));
  const train = Array.from({ length: 40 }, (_, i) => i);
  const model = network([1], [denseOf(1, 2)]);
  const [w] = model.parameters;
  const constant = {
    ...model,
    parameters: [{ ...w!, data: Float32Array.of(0, 0) }, model.parameters[1]!],
  };
  const loss = async (bias: number, classWeights: "none" | "auto") => {
    const b = { ...model.parameters[1]!, data: Float32Array.of(bias, 0) };
    const biased = { ...constant, parameters: [constant.parameters[0]!, b] };
    const options = { epochs: 1, learningRate: 1e-30, classWeights };
    return (await fit(biased, { x, y, outputs: 2, train, validation: [] }, options)).best.loss;
  };
  // With weights the loss of a constant guess is even in the bias: mean of both classes.
  assert.ok(Math.abs((await loss(1, "auto")) - (await loss(-1, "auto"))) < 1e-6);
  assert.ok((await loss(1, "none")) < (await loss(-1, "none")) - 0.5);
});

test("a regression learns", async () => {
  const rng = makeRng(2);
  const x = Float32Array.from({ length: 200 }, () => rng.uniform(-1, 1));
  const y = x.map((v) => Math.abs(v));
  const rows = Array.from({ length: 200 }, (_, i) => i);
  const data = { x, y, outputs: 1, train: rows.slice(0, 160), validation: rows.slice(160) };
  const result = await fit(network([1], [denseOf(1, 12), rectify, denseOf(12, 1)]), data, {
    epochs: 60,
    learningRate: 0.02,
  });
  assert.ok(result.best.validationLoss! < 2e-3, `loss ${result.best.validationLoss}`);
  assert.equal(result.best.validationAccuracy, null);
});

test("stops soon when cancelled, also before it begins", async () => {
  const data = sectors(500);
  const model = network([2], MLP);
  const controller = new AbortController();
  let epochs = 0;
  const running = fit(
    model,
    data,
    { ...OPTIONS, epochs: 1_000_000 },
    {
      signal: controller.signal,
      onEpoch: () => {
        if (++epochs === 3) setTimeout(() => controller.abort(), 1);
      },
    },
  );
  await assert.rejects(running, CancelledError);
  assert.ok(epochs >= 3);
  const late = fit(model, data, OPTIONS, { signal: controller.signal });
  await assert.rejects(late, CancelledError);
});

test("what a person can mend is a UserError", async () => {
  const data = sectors(50);
  const model = network([2], MLP);
  const refused = (
    code: string,
    changed: Partial<TrainingData>,
    options: Partial<FitOptions> = {},
  ) =>
    assert.rejects(fit(model, { ...data, ...changed }, { ...OPTIONS, ...options }), (error) => {
      return error instanceof UserError && error.code === code;
    });
  await refused("training-data", { train: [] });
  await refused("training-data", { train: [50] });
  await refused("training-data", { y: new Int32Array(50).fill(3) });
  await refused("training-data", { x: new Float32Array(99) });
  await refused("training-data", { y: new Float32Array(150).fill(Number.NaN) });
  await refused("training-options", {}, { epochs: 0 });
  await refused("training-options", {}, { learningRate: Number.NaN });
  await refused("training-options", {}, { batchSize: 1.5 });
  await refused("training-options", {}, { clipNorm: 0 });
  await refused("training-options", {}, { optimizer: { name: "adamx" } });
  await refused("training-options", {}, { learningRateSchedule: { name: "cosine", warmup: 2 } });
  await refused("training-data", { x: new Float32Array(100).fill(Number.NaN) });
  const narrow = fit(network([2], [denseOf(2, 2)]), data, OPTIONS);
  await assert.rejects(narrow, /the model must give \[B,3\], got \[16,2\]/);
  await refused("training-diverged", { x: new Float32Array(100).fill(3e38) });
});
