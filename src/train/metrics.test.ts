// Metrics on a matrix worked out by hand.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  accuracyOf,
  argmax,
  classScores,
  confusionMatrix,
  logLoss,
  regressionScore,
  rocAuc,
  weightedScore,
} from "./metrics.ts";

const matrix = confusionMatrix([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 1, 0], 3);

test("confusion matrix: rows are true classes", () => {
  assert.deepEqual(matrix, [
    [2, 1, 0],
    [0, 2, 0],
    [1, 0, 0],
  ]);
  assert.equal(accuracyOf(matrix), 4 / 6);
  assert.equal(accuracyOf([]), 0);
});

test("precision, recall and F1 for each class and weighted", () => {
  assert.deepEqual(classScores(matrix), [
    { precision: 2 / 3, recall: 2 / 3, f1: 4 / 6, support: 3 },
    { precision: 2 / 3, recall: 1, f1: 4 / 5, support: 2 },
    { precision: 0, recall: 0, f1: 0, support: 1 },
  ]);
  const { precision, recall, f1, support } = weightedScore(matrix);
  const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-15, `${a}, not ${b}`);
  near(precision, (3 * (2 / 3) + 2 * (2 / 3)) / 6);
  near(recall, 4 / 6);
  near(f1, (3 * (2 / 3) + 2 * (4 / 5)) / 6);
  assert.equal(support, 6);
});

test("log loss and argmax", () => {
  const loss = logLoss([0.5, 0.5, 0.25, 0.75], [0, 1], 2);
  assert.ok(Math.abs(loss - (Math.LN2 + (2 * Math.LN2 - 1.0986122886681098)) / 2) < 1e-15);
  assert.ok(Math.abs(logLoss([1, 0], [1], 2) - 34.538776394910684) < 1e-12);
  assert.equal(argmax([1, 3, 3]), 1);
  assert.equal(argmax([9, 1, 3, 3], 1, 3), 1);
});

test("area under the ROC curve, as the share of pairs in the right order", () => {
  const scores = [0.1, 0.4, 0.35, 0.8, 0.4, 0.4];
  const positive = [0, 0, 1, 1, 1, 0];
  let pairs = 0;
  let right = 0;
  scores.forEach((a, i) => {
    scores.forEach((b, j) => {
      if (positive[i] !== 1 || positive[j] !== 0) return;
      pairs++;
      right += a > b ? 1 : a === b ? 0.5 : 0;
    });
  });
  assert.equal(rocAuc(scores, positive), right / pairs);
  assert.equal(rocAuc([1, 2, 3], [0, 0, 1]), 1);
  assert.equal(rocAuc([1, 1, 1], [0, 1, 1]), 0.5);
  assert.ok(Number.isNaN(rocAuc([1, 2], [1, 1])));
});

test("scores of a regression", () => {
  // Errors 1, 1, 1, -1: mean 0.5, variance 0.75; the actual values have variance 1.25.
  const score = regressionScore([0, 1, 2, 3], [1, 2, 3, 2]);
  assert.equal(score.mae, 1);
  assert.equal(score.mse, 1);
  assert.ok(Math.abs(score.r2 - 0.2) < 1e-15);
  assert.ok(Math.abs(score.explainedVariance - 0.4) < 1e-15);
  const shifted = regressionScore([0, 1, 2], [5, 6, 7]);
  assert.equal(shifted.explainedVariance, 1);
  assert.ok(shifted.r2 < 0);
  const { r2 } = regressionScore([2, 2], [2, 2]);
  assert.equal(r2, 1);
  assert.equal(regressionScore([2, 2], [2, 3]).r2, 0);
});
