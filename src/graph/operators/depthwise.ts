/**
 * The loops of a convolution in which each channel has one kernel of its own, and of its gradients,
 * channels last: x [B,H,W,C], w [KH,KW,C], y [B,Ho,Wo,C]. There is little arithmetic for each
 * element, so loads decide: a few neighbouring columns are computed side by side, and each element
 * and each weight of a row is loaded once for all of them. The lanes run over the channels.
 *
 * Sums run over the taps in order of the rows, then of the columns that are read.
 */
import {
  add,
  addF,
  buildKernel,
  type Index,
  type KernelBuilder,
  mul,
  mulF,
} from "../../ir/build.ts";
import type { Expr, Kernel } from "../../ir/kernel.ts";
import type { Convolution } from "./convolution-shape.ts";
import { progressionsOf } from "./progressions.ts";
import { rowsOf, runsOf, tapsOf, type Window1d, windowsOf } from "./window-1d.ts";

/** Columns side by side at most; more sums would not stay in registers. */
const MOST_COLUMNS = 7;

/** What is read at `source` is multiplied by the weight at `tap`. */
type Term = { readonly source: number; readonly tap: number };

/** One axis of what is computed: which terms each place sums. */
type Targets = {
  readonly count: number;
  readonly terms: (target: number) => readonly Term[];
  /** Places so far apart have the same taps, away from the border, … */
  readonly period: number;
  /** … and sources that lie so far apart. */
  readonly shift: number;
};

/** Outputs of the convolution, which see inputs. */
const outputsOf = (w: Window1d): Targets => ({
  count: w.outputLength,
  terms: (row) => {
    const { first, count } = tapsOf(w, row);
    return Array.from({ length: count }, (_, n) => ({
      source: row * w.stride - w.before + (first + n) * w.dilation,
      tap: first + n,
    }));
  },
  period: 1,
  shift: w.stride,
});

/** Inputs, which outputs have seen. */
const inputsOf = (w: Window1d): Targets => ({
  count: w.inputLength,
  terms: (row) => windowsOf(w, row).map(({ output, tap }) => ({ source: output, tap })),
  period: w.stride,
  shift: 1,
});

/** `count` times the same columns, the sources `step` further each time. */
type Block = {
  readonly first: number;
  readonly columns: readonly (readonly Term[])[];
  readonly count: number;
  readonly step: number;
};

/** Cuts an axis into blocks of neighbours; those that read alike follow each other in a loop. */
function blocksOf({ count, terms, period, shift }: Targets): readonly Block[] {
  const even = Math.ceil(count / Math.ceil(count / MOST_COLUMNS));
  const width = Math.ceil(even / period) * period;
  const step = (width / period) * shift;
  const blocks: Block[] = [];
  for (let first = 0; first < count; first += width) {
    const length = Math.min(width, count - first);
    const columns = Array.from({ length }, (_, n) => terms(first + n));
    const last = blocks.at(-1);
    const moved = last?.columns.map((list) =>
      list.map(({ source, tap }) => ({ source: source + last.count * step, tap })),
    );
    if (last && JSON.stringify(moved) === JSON.stringify(columns))
      blocks[blocks.length - 1] = { ...last, count: last.count + 1 };
    else blocks.push({ first, columns, count: 1, step });
  }
  return blocks;
}

/** y = x * w + b */
export function lowerDepthwise(name: string, c: Convolution): Kernel {
  const { batch, rows, columns, groups: channels } = c;
  return buildKernel(name, (k) => {
    const x = k.input("float32", batch * rows.inputLength * columns.inputLength * channels);
    const w = k.input("float32", rows.size * columns.size * channels, "w");
    const bias = k.input("float32", channels, "b");
    const y = k.output("float32", batch * rows.outputLength * columns.outputLength * channels);
    addStencil(k, c, outputsOf, {
      source: { load: x.load, width: columns.inputLength, height: rows.inputLength },
      first: (channel) => bias.load(channel),
      weight: w.load,
      store: y.store,
    });
  });
}

/** dx, the gradient with respect to x. */
export function lowerDepthwiseInputGradient(name: string, c: Convolution): Kernel {
  const { batch, rows, columns, groups: channels } = c;
  return buildKernel(name, (k) => {
    const dy = k.input(
      "float32",
      batch * rows.outputLength * columns.outputLength * channels,
      "dy",
    );
    const w = k.input("float32", rows.size * columns.size * channels, "w");
    const dx = k.output("float32", batch * rows.inputLength * columns.inputLength * channels, "dx");
    addStencil(k, c, inputsOf, {
      source: { load: dy.load, width: columns.outputLength, height: rows.outputLength },
      first: () => 0,
      weight: w.load,
      store: dx.store,
    });
  });
}

