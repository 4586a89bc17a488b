/**
 * A contiguous range of rows of one sample: what a split hands to training, validation or test.
 * Usually the whole recording; a range only where the rules of `split.ts` cut by time.
 */
import { rowsOf, type Sample } from "./sample.ts";

export type Part = {
  readonly sample: Sample;
  /** First row, from 0. */
  readonly startRow: number;
  /** One past the last row. */
  readonly endRow: number;
};

/** The whole of a sample as a part. */
export function wholeOf(sample: Sample): Part {
  return { sample, startRow: 0, endRow: rowsOf(sample) };
}

/** Seconds of signal in parts. */
export function secondsOf(parts: readonly Part[]): number {
  return parts.reduce(
    (sum, part) => sum + ((part.endRow - part.startRow) * part.sample.intervalMs) / 1000,
    0,
  );
}

/** Rows of a span of time: round(durationMs * sampleRateHz / 1000). */
export function rowsFor(durationMs: number, sampleRateHz: number): number {
  return Math.round((durationMs * sampleRateHz) / 1000);
}
