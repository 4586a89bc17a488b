/**
 * Measures in float64. Of classification: confusion matrix, accuracy, precision, recall and F1 for
 * each class and weighted by support, log loss, area under the ROC curve. Of regression: absolute
 * and squared error, R², explained variance. Nothing here trains.
 */
import { log } from "../base/math.ts";

/** Rows are true classes, columns predicted ones. */
export type ConfusionMatrix = readonly (readonly number[])[];

/** Index of the largest of `count` values from `start`; the first of equals. */
export function argmax(
  values: ArrayLike<number>,
  start = 0,
  count: number = values.length,
): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (values[start + i]! > values[start + best]!) best = i;
  return best;
}

/** @param predicted and `actual`: class indices below `classes`, of equal length */
export function confusionMatrix(
  actual: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
): ConfusionMatrix {
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < actual.length; i++) matrix[actual[i]!]![predicted[i]!]!++;
  return matrix;
}

/** Share of the diagonal; 0 for an empty matrix. */
export function accuracyOf(matrix: ConfusionMatrix): number {
  let total = 0;
  let correct = 0;
  matrix.forEach((row, c) => {
    correct += row[c]!;
    for (const count of row) total += count;
  });
  return total === 0 ? 0 : correct / total;
}

export type ClassScore = {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Rows whose true class this is. */
  readonly support: number;
};

/** For each class; a score whose denominator is 0 is 0. */
export function classScores(matrix: ConfusionMatrix): readonly ClassScore[] {
  const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b);
  return matrix.map((row, c) => {
    const hits = row[c]!;
    const support = row.reduce((s, n) => s + n, 0);
    const predicted = matrix.reduce((s, r) => s + r[c]!, 0);
    return {
      precision: ratio(hits, predicted),
      recall: ratio(hits, support),
      f1: ratio(2 * hits, support + predicted),
      support,
    };
  });
}

/** The means of the class scores weighted by support. */
export function weightedScore(matrix: ConfusionMatrix): ClassScore {
  const scores = classScores(matrix);
  const support = scores.reduce((s, score) => s + score.support, 0);
  const mean = (of: (score: ClassScore) => number): number =>
    support === 0 ? 0 : scores.reduce((s, score) => s + of(score) * score.support, 0) / support;
  return {
    precision: mean((s) => s.precision),
    recall: mean((s) => s.recall),
    f1: mean((s) => s.f1),
    support,
  };
}

/**
 * Mean of -log(probability of the true class).
 * @param probabilities row after row, `classes` each; a probability below 1e-15 counts as that
 */
export function logLoss(
  probabilities: ArrayLike<number>,
  actual: ArrayLike<number>,
  classes: number,
): number {
  let sum = 0;
  for (let i = 0; i < actual.length; i++)
    sum -= log(Math.max(probabilities[i * classes + actual[i]!]!, 1e-15));
  return actual.length === 0 ? 0 : sum / actual.length;
}

/**
 * The area under the ROC curve: how often a positive scores above a negative, ties counting half
 * (Mann and Whitney's statistic); NaN where either kind is missing.
 * @param scores the higher, the more likely positive
 * @param positive for each score whether it is one: 1 or 0
 */
export function rocAuc(scores: ArrayLike<number>, positive: ArrayLike<number>): number {
  const all = Float64Array.from(scores);
  const positives = all.filter((_, i) => positive[i] === 1).sort();
  const negatives = all.filter((_, i) => positive[i] !== 1).sort();
  let below = 0;
  let notAbove = 0;
  let wins = 0;
  for (const score of positives) {
    while (negatives[below]! < score) below++;
    while (negatives[notAbove]! <= score) notAbove++;
    wins += (below + notAbove) / 2;
  }
  return wins / (positives.length * negatives.length);
}

export type RegressionScore = {
  /** Mean of |predicted - actual|. */
  readonly mae: number;
  /** Mean of (predicted - actual)². */
  readonly mse: number;
  /** 1 - mse / variance of the actual values. */
  readonly r2: number;
  /** 1 - variance of the errors / variance of the actual values: R² but for a constant error. */
  readonly explainedVariance: number;
};

/**
 * Scores of predicted values; NaN for none. Where the actual values are all the same, the last two
 * are 1 if there is nothing to explain in the errors either, and else 0.
 */
export function regressionScore(
  actual: ArrayLike<number>,
  predicted: ArrayLike<number>,
): RegressionScore {
  const errors = Array.from(actual, (value, i) => predicted[i]! - value);
  const mean = (values: readonly number[]): number =>
    values.reduce((s, v) => s + v, 0) / values.length;
  const variance = (values: readonly number[]): number => {
    const center = mean(values);
    return mean(values.map((v) => (v - center) * (v - center)));
  };
  const mse = mean(errors.map((e) => e * e));
  const spread = variance(Array.from(actual));
  const explained = (unexplained: number): number => {
    if (spread === 0) return unexplained === 0 ? 1 : 0;
    return 1 - unexplained / spread;
  };
  return {
    mae: mean(errors.map(Math.abs)),
    mse,
    r2: explained(mse),
    explainedVariance: explained(variance(errors)),
  };
}

/**
 * Scores of rows of several values: of each value over all rows, and their plain means, as
 * scikit-learn's `uniform_average`.
 * @param actual and `predicted`: [N, outputs], row after row
 */
export function regressionScores(
  actual: ArrayLike<number>,
  predicted: ArrayLike<number>,
  outputs: number,
): RegressionScore & { readonly perOutput: readonly RegressionScore[] } {
  const rows = actual.length / outputs;
  const column = (values: ArrayLike<number>, output: number): number[] =>
    Array.from({ length: rows }, (_, row) => values[row * outputs + output]!);
  const perOutput = Array.from({ length: outputs }, (_, output) =>
    regressionScore(column(actual, output), column(predicted, output)),
  );
  const mean = (of: (score: RegressionScore) => number): number =>
    perOutput.reduce((sum, score) => sum + of(score), 0) / outputs;
  return {
    mae: mean((score) => score.mae),
    mse: mean((score) => score.mse),
    r2: mean((score) => score.r2),
    explainedVariance: mean((score) => score.explainedVariance),
    perOutput,
  };
}