function addStencil(
  k: KernelBuilder,
  { batch, rows, columns, groups: channels }: Convolution,
  targetsOf: (window: Window1d) => Targets,
  steps: {
    readonly source: {
      readonly load: (at: Index) => Expr;
      readonly width: number;
      readonly height: number;
    };
    readonly first: (channel: Expr) => Expr | number;
    readonly weight: (at: Index) => Expr;
    readonly store: (at: Index, sum: Expr) => void;
  },
): void {
  const { source, first, weight, store } = steps;
  const [down, across] = [targetsOf(rows), targetsOf(columns)];
  const pitch = source.width * channels;
  const runs = runsOf(down.count, down.period, (row) =>
    down
      .terms(row)
      .map(({ tap }) => tap)
      .join(),
  );
  const parts = runs.map((run) => {
    const terms = down.terms(run.first);
    const [top = { source: 0, tap: 0 }, next = top] = terms;
    const apart = { source: next.source - top.source, tap: next.tap - top.tap };
    return { run, terms: terms.length, top, apart };
  });
  const alike = progressionsOf(
    parts,
    ({ run, terms, apart }) => [terms, run.count, apart.source, apart.tap].join(),
    ({ run, top }) => [run.first, top.source, top.tap],
  );
  k.parallel(batch, (image) => {
    for (const { item, step, count } of alike) {
      const { run, terms, top, apart } = item;
      const [firstStep, sourceStep, tapStep] = step as [number, number, number];
      const rowStep = (run.step / down.period) * down.shift;
      times(k, count, (part) =>
        k.loop(run.count, (row) => {
          for (const block of blocksOf(across))
            k.loop(block.count, (n) =>
              k.parallel(channels, (channel) => {
                const sums = block.columns.map(() => k.register(first(channel), "sum"));
                const addRow = (tap: Index): void => {
                  const from = sumOf(
                    mul(image, source.height * pitch),
                    mul(part, sourceStep * pitch),
                    mul(row, rowStep * pitch),
                    mul(tap, apart.source * pitch),
                    mul(n, block.step * channels),
                    top.source * pitch,
                    channel,
                  );
                  const weights = sumOf(
                    mul(part, tapStep * columns.size * channels),
                    mul(tap, apart.tap * columns.size * channels),
                    top.tap * columns.size * channels,
                    channel,
                  );
                  const value = once(k, (at) => source.load(add(from, at * channels)), "x");
                  const factor = once(k, (at) => weight(add(weights, at * channels)), "w");
                  block.columns.forEach((list, q) => {
                    for (const term of list) {
                      const product = mulF(value(term.source), factor(term.tap));
                      sums[q]!.set(addF(sums[q]!.get, product));
                    }
                  });
                };
                if (terms > 0) k.loop(terms, addRow);
                const to = sumOf(
                  mul(image, down.count * across.count * channels),
                  mul(part, firstStep * across.count * channels),
                  mul(row, run.step * across.count * channels),
                  mul(n, block.columns.length * channels),
                  (run.first * across.count + block.first) * channels,
                  channel,
                );
                sums.forEach((sum, q) => {
                  store(add(to, q * channels), sum.get);
                });
              }),
            );
        }),
      );
    }
  });
}

/** dw, the gradient with respect to w, summed over image, row, column. */
export function lowerDepthwiseWeightGradient(name: string, c: Convolution): Kernel {
  const { batch, rows, columns, groups: channels } = c;
  const [wide, narrow] = [columns.inputLength * channels, columns.outputLength * channels];
  const parts = Array.from({ length: rows.size }, (_, tap) => {
    const seen = rowsOf(rows, tap);
    return { tap, seen, top: seen.first * rows.stride - rows.before + tap * rows.dilation };
  }).filter(({ seen }) => seen.count > 0);
  const alike = progressionsOf(
    parts,
    ({ seen }) => String(seen.count),
    ({ tap, top, seen }) => [tap, top, seen.first],
  );
  return buildKernel(name, (k) => {
    const x = k.input("float32", batch * rows.inputLength * wide);
    const dy = k.input("float32", batch * rows.outputLength * narrow, "dy");
    const dw = k.output("float32", rows.size * columns.size * channels, "dw");
    k.parallel(dw.length, (i) => dw.store(i, 0));
    k.loop(batch, (image) => {
      for (const { item, step, count } of alike) {
        const { tap, seen, top } = item;
        const [tapStep, topStep, seenStep] = step as [number, number, number];
        times(k, count, (part) =>
          k.parallel(channels, (channel) => {
            const at = (across: number): Index =>
              sumOf(
                mul(part, tapStep * columns.size * channels),
                channel,
                (tap * columns.size + across) * channels,
              );
            const sums = Array.from({ length: columns.size }, (_, across) =>
              k.register(dw.load(at(across)), "sum"),
            );
            k.loop(seen.count, (row) => {
              for (const block of blocksOf(outputsOf(columns)))
                k.loop(block.count, (n) => {
                  const fromX = sumOf(
                    mul(image, rows.inputLength * wide),
                    mul(part, topStep * wide),
                    mul(row, rows.stride * wide),
                    mul(n, block.step * channels),
                    top * wide,
                    channel,
                  );
                  const fromDy = sumOf(
                    mul(image, rows.outputLength * narrow),
                    mul(part, seenStep * narrow),
                    mul(row, narrow),
                    mul(n, block.columns.length * channels),
                    seen.first * narrow + block.first * channels,
                    channel,
                  );
                  const value = once(k, (place) => x.load(add(fromX, place * channels)), "x");
                  block.columns.forEach((list, q) => {
                    if (list.length === 0) return;
                    const g = k.value(dy.load(add(fromDy, q * channels)), "g");
                    for (const { source, tap: across } of list) {
                      const sum = sums[across]!;
                      sum.set(addF(sum.get, mulF(value(source), g)));
                    }
                  });
                });
            });
            sums.forEach((sum, across) => {
              dw.store(at(across), sum.get);
            });
          }),
        );
      }
    });
  });
}

/** A loop, but for a single iteration. */
function times(k: KernelBuilder, count: number, body: (n: Index) => void): void {
  if (count === 1) body(0);
  else k.loop(count, body);
}

const sumOf = (...terms: readonly Index[]): Expr => terms.reduce<Index>(add, 0) as Expr;

/** Names what is loaded at a place when it is first asked for. */
function once(
  k: KernelBuilder,
  load: (place: number) => Expr,
  name: string,
): (place: number) => Expr {
  const known = new Map<number, Expr>();
  return (place) => {
    const value = known.get(place) ?? k.value(load(place), name);
    known.set(place, value);
    return value;
  };
}
