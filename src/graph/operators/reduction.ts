/**
 * One nest of a convolution or a pooling: for every point of some axes, a sum or maximum over
 * others. An axis says how far a step along it moves in each operand, so that the forward pass and
 * both gradients, with groups, strides and dilation, are the same few lines. Neighbouring axes
 * whose steps follow each other in memory become one loop: the taps of one kernel row, rows
 * without a border.
 */
import { add, type Index, type KernelBuilder, mul, type Real } from "../../ir/build.ts";
import type { Expr } from "../../ir/kernel.ts";

/** Elements that one step moves in the operands a and b and in the result c. */
export type Steps = { readonly a: number; readonly b: number; readonly c: number };
export type ReductionAxis = Steps & { readonly extent: number };
export type Place = { readonly a: Index; readonly b: Index; readonly c: Index };

export type Reduction = {
  /** Independent axes, outermost first; the longest of them is moved inwards, to be tiled. */
  readonly points: readonly ReductionAxis[];
  /** The independent axis that runs in vector lanes, with steps of 0 or 1. */
  readonly lanes: ReductionAxis;
  /** What is reduced, in this order. */
  readonly over: readonly ReductionAxis[];
  /** Where the nest begins in each operand. */
  readonly start: Place;
};

/**
 * Adds the nest to a kernel.
 * @param steps the value to begin with at a place of the result, what becomes of it at a place
 * of the operands, and how to store it
 */
export function addReduction(
  k: KernelBuilder,
  { points, lanes, over, start }: Reduction,
  steps: {
    readonly first: (at: Place) => Real;
    readonly next: (total: Expr, at: Place) => Expr;
    readonly store: (at: Place, total: Expr) => void;
  },
): void {
  const axes = merged(over);
  nest(k.parallel, [...tiledLast(merged(points)), lanes], start, (at) => {
    const total = k.register(steps.first(at), "sum");
    if (axes.every(({ extent }) => extent > 0))
      nest(k.loop, axes, at, (here) => total.set(steps.next(total.get, here)));
    steps.store(at, total.get);
  });
}

/** Loops over the axes, each adding its steps to the place. */
function nest(
  loop: KernelBuilder["loop"],
  [axis, ...inner]: readonly ReductionAxis[],
  at: Place,
  body: (at: Place) => void,
): void {
  if (!axis) body(at);
  else
    loop(axis.extent, (i) =>
      nest(
        loop,
        inner,
        {
          a: add(at.a, mul(i, axis.a)),
          b: add(at.b, mul(i, axis.b)),
          c: add(at.c, mul(i, axis.c)),
        },
        body,
      ),
    );
}

/** Drops axes of one step and joins those that walk on where the next one ends. */
function merged(axes: readonly ReductionAxis[]): readonly ReductionAxis[] {
  const result: ReductionAxis[] = [];
  for (const axis of axes) {
    if (axis.extent === 1) continue;
    const outer = result.at(-1);
    const { extent, a, b, c } = axis;
    if (outer && outer.a === extent * a && outer.b === extent * b && outer.c === extent * c)
      result[result.length - 1] = { ...axis, extent: extent * outer.extent };
    else result.push(axis);
  }
  return result;
}

/** A tile needs rows to fill it. */
function tiledLast(axes: readonly ReductionAxis[]): readonly ReductionAxis[] {
  const longest = axes.reduce<ReductionAxis | undefined>(
    (best, axis) => (best && best.extent > axis.extent ? best : axis),
    undefined,
  );
  return longest ? [...axes.filter((axis) => axis !== longest), longest] : axes;
}
