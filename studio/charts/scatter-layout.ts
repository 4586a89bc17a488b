/** Feature points in the plane as SVG: one path a label, rings around windows labelled wrong. */
import type { ScatterPoint } from "../../src/server/api.ts";
import { type Box, dotAt, type Plane, planeOf } from "./plane.ts";

export type ScatterLayout = {
  readonly plane: Plane;
  /** Of each label, a path of its dots. */
  readonly dots: readonly { readonly label: string; readonly d: string }[];
  readonly rings: readonly { readonly x: number; readonly y: number; readonly label: string }[];
};

/** Lays points out in a box. The frame is that of `frame`, by default the points. */
export function scatterLayout(
  points: readonly ScatterPoint[],
  box: Box,
  frame: readonly ScatterPoint[] = points,
): ScatterLayout {
  const xs = frame.map(({ x }) => x);
  const ys = frame.map(({ y }) => y);
  const plane = planeOf(xs, ys, box);
  const byLabel = new Map<string, string[]>();
  for (const { x, y, label } of points) {
    const dots = byLabel.get(label);
    if (dots) dots.push(dotAt(plane, x, y));
    else byLabel.set(label, [dotAt(plane, x, y)]);
  }
  return {
    plane,
    dots: [...byLabel]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([label, dots]) => ({ label, d: dots.join("") })),
    rings: points
      .filter(({ correct }) => correct === false)
      .map(({ x, y, label }) => ({ x: plane.xAt(x), y: plane.yAt(y), label })),
  };
}
