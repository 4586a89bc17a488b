/**
 * The loops of a two-dimensional convolution in groups and of its gradients, channels last. A
 * depthwise convolution is one with a group for each input channel.
 *
 * Shapes: x [B,H,W,G*I], w [KH,KW,I,G*O], y [B,Ho,Wo,G*O], where group g of w are its columns
 * g*O … g*O + O - 1.
 */
import { add, addF, buildKernel, type Index, mul, mulF } from "../../ir/build.ts";
import type { Kernel } from "../../ir/kernel.ts";
import type { Convolution } from "./convolution-shape.ts";
import { addZeros } from "./padding.ts";
import { addReduction, type Reduction, type ReductionAxis } from "./reduction.ts";
import { type Run, rowsOf, runsOf, tapsOf, type Window1d, windowsOf } from "./window-1d.ts";
import { outputRuns, runPairs } from "./window-2d.ts";

/** Elements from one index to the next along each dimension of the three tensors. */
function stepsOf({ rows, columns, groups, inputs, outputs }: Convolution) {
  const [C, O] = [groups * inputs, groups * outputs];
  return {
    x: {
      image: rows.inputLength * columns.inputLength * C,
      row: columns.inputLength * C,
      column: C,
    },
    w: { row: columns.size * inputs * O, column: inputs * O, channel: O },
    y: {
      image: rows.outputLength * columns.outputLength * O,
      row: columns.outputLength * O,
      column: O,
    },
  };
}

/** Where a group has one channel, the lanes run over the groups. */
function lanesOf(
  inner: ReductionAxis,
  groups: ReductionAxis,
): { readonly outer: readonly ReductionAxis[]; readonly lanes: ReductionAxis } {
  const lane = inner.extent === 1 && groups.b === 1 && groups.c === 1 && groups.a <= 1;
  return lane ? { outer: [], lanes: groups } : { outer: [groups], lanes: inner };
}

/** y = x * w + b. The sum starts at the bias and runs over kernel row, column, channel. */
export function lowerConvolution(name: string, c: Convolution): Kernel {
  const { batch, groups, inputs, outputs } = c;
  const { x: given, w: W, y: Y } = stepsOf(c);
  return buildKernel(name, (k) => {
    const input = k.input("float32", batch * given.image);
    const w = k.input("float32", c.rows.size * W.row, "w");
    const bias = k.input("float32", groups * outputs, "b");
    const y = k.output("float32", batch * Y.image);
    const { images: x, around } = addZeros(k, c, input);
    const { x: X } = stepsOf(around);
    const { rows, columns } = around;
    const { outer, lanes } = lanesOf(
      { extent: outputs, a: 0, b: 1, c: 1 },
      { extent: groups, a: inputs, b: outputs, c: outputs },
    );
    for (const [row, column] of outputRuns(around)) {
      const [down, across] = [tapsOf(rows, row.first), tapsOf(columns, column.first)];
      const top = row.first * rows.stride - rows.before + down.first * rows.dilation;
      const left = column.first * columns.stride - columns.before + across.first * columns.dilation;
      const firstWeight = down.first * W.row + across.first * W.column;
      const nest: Reduction = {
        points: [
          { extent: batch, a: X.image, b: 0, c: Y.image },
          ...outer,
          { extent: row.count, a: rows.stride * X.row, b: 0, c: Y.row },
          { extent: column.count, a: columns.stride * X.column, b: 0, c: Y.column },
        ],
        lanes,
        over: [
          { extent: down.count, a: rows.dilation * X.row, b: W.row, c: 0 },
          { extent: across.count, a: columns.dilation * X.column, b: W.column, c: 0 },
          { extent: inputs, a: 1, b: W.channel, c: 0 },
        ],
        start: {
          a: top * X.row + left * X.column,
          b: 0,
          c: row.first * Y.row + column.first * Y.column,
        },
      };
      addReduction(k, nest, {
        first: ({ b }) => bias.load(b),
        next: (sum, { a, b }) => addF(sum, mulF(x.load(a), w.load(add(b, firstWeight)))),
        store: ({ c: at }, sum) => y.store(at, sum),
      });
    }
  });
}

/**
 * dx, the gradient with respect to x: each input is the sum over the windows that see it, in
 * order, then over output channels. The weights are first copied with taps reversed and channels
 * exchanged, so that the lanes run over contiguous input channels.
 */
