// Measures after an epoch: against what the formulas give by hand, and what a loss has not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../base/errors.ts";
import { log } from "../base/math.ts";
import { checkMetrics, type EpochMetrics, epochMetrics, type MetricName } from "./epoch-metrics.ts";
import { LOSSES } from "./losses.ts";

const CLASSES: readonly MetricName[] = [
  "accuracy",
  "precision",
  "recall",
  "f1",
  "rocAuc",
  "logLoss",
];

function close(actual: EpochMetrics, expected: EpochMetrics): void {
  assert.deepEqual(Object.keys(actual), Object.keys(expected));
  for (const [name, value] of Object.entries(expected)) {
    const got = actual[name as MetricName]!;
    assert.ok(Math.abs(got - value) < 1e-6, `${name}: ${got}, not ${value}`);
  }
}

test("of classes", () => {
  // Probabilities are thirds and the like: logits are their logarithms.
  const p = [0.5, 0.25, 0.25, 0.2, 0.7, 0.1, 0.6, 0.3, 0.1, 0.1, 0.1, 0.8];
  const outputs = Float32Array.from(p, (value) => log(value) + 3);
  const actual = epochMetrics(
    CLASSES,
    LOSSES.get("softmaxCrossEntropy")!,
    outputs,
    Int32Array.of(0, 1, 1, 2),
    3,
  );
  close(actual, {
    accuracy: 3 / 4,
    // Classes 0, 1, 2 have precision 1/2, 1, 1, recall 1, 1/2, 1, F1 2/3, 2/3, 1.
    precision: (0.5 + 2 + 1) / 4,
    recall: 3 / 4,
    f1: (2 / 3 + 4 / 3 + 1) / 4,
    // Class 0 scores .5 against .2, .6, .1; class 1 scores .7 and .3 against .25 and .1; class 2 is clear.
    rocAuc: (2 / 3 + 1 + 1) / 3,
    logLoss: -(log(0.5) + log(0.7) + log(0.3) + log(0.8)) / 4,
  });
});

test("of shares, from logits and from probabilities", () => {
  const p = [0.9, 0.4, 0.2, 0.7, 0.6, 0.1];
  const targets = Float32Array.of(1, 1, 0, 1, 0, 0);
  const expected = {
    accuracy: (2 / 3 + 2 / 3) / 2,
    precision: (1 / 2 + 1) / 2,
    recall: (1 + 1 / 2) / 2,
    f1: 2 / 3,
    rocAuc: 1,
    logLoss: -(log(0.9) + log(0.4) + log(0.8) + log(0.7) + log(0.4) + log(0.9)) / 6,
  };
  const logits = Float32Array.from(p, (value) => log(value / (1 - value)));
  close(epochMetrics(CLASSES, LOSSES.get("binaryCrossEntropy")!, logits, targets, 2), expected);
  close(epochMetrics(CLASSES, LOSSES.get("logLoss")!, Float32Array.from(p), targets, 2), expected);
});

test("of numbers", () => {
  const actual = epochMetrics(
    ["mse", "mae", "r2", "explainedVariance"],
    LOSSES.get("huber")!,
    Float32Array.of(1, 3, 5),
    Float32Array.of(0, 2, 4),
    1,
  );
  close(actual, { mse: 1, mae: 1, r2: 1 - 3 / 8, explainedVariance: 1 });
});

test("a measure that the targets do not have is refused", () => {
  const refused = (loss: string, name: string) =>
    assert.throws(
      () => checkMetrics([name], LOSSES.get(loss)!),
      (error) =>
        error instanceof UserError &&
        error.message.includes(`metrics beside loss ${loss} must be of`) &&
        error.message.endsWith(`got ${name}`),
    );
  refused("softmaxCrossEntropy", "mse");
  refused("meanSquaredError", "accuracy");
  refused("focal", "toString");
});
