/** Points of two numbers laid out in a box, with round ticks: predictions over what is true. */
import { ticks } from "./ticks.ts";

export type Point = { readonly x: number; readonly y: number };

export type XyLayout = {
  /** A path of zero-length strokes, which round caps turn into dots. */
  readonly dots: string;
  /** The line on which predictions are right. */
  readonly line: {
    readonly x1: number;
    readonly y1: number;
    readonly x2: number;
    readonly y2: number;
  };
  readonly xTicks: readonly { readonly at: number; readonly value: number }[];
  readonly yTicks: readonly { readonly at: number; readonly value: number }[];
};

const MARGIN = 0.04;

/**
 * Lays points out; y grows upwards.
 * @param line `diagonal` gives both axes one range and draws y = x, `zero` draws y = 0
 */
export function xyLayout(
  points: readonly Point[],
  box: { readonly width: number; readonly height: number },
  line: "diagonal" | "zero",
): XyLayout {
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const both = line === "diagonal" ? [...xs, ...ys] : undefined;
  const [xLow, xHigh] = range(both ?? xs);
  const [yLow, yHigh] = range(both ?? [...ys, 0]);
  const xAt = (x: number): number => round1((box.width * (x - xLow)) / (xHigh - xLow));
  const yAt = (y: number): number => round1(box.height * (1 - (y - yLow) / (yHigh - yLow)));
  const [from, to] = line === "diagonal" ? [xLow, xHigh] : [0, 0];
  return {
    dots: points.map(({ x, y }) => `M${xAt(x)} ${yAt(y)}h0`).join(""),
    line: { x1: 0, y1: yAt(from), x2: box.width, y2: yAt(to) },
    xTicks: ticks(xLow, xHigh, 5).map((value) => ({ at: xAt(value), value })),
    yTicks: ticks(yLow, yHigh, 5).map((value) => ({ at: yAt(value), value })),
  };
}

/** Lowest and highest finite value with a margin; never empty. */
function range(values: readonly number[]): readonly [number, number] {
  const finite = values.filter(Number.isFinite);
  const low = finite.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const high = finite.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (!(low <= high)) return [-1, 1];
  const margin = high > low ? MARGIN * (high - low) : 1;
  return [low - margin, high + margin];
}

const round1 = (value: number): number => Math.round(10 * value) / 10;
