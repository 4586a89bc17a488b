/**
 * The loops of pooling over windows and of its gradients: x [B,H,W,C], y [B,Ho,Wo,C], channels
 * last. A sequence is an image of one row. Padding takes no part: it never wins a maximum and
 * does not count in an average.
 */
import {
  add,
  addF,
  buildKernel,
  divF,
  eqF,
  type Index,
  type KernelBuilder,
  maxF,
  mul,
  selectF,
} from "../../ir/build.ts";
import type { Expr, Kernel } from "../../ir/kernel.ts";
import type { Shape } from "../../tensor/tensor.ts";
import type { Attributes } from "../graph.ts";
import { addReduction, type Reduction } from "./reduction.ts";
import { integer, rule } from "./rules.ts";
import { ONE_ROW, tapsOf, window1d } from "./window-1d.ts";
import { outputRuns, pair, type Windows2d, windows2d } from "./window-2d.ts";

export type Pooling = Windows2d & { readonly batch: number; readonly channels: number };

/**
 * Reads `size`, `stride` and `padding` for x [B,T,C], where they are numbers, or [B,H,W,C], where
 * they are [down, across].
 */
export function poolingOf(operator: string, x: Shape, attributes: Attributes): Pooling {
  const [batch, channels] = [x[0]!, x.at(-1)!];
  if (x.length === 4) {
    const size = pair(operator, attributes, "size");
    return { ...windows2d(operator, x.slice(1, 3), size, attributes), batch, channels };
  }
  rule(operator, x.length === 3, "x must have 3 or 4 dimensions", `[${x}]`);
  const size = integer(operator, attributes, "size");
  const columns = window1d(operator, x[1]!, size, attributes);
  return { rows: ONE_ROW, columns, batch, channels };
}

/** Of the output, of the rank of x. */
export function outputShapeOf(p: Pooling, x: Shape): Shape {
  const size = [p.rows.outputLength, p.columns.outputLength];
  return [p.batch, ...(x.length === 4 ? size : size.slice(1)), p.channels];
}

type Nest = Reduction & { readonly taps: number };

/** One nest for each pair of runs: a walks x, c walks y. */
function nestsOf({ rows, columns, batch, channels }: Pooling): readonly Nest[] {
  const [xRow, yRow] = [columns.inputLength * channels, columns.outputLength * channels];
  return outputRuns({ rows, columns }).map(([row, column]) => {
    const [down, across] = [tapsOf(rows, row.first), tapsOf(columns, column.first)];
    const top = row.first * rows.stride - rows.before + down.first;
    const left = column.first * columns.stride - columns.before + across.first;
    return {
      taps: down.count * across.count,
      points: [
        { extent: batch, a: rows.inputLength * xRow, b: 0, c: rows.outputLength * yRow },
        { extent: row.count, a: rows.stride * xRow, b: 0, c: yRow },
        { extent: column.count, a: columns.stride * channels, b: 0, c: channels },
      ],
      lanes: { extent: channels, a: 1, b: 0, c: 1 },
      over: [
        { extent: down.count, a: xRow, b: 0, c: 0 },
        { extent: across.count, a: channels, b: 0, c: 0 },
      ],
      start: {
        a: top * xRow + left * channels,
        b: 0,
        c: row.first * yRow + column.first * channels,
      },
    };
  });
}

const sizesOf = ({ rows, columns, batch, channels }: Pooling) => ({
  inputSize: batch * rows.inputLength * columns.inputLength * channels,
  outputSize: batch * rows.outputLength * columns.outputLength * channels,
});

/** The sum of each window, row by row, divided by the number of its taps within the input. */
export function lowerAveragePool(name: string, p: Pooling): Kernel {
  const { inputSize, outputSize } = sizesOf(p);
  return buildKernel(name, (k) => {
    const x = k.input("float32", inputSize);
    const y = k.output("float32", outputSize);
    for (const nest of nestsOf(p))
      addReduction(k, nest, {
        first: () => 0,
        next: (sum, { a }) => addF(sum, x.load(a)),
        store: ({ c }, sum) => y.store(c, divF(sum, nest.taps)),
      });
  });
}

/** The largest value of each window. */
export function lowerMaxPool(name: string, p: Pooling): Kernel {
  const { inputSize, outputSize } = sizesOf(p);
  return buildKernel(name, (k) => {
    const x = k.input("float32", inputSize);
    const y = k.output("float32", outputSize);
    for (const nest of nestsOf(p))
      addReduction(k, nest, {
        first: ({ a }) => x.load(a),
        next: (largest, { a }) => maxF(x.load(a), largest),
        store: ({ c }, largest) => y.store(c, largest),
      });
  });
}

/** dx of `lowerAveragePool` from dy: each window shares its gradient among its taps. */
export function lowerAveragePoolGradient(name: string, p: Pooling): Kernel {
  const { inputSize, outputSize } = sizesOf(p);
  return buildKernel(name, (k) => {
    const dy = k.input("float32", outputSize, "dy");
    const dx = k.output("float32", inputSize, "dx");
    k.parallel(inputSize, (i) => dx.store(i, 0));
    eachWindow(k, p, (nest, output, eachTap) => {
      const share = k.value(divF(dy.load(output), nest.taps), "share");
      eachTap((input) => dx.store(input, addF(dx.load(input), share)));
    });
  });
}

/** dx of `lowerMaxPool` from dy, x and y: to the first tap that holds the maximum. */
export function lowerMaxPoolGradient(name: string, p: Pooling): Kernel {
  const { inputSize, outputSize } = sizesOf(p);
  return buildKernel(name, (k) => {
    const dy = k.input("float32", outputSize, "dy");
    const x = k.input("float32", inputSize);
    const y = k.input("float32", outputSize, "y");
    const dx = k.output("float32", inputSize, "dx");
    k.parallel(inputSize, (i) => dx.store(i, 0));
    eachWindow(k, p, (_nest, output, eachTap) => {
      const largest = k.value(y.load(output), "largest");
      const share = k.register(dy.load(output), "share");
      eachTap((input) => {
        const wins = k.value(eqF(x.load(input), largest), "wins");
        dx.store(input, addF(dx.load(input), selectF(wins, share.get, 0)));
        share.set(selectF(wins, 0, share.get));
      });
    });
  });
}

/**
 * Walks the windows of each image one after the other, since they may overlap: only images and
 * channels are independent of each other.
 */
function eachWindow(
  k: KernelBuilder,
  p: Pooling,
  body: (nest: Nest, output: Expr, eachTap: (tap: (input: Expr) => void) => void) => void,
): void {
  for (const nest of nestsOf(p)) {
    const [image, row, column] = nest.points;
    const [down, across] = nest.over;
    k.parallel(image!.extent, (n) =>
      k.loop(row!.extent, (r) =>
        k.loop(column!.extent, (q) =>
          k.parallel(p.channels, (channel) => {
            const at = (step: "a" | "c"): Index =>
              [[n, image!] as const, [r, row!] as const, [q, column!] as const].reduce<Index>(
                (sum, [i, axis]) => add(sum, mul(i, axis[step])),
                add(channel, nest.start[step]),
              );
            const [input, output] = [at("a"), at("c") as Expr];
            body(nest, output, (tap) =>
              k.loop(down!.extent, (i) =>
                k.loop(across!.extent, (j) =>
                  tap(add(input, add(mul(i, down!.a), mul(j, across!.a)))),
                ),
              ),
            );
          }),
        ),
      ),
    );
  }
}
