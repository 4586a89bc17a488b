/** Test windows of a regression as points, for people: what each number is and what was predicted. */
import type { Dataset } from "./dataset.ts";
import type { Evaluation } from "./evaluate.ts";

/** The page draws no more points than this. */
const POINTS = 1500;

/** One test window: a number for each output. */
export type Prediction = {
  readonly actual: readonly number[];
  readonly predicted: readonly number[];
};

/** @param rows of the dataset that were evaluated, in this order */
export function predictionsOf(
  { targets = new Float32Array(0), outputs }: Dataset,
  rows: Int32Array,
  { probabilities: values }: Evaluation,
): readonly Prediction[] {
  const every = Math.max(1, Math.ceil(rows.length / POINTS));
  const numbers = (from: Float32Array, row: number): readonly number[] =>
    Array.from(from.subarray(row * outputs, (row + 1) * outputs));
  return Array.from(rows, (row, w) => ({ row, w }))
    .filter(({ w }) => w % every === 0)
    .map(({ row, w }) => ({ actual: numbers(targets, row), predicted: numbers(values, w) }));
}
