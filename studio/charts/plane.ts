/** A box in which points of two numbers are laid out: their range with a margin, and round ticks. */
import { ticks } from "./ticks.ts";

export type Box = { readonly width: number; readonly height: number };

export type Tick = { readonly at: number; readonly value: number };

export type Plane = {
  /** The lowest and the highest x that the box holds. */
  readonly xRange: readonly [number, number];
  readonly xAt: (x: number) => number;
  /** y grows upwards. */
  readonly yAt: (y: number) => number;
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
};

const MARGIN = 0.04;

/** The plane that holds all of these. */
export function planeOf(xs: readonly number[], ys: readonly number[], box: Box): Plane {
  const [xLow, xHigh] = rangeOf(xs);
  const [yLow, yHigh] = rangeOf(ys);
  const xAt = (x: number): number => round1((box.width * (x - xLow)) / (xHigh - xLow));
  const yAt = (y: number): number => round1(box.height * (1 - (y - yLow) / (yHigh - yLow)));
  return {
    xRange: [xLow, xHigh],
    xAt,
    yAt,
    xTicks: ticks(xLow, xHigh, 5).map((value) => ({ at: xAt(value), value })),
    yTicks: ticks(yLow, yHigh, 5).map((value) => ({ at: yAt(value), value })),
  };
}

/** A stroke of no length, which round caps turn into a dot. */
export const dotAt = ({ xAt, yAt }: Plane, x: number, y: number): string =>
  `M${xAt(x)} ${yAt(y)}h0`;

/** Lowest and highest finite value with a margin; never empty. */
function rangeOf(values: readonly number[]): readonly [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!(low <= high)) return [-1, 1];
  const margin = high > low ? MARGIN * (high - low) : 1;
  return [low - margin, high + margin];
}

const round1 = (value: number): number => Math.round(10 * value) / 10;
