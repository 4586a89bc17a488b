// The range test: on a quadratic, whose every step is known, and on a small classifier.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CancelledError, UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";
import { fit } from "./fit.ts";
import type { TrainingData } from "./fit-options.ts";
import { type RangeTestOptions, rangeTest } from "./range-test.ts";
import { denseOf, network, rectify } from "./test-networks.ts";

/**
 * A line through 0 of slope 1.5 at ± scale, with residuals of ± 0.1 that no line explains: in one
 * batch, the loss is scale² (w - 1.5)² + b² + 0.01.
 */
function line(scale: number): TrainingData {
  const rows = Array.from({ length: 8 }, (_, i) => i);
  const x = Float32Array.from(rows, (i) => (i % 2 === 0 ? scale : -scale));
  return {
    x,
    y: x.map((v, i) => 1.5 * v + ((i & 2) - 1) / 10),
    outputs: 1,
    train: rows,
    validation: [],
  };
}

const LINE = network([1], [denseOf(1, 1)]);
const SGD: RangeTestOptions = {
  ...{ optimizer: { name: "sgd" }, batchSize: 8, from: 1e-3, factor: 1.25, steps: 60 },
};

test("on a quadratic each loss is the known one, until the rate is no longer stable", async () => {
  const { curve, suggestedRate, exploded } = await rangeTest(LINE, line(1), SGD);
  let error = LINE.parameters[0]!.data[0]! - 1.5;
  let rate = 1e-3;
  let [mean, weight] = [0, 0];
  for (const [i, point] of curve.entries()) {
    assert.ok(Math.abs(point.rate - rate) < 1e-9 * rate, `rate of step ${i}`);
    const loss = error * error + 0.01;
    // In float32 the error is rounded where it is least, and this grows with it.
    assert.ok(Math.abs(point.loss - loss) < 0.01 * loss, `${i}: ${point.loss}, not ${loss}`);
    mean = 0.9 * mean + 0.1 * loss;
    weight = 0.9 * weight + 0.1;
    assert.ok(Math.abs(point.smoothed - mean / weight) < 0.01 * point.smoothed);
    error *= 1 - 2 * rate;
    rate *= 1.25;
  }
  // With the curvature 2 a rate above 1 grows the error, and the loss soon after.
  assert.ok(exploded);
  const last = curve.at(-1)!;
  assert.ok(last.rate > 1 && last.rate < 12, `${last.rate}`);
  const bound = 4 * Math.min(...curve.map(({ smoothed }) => smoothed));
  assert.ok(last.smoothed > bound && curve.at(-2)!.smoothed <= bound);
  // The error shrinks by exp(-2 rate factor / (factor - 1)), so that the loss over the logarithm of
  // the rate is steepest at 0.05; the mean over about ten steps sees it up to as many later.
  assert.ok(suggestedRate! > 0.05 / 3 && suggestedRate! < 0.5 / 3, `${suggestedRate}`);
});

test("twice the inputs, four times the curvature, a quarter of the rate", async () => {
  const one = await rangeTest(LINE, line(1), SGD);
  const two = await rangeTest(LINE, line(2), SGD);
  const ratio = one.suggestedRate! / two.suggestedRate!;
  assert.ok(ratio > 4 / 1.25 && ratio < 4 * 1.25, `${ratio}`);
});

test("a sweep that ends before anything happens suggests nothing", async () => {
  const { curve, suggestedRate, exploded } = await rangeTest(LINE, line(1), {
    ...SGD,
    from: 1e-5,
    steps: 9,
  });
  assert.equal(curve.length, 9);
  assert.deepEqual([suggestedRate, exploded], [null, false]);
});

test("a classifier learns at the suggested rate, and hardly at a hundredth or hundredfold", async () => {
  const rng = makeRng(3);
  const x = Float32Array.from({ length: 600 }, rng.normal);
  const y = Int32Array.from({ length: 300 }, (_, i) => (x[2 * i]! * x[2 * i + 1]! > 0 ? 1 : 0));
  const rows = Array.from({ length: 300 }, (_, i) => i);
  const data = { x, y, outputs: 2, train: rows.slice(0, 250), validation: rows.slice(250) };
  const model = network([2], [denseOf(2, 12), rectify, denseOf(12, 2)]);
  const found = await rangeTest(model, data, { steps: 130 });
  const again = await rangeTest(model, data, { steps: 130 });
  assert.deepEqual(again, found);
  assert.notDeepEqual(await rangeTest(model, data, { steps: 130, seed: 4 }), found);
  const learningRate = found.suggestedRate!;
  const lossAt = async (factor: number): Promise<number> => {
    const options = { epochs: 20, learningRate: learningRate * factor };
    return (await fit(model, data, { ...options, keep: "last" })).best.loss;
  };
  const [right, low, high] = [await lossAt(1), await lossAt(0.01), await lossAt(100)];
  assert.ok(right < 0.8 * low && right < 0.8 * high, `${learningRate}: ${[low, right, high]}`);
});

test("what a person can mend is a UserError, and a cancel is heard", async () => {
  for (const bad of [{ from: 0 }, { factor: 1 }, { steps: 2.5 }, { steps: 2 }])
    await assert.rejects(rangeTest(LINE, line(1), bad), UserError);
  const huge = { ...line(1), x: line(1).x.map(() => Number.NaN) };
  await assert.rejects(rangeTest(LINE, huge), UserError);
  const signal = AbortSignal.abort();
  await assert.rejects(rangeTest(LINE, line(1), {}, { signal }), CancelledError);
});
