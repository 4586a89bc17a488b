/** Feature points in the plane as SVG: one path a label, rings around windows labelled wrong. */
import type { ScatterPoint } from "../../src/server/api.ts";
import { ticks } from "./ticks.ts";

export type ScatterBox = { readonly width: number; readonly height: number };

export type ScatterLayout = {
  /** A path of zero-length strokes, which round caps turn into dots. */
  readonly dots: readonly { readonly label: string; readonly d: string }[];
  readonly rings: readonly { readonly x: number; readonly y: number; readonly label: string }[];
  readonly xTicks: readonly { readonly at: number; readonly value: number }[];
  readonly yTicks: readonly { readonly at: number; readonly value: number }[];
};

const MARGIN = 0.04;

/** Lays points out in a box; y grows upwards. The frame is that of `frame`, by default the points. */
export function scatterLayout(
  points: readonly ScatterPoint[],
  box: ScatterBox,
  frame: readonly ScatterPoint[] = points,
): ScatterLayout {
  const [xLow, xHigh] = range(frame.map(({ x }) => x));
  const [yLow, yHigh] = range(frame.map(({ y }) => y));
  const xAt = (x: number): number => round1((box.width * (x - xLow)) / (xHigh - xLow));
  const yAt = (y: number): number => round1(box.height * (1 - (y - yLow) / (yHigh - yLow)));
  const byLabel = new Map<string, string[]>();
  for (const { x, y, label } of points) {
    const dot = `M${xAt(x)} ${yAt(y)}h0`;
    const dots = byLabel.get(label);
    if (dots) dots.push(dot);
    else byLabel.set(label, [dot]);
  }
  return {
    dots: [...byLabel]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([label, dots]) => ({ label, d: dots.join("") })),
    rings: points
      .filter(({ correct }) => correct === false)
      .map(({ x, y, label }) => ({ x: xAt(x), y: yAt(y), label })),
    xTicks: ticks(xLow, xHigh, 6).map((value) => ({ at: xAt(value), value })),
    yTicks: ticks(yLow, yHigh, 5).map((value) => ({ at: yAt(value), value })),
  };
}

/** Lowest and highest value with a margin; never empty. */
function range(values: readonly number[]): readonly [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!(low <= high)) return [-1, 1];
  const margin = high > low ? MARGIN * (high - low) : 1;
  return [low - margin, high + margin];
}

const round1 = (value: number): number => Math.round(10 * value) / 10;
