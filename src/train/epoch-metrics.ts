/**
 * The measures that a training may be asked for after each epoch, from the model's outputs over the
 * validation rows. Which there are depends on what the loss compares with.
 */
import { UserError } from "../base/errors.ts";
import { exp, log } from "../base/math.ts";
import type { LossDefinition } from "./losses.ts";
import {
  accuracyOf,
  argmax,
  classScores,
  confusionMatrix,
  logLoss,
  regressionScores,
  rocAuc,
  weightedScore,
} from "./metrics.ts";

/** Measures that there are beside a loss of class labels, or of shares. */
export const CLASS_METRICS = [
  "accuracy",
  "precision",
  "recall",
  "f1",
  "rocAuc",
  "logLoss",
] as const;
/** Measures that there are beside a loss of numbers. */
export const NUMBER_METRICS = ["mse", "mae", "r2", "explainedVariance"] as const;

/**
 * Of classes: precision, recall and F1 weighted by support, the ROC area of each class against the
 * rest and `logLoss` as plain means. Of shares, each output a class of its own that is predicted
 * from a half on: plain means over outputs. Of numbers: plain means over outputs.
 */
export type MetricName = (typeof CLASS_METRICS)[number] | (typeof NUMBER_METRICS)[number];

export type EpochMetrics = { readonly [name in MetricName]?: number };

/** Whether more of it is better. */
export const isGain = (name: MetricName): boolean =>
  name !== "logLoss" && name !== "mse" && name !== "mae";

/** @throws UserError `training-options` for a measure that the loss's targets do not have */
export function checkMetrics(
  names: readonly string[],
  { operator, targets }: LossDefinition,
): asserts names is readonly MetricName[] {
  const known: readonly string[] = targets === "numbers" ? NUMBER_METRICS : CLASS_METRICS;
  for (const name of names)
    if (!known.includes(name))
      throw new UserError(
        "training-options",
        `train: metrics beside loss ${operator.name} must be of ${known.join(", ")}, got ${name}`,
      );
}

/**
 * The measures of rows; NaN where one has no meaning, as the ROC area of a single class.
 * @param outputs of the model, [N, width], before softmax or sigmoid
 * @param targets labels [N] or numbers [N, width]
 */
export function epochMetrics(
  names: readonly MetricName[],
  definition: LossDefinition,
  outputs: Float32Array,
  targets: Int32Array | Float32Array,
  width: number,
): EpochMetrics {
  const all = allMetrics(definition, outputs, targets, width);
  return Object.fromEntries(names.map((name) => [name, all[name]!]));
}

function allMetrics(
  definition: LossDefinition,
  outputs: Float32Array,
  targets: Int32Array | Float32Array,
  width: number,
): EpochMetrics {
  if (targets instanceof Int32Array) return classMetrics(softmaxes(outputs, width), targets, width);
  if (definition.targets === "numbers") return regressionScores(targets, outputs, width);
  const probabilities = definition.ofProbabilities
    ? Float64Array.from(outputs)
    : Float64Array.from(outputs, (x) => 1 / (1 + exp(-x)));
  return shareMetrics(probabilities, targets, width);
}

/** Softmax of each row. */
function softmaxes(outputs: Float32Array, width: number): Float64Array {
  const all = Float64Array.from(outputs);
  for (let start = 0; start < all.length; start += width) {
    const row = all.subarray(start, start + width);
    const largest = row[argmax(row)]!;
    let sum = 0;
    for (let c = 0; c < width; c++) {
      row[c] = exp(row[c]! - largest);
      sum += row[c]!;
    }
    for (let c = 0; c < width; c++) row[c]! /= sum;
  }
  return all;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function classMetrics(
  probabilities: Float64Array,
  labels: Int32Array,
  classes: number,
): EpochMetrics {
  const predicted = Int32Array.from(labels, (_, row) =>
    argmax(probabilities, row * classes, classes),
  );
  const confusion = confusionMatrix(labels, predicted, classes);
  const { precision, recall, f1 } = weightedScore(confusion);
  const areas = Array.from({ length: classes }, (_, c) =>
    rocAuc(
      Float64Array.from(labels, (_, row) => probabilities[row * classes + c]!),
      labels.map((label) => (label === c ? 1 : 0)),
    ),
  );
  return {
    accuracy: accuracyOf(confusion),
    precision,
    recall,
    f1,
    rocAuc: mean(areas.filter((area) => !Number.isNaN(area))),
    logLoss: logLoss(probabilities, labels, classes),
  };
}

/** A share that is a yes. */
const HALF = 0.5;

function shareMetrics(
  probabilities: Float64Array,
  targets: Float32Array,
  width: number,
): EpochMetrics {
  const rows = targets.length / width;
  const column = (values: Float64Array | Float32Array, k: number): Float64Array =>
    Float64Array.from({ length: rows }, (_, row) => values[row * width + k]!);
  const yes = (value: number): number => (value >= HALF ? 1 : 0);
  const each = Array.from({ length: width }, (_, k) => {
    const [given, wanted] = [column(probabilities, k), column(targets, k)];
    const confusion = confusionMatrix(wanted.map(yes), given.map(yes), 2);
    const area = rocAuc(given, wanted.map(yes));
    return { accuracy: accuracyOf(confusion), area, ...classScores(confusion)[1]! };
  });
  const losses = Array.from(targets, (t, i) => {
    const p = Math.min(Math.max(probabilities[i]!, TINY), 1 - TINY);
    return -(t * log(p) + (1 - t) * log(1 - p));
  });
  return {
    accuracy: mean(each.map((score) => score.accuracy)),
    precision: mean(each.map((score) => score.precision)),
    recall: mean(each.map((score) => score.recall)),
    f1: mean(each.map((score) => score.f1)),
    rocAuc: mean(each.map(({ area }) => area).filter((area) => !Number.isNaN(area))),
    logLoss: mean(losses),
  };
}

/** What a probability of 0 counts as. */
const TINY = 1e-15;
