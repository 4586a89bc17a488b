/**
 * What a learning curve looks like without its noise: smoothed values, the epoch of the lowest one,
 * how much the raw values jump about them, and how steeply the end still falls. Pure arithmetic.
 */

export type CurveShape = {
  /** Median of three neighbors, then an exponential mean. */
  readonly smoothed: readonly number[];
  /** Index of the lowest smoothed value, the first of equals. */
  readonly lowest: number;
  /** Standard deviation of raw - smoothed by its median absolute deviation (times 1.4826). */
  readonly noise: number;
  /** Share of the values at which a step of more than twice the noise turns back another. */
  readonly turns: number;
  /** Mean change an epoch over the last fifth, as a share of its first value; null for one value. */
  readonly endSlope: number | null;
};

/** Weight of the newest value in the exponential mean. */
const NEWEST = 0.6;

/** @param values one an epoch, at least one, all finite */
export function curveShape(values: readonly number[]): CurveShape {
  const smoothed = smooth(values);
  const residuals = values.map((value, i) => value - smoothed[i]!);
  const center = median(residuals);
  const noise = 1.4826 * median(residuals.map((r) => Math.abs(r - center)));
  const last = values.length - 1;
  const span = Math.min(last, Math.max(1, Math.round(0.2 * values.length)));
  const start = smoothed[last - span]!;
  return {
    smoothed,
    lowest: smoothed.indexOf(smoothed.reduce((a, b) => Math.min(a, b))),
    noise,
    turns: turnsOf(values, 2 * noise),
    endSlope: span === 0 || start === 0 ? null : (smoothed[last]! - start) / span / Math.abs(start),
  };
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2;
}

function smooth(values: readonly number[]): number[] {
  const at = (i: number): number => values[Math.min(Math.max(i, 0), values.length - 1)]!;
  const result: number[] = [];
  values.forEach((_, i) => {
    const middle = median([at(i - 1), at(i), at(i + 1)]);
    const before = result[i - 1] ?? middle;
    result.push(before + NEWEST * (middle - before));
  });
  return result;
}

function turnsOf(values: readonly number[], large: number): number {
  let turns = 0;
  for (let i = 2; i < values.length; i++) {
    const before = values[i - 1]! - values[i - 2]!;
    const step = values[i]! - values[i - 1]!;
    if (before * step < 0 && Math.min(Math.abs(before), Math.abs(step)) > large) turns++;
  }
  return turns / values.length;
}
