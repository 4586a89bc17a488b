/**
 * One nest of a convolution: for every point of some axes, the sum of a . b over others. An axis
 * says how far a step along it moves in each operand, so that the forward pass and both gradients,
 * with groups, strides and dilation, are the same few lines. Neighbouring axes whose steps follow
 * each other in memory become one loop: the taps of one kernel row, rows without a border.
 */
import { add, addF, type Index, type KernelBuilder, mul, mulF, type Real } from "../../ir/build.ts";
import type { Expr } from "../../ir/kernel.ts";

/** Elements that one step moves in a, b and the result c. */
export type Steps = { readonly a: number; readonly b: number; readonly c: number };
export type ContractionAxis = Steps & { readonly extent: number };
type Place = { readonly a: Index; readonly b: Index; readonly c: Index };

export type Contraction = {
  /** Independent axes, outermost first; the longest of them is moved inwards, to be tiled. */
  readonly points: readonly ContractionAxis[];
  /** The independent axis that runs in vector lanes: its steps in b and c are 1, in a 0 or 1. */
  readonly lanes: ContractionAxis;
  /** What is summed, in this order. */
  readonly sum: readonly ContractionAxis[];
  /** Where the nest begins in each operand. */
  readonly start: Place;
};

/**
 * Adds the nest to a kernel.
 * @param operands how to load a and b, the value that the sum at a place of the result starts
 * from, and how to store it
 */
export function addContraction(
  k: KernelBuilder,
  { points, lanes, sum, start }: Contraction,
  operands: {
    readonly a: (index: Index) => Expr;
    readonly b: (index: Index) => Expr;
    readonly first: (place: Place) => Real;
    readonly store: (index: Index, value: Expr) => void;
  },
): void {
  const summed = merged(sum);
  nest(k.parallel, [...tiledLast(merged(points)), lanes], start, (at) => {
    const total = k.register(operands.first(at), "sum");
    if (summed.every(({ extent }) => extent > 0))
      nest(k.loop, summed, at, ({ a, b }) =>
        total.set(addF(total.get, mulF(operands.a(a), operands.b(b)))),
      );
    operands.store(at.c, total.get);
  });
}

/** Loops over the axes, each adding its steps to the place. */
function nest(
  loop: KernelBuilder["loop"],
  [axis, ...inner]: readonly ContractionAxis[],
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
function merged(axes: readonly ContractionAxis[]): readonly ContractionAxis[] {
  const result: ContractionAxis[] = [];
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
function tiledLast(axes: readonly ContractionAxis[]): readonly ContractionAxis[] {
  const longest = axes.reduce<ContractionAxis | undefined>(
    (best, axis) => (best && best.extent > axis.extent ? best : axis),
    undefined,
  );
  return longest ? [...axes.filter((axis) => axis !== longest), longest] : axes;
}