export function lowerInputGradient(name: string, c: Convolution): Kernel {
  const { batch, rows, columns, groups, inputs, outputs } = c;
  const { x: X, w: W, y: Y } = stepsOf(c);
  const [taps, O] = [rows.size * columns.size, groups * outputs];
  return buildKernel(name, (k) => {
    const dy = k.input("float32", batch * Y.image, "dy");
    const w = k.input("float32", rows.size * W.row, "w");
    const dx = k.output("float32", batch * X.image, "dx");
    const turned = k.scratch("float32", rows.size * W.row, "turned"); // [KH,KW,G*O,I]
    k.parallel(taps, (tap) =>
      k.parallel(O, (o) =>
        k.parallel(inputs, (i) => {
          const to = add(mul(tap, W.column), add(mul(o, inputs), i));
          const from = add(mul(tap, -W.column), add(mul(i, O), add(o, (taps - 1) * W.column)));
          turned.store(to, w.load(from));
        }),
      ),
    );
    const { outer, lanes } = lanesOf(
      { extent: inputs, a: 0, b: 1, c: 1 },
      { extent: groups, a: outputs, b: outputs * inputs, c: inputs },
    );
    const runs = (window: Window1d): readonly Run[] =>
      runsOf(window.inputLength, window.stride, (row) =>
        windowsOf(window, row)
          .map(({ tap }) => tap)
          .join(),
      );
    for (const [row, column] of runPairs(runs(rows), runs(columns))) {
      const down = seenFrom(rows, row.first);
      const across = seenFrom(columns, column.first);
      const nest: Reduction = {
        points: [
          { extent: batch, a: Y.image, b: 0, c: X.image },
          ...outer,
          { extent: row.count, a: Y.row, b: 0, c: row.step * X.row },
          { extent: column.count, a: Y.column, b: 0, c: column.step * X.column },
        ],
        lanes,
        over: [
          { extent: down.count, a: down.outputStep * Y.row, b: down.tapStep * W.row, c: 0 },
          {
            extent: across.count,
            a: across.outputStep * Y.column,
            b: across.tapStep * W.column,
            c: 0,
          },
          { extent: outputs, a: 1, b: inputs, c: 0 },
        ],
        start: {
          a: down.output * Y.row + across.output * Y.column,
          b: down.tap * W.row + across.tap * W.column,
          c: row.first * X.row + column.first * X.column,
        },
      };
      addReduction(k, nest, {
        first: () => 0,
        next: (sum, { a, b }) => addF(sum, mulF(dy.load(a), turned.load(b))),
        store: ({ c: at }, sum) => dx.store(at, sum),
      });
    }
  });
}

/** The windows that see a row, as a progression: outputs go up, and so do taps from the end. */
function seenFrom(window: Window1d, row: number) {
  const seen = windowsOf(window, row);
  const [first = { output: 0, tap: window.size - 1 }, second = first] = seen;
  return {
    count: seen.length,
    output: first.output,
    outputStep: second.output - first.output,
    tap: window.size - 1 - first.tap,
    tapStep: first.tap - second.tap,
  };
}

/** Elements that a first-level cache holds. */
const CACHED = 8192;

/**
 * dw, the gradient with respect to w, summed over image, row, column. A batch that is larger than
 * the cache is walked image by image, so that each stays there while all weights see it; the order
 * of the sums is the same.
 */
export function lowerWeightGradient(name: string, c: Convolution): Kernel {
  const { batch, groups, inputs, outputs } = c;
  const { x: given, w: W, y: Y } = stepsOf(c);
  return buildKernel(name, (k) => {
    const input = k.input("float32", batch * given.image);
    const dy = k.input("float32", batch * Y.image, "dy");
    const dw = k.output("float32", c.rows.size * W.row, "dw");
    const { images: x, around } = addZeros(k, c, input);
    const { x: X } = stepsOf(around);
    const { rows, columns } = around;
    const { outer, lanes } = lanesOf(
      { extent: outputs, a: 0, b: 1, c: 1 },
      { extent: groups, a: inputs, b: outputs, c: outputs },
    );
    const runs = (window: Window1d): readonly Run[] =>
      runsOf(window.size, 1, (tap) => JSON.stringify(rowsOf(window, tap)));
    k.parallel(rows.size * W.row, (i) => dw.store(i, 0));
    const together = batch * (X.image + Y.image) <= CACHED;
    const addImages = (image: Index): void => {
      for (const [row, column] of runPairs(runs(rows), runs(columns))) {
        const [down, across] = [rowsOf(rows, row.first), rowsOf(columns, column.first)];
        if (down.count * across.count === 0) continue;
        const top = down.first * rows.stride - rows.before + row.first * rows.dilation;
        const left =
          across.first * columns.stride - columns.before + column.first * columns.dilation;
        const nest: Reduction = {
          points: [
            ...outer,
            { extent: row.count, a: rows.dilation * X.row, b: 0, c: W.row },
            { extent: column.count, a: columns.dilation * X.column, b: 0, c: W.column },
            { extent: inputs, a: 1, b: 0, c: W.channel },
          ],
          lanes,
          over: [
            { extent: together ? batch : 1, a: X.image, b: Y.image, c: 0 },
            { extent: down.count, a: rows.stride * X.row, b: Y.row, c: 0 },
            { extent: across.count, a: columns.stride * X.column, b: Y.column, c: 0 },
          ],
          start: {
            a: add(mul(image, X.image), top * X.row + left * X.column),
            b: add(mul(image, Y.image), down.first * Y.row + across.first * Y.column),
            c: row.first * W.row + column.first * W.column,
          },
        };
        addReduction(k, nest, {
          first: ({ c: at }) => dw.load(at),
          next: (sum, { a, b }) => addF(sum, mulF(x.load(a), dy.load(b))),
          store: ({ c: at }, sum) => dw.store(at, sum),
        });
      }
    };
    if (together) addImages(0);
    else k.loop(batch, addImages);
  });
}
