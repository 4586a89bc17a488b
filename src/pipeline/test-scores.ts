/** What a run says of its test windows: scores of classes or of numbers, before and after int8. */
import { regressionScore } from "../train/metrics.ts";
import type { Dataset } from "./dataset.ts";
import { type Evaluation, scoresOf } from "./evaluate.ts";
import type { NumberScores, Report } from "./report.ts";

export type TestScores = Pick<Report, "test" | "regression"> & {
  /** Of what ships, for a person. */
  readonly summary: string;
};

/** The network before quantization and, where it can be quantized, after it. */
export type Evaluations = { readonly float32: Evaluation; readonly int8: Evaluation | undefined };

/** @param rows of the dataset that test, in the order of the evaluations */
export function scoreTest(
  dataset: Dataset,
  rows: Int32Array,
  labels: readonly string[],
  { float32, int8 }: Evaluations,
): TestScores {
  const network = int8 ? "int8" : "float32";
  const { targets } = dataset;
  if (!targets) {
    const actual = rows.map((row) => dataset.labels[row]!);
    const score = (evaluation: Evaluation) => scoresOf(evaluation, actual, labels.length);
    const test = { labels, float32: score(float32), int8: int8 ? score(int8) : null };
    const { accuracy } = test.int8 ?? test.float32;
    const summary = `${network} accuracy ${(100 * accuracy).toFixed(1)} %`;
    return { test, regression: null, summary };
  }
  const column = (values: Float32Array, at: ArrayLike<number>, output: number): Float64Array =>
    Float64Array.from(at, (row) => values[row * labels.length + output]!);
  const order = Array.from(rows, (_, w) => w);
  const scored = labels.map((name, output) => {
    const actual = column(targets, rows, output);
    const score = ({ probabilities: values }: Evaluation): NumberScores =>
      regressionScore(actual, column(values, order, output));
    return { name, float32: score(float32), int8: int8 ? score(int8) : null };
  });
  const shipped = scored.map((target) => target.int8 ?? target.float32);
  const mean = (of: (scores: NumberScores) => number): number =>
    shipped.reduce((sum, scores) => sum + of(scores), 0) / shipped.length;
  const regression = {
    mae: mean(({ mae }) => mae),
    mse: mean(({ mse }) => mse),
    r2: mean(({ r2 }) => r2),
    explainedVariance: mean(({ explainedVariance }) => explainedVariance),
    targets: scored,
  };
  const summary = `${network} R² ${regression.r2.toFixed(3)}, mean error ${Number(regression.mae.toPrecision(4))}`;
  return { test: { labels, float32: null, int8: null }, regression, summary };
}
