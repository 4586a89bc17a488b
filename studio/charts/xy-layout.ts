/** Points of two numbers laid out in a box: predictions over what is true. */
import { type Box, dotAt, type Plane, planeOf } from "./plane.ts";

export type Point = { readonly x: number; readonly y: number };

export type XyLayout = {
  readonly plane: Plane;
  /** A path of all dots. */
  readonly dots: string;
  /** The line on which predictions are right. */
  readonly line: {
    readonly x1: number;
    readonly y1: number;
    readonly x2: number;
    readonly y2: number;
  };
};

/**
 * Lays points out.
 * @param line `diagonal` gives both axes one range and draws y = x, `zero` draws y = 0
 */
export function xyLayout(points: readonly Point[], box: Box, line: "diagonal" | "zero"): XyLayout {
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const both = [...xs, ...ys];
  const isDiagonal = line === "diagonal";
  const plane = isDiagonal ? planeOf(both, both, box) : planeOf(xs, [...ys, 0], box);
  const [from, to] = isDiagonal ? plane.xRange : [0, 0];
  return {
    plane,
    dots: points.map(({ x, y }) => dotAt(plane, x, y)).join(""),
    line: { x1: 0, y1: plane.yAt(from), x2: box.width, y2: plane.yAt(to) },
  };
}
