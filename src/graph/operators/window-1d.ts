/**
 * Sliding windows along one axis, as convolution and pooling use them: output lengths, padding
 * (the rule of TFLite and Keras) and which rows see a whole window.
 *
 * Rows at the border see only a part of a window. Instead of padding with zeros, a lowering writes
 * one nest for each run of rows that see the same part, with constant bounds and no condition.
 */
import type { Attributes } from "../graph.ts";
import { integer, rule } from "./rules.ts";

export type Window1d = {
  readonly size: number;
  readonly stride: number;
  /** Input rows from one tap to the next. */
  readonly dilation: number;
  /** Elements of padding before the first input row. */
  readonly before: number;
  readonly inputLength: number;
  readonly outputLength: number;
};

/**
 * Reads `stride` and, where there is one, `dilation` (at least 1) and `padding`: "same", "valid",
 * or "causal", where an output row sees no later input row.
 * @throws Error when a "valid" window is longer than the input
 */
export function window1d(
  operator: string,
  inputLength: number,
  size: number,
  attributes: Attributes,
): Window1d {
  const stride = integer(operator, attributes, "stride");
  const dilation =
    attributes["dilation"] === undefined ? 1 : integer(operator, attributes, "dilation");
  return slidingWindow(operator, inputLength, { size, stride, dilation }, attributes["padding"]);
}

/** As `window1d`, from numbers that are known to be whole and at least 1. */
export function slidingWindow(
  operator: string,
  inputLength: number,
  taps: Pick<Window1d, "size" | "stride" | "dilation">,
  padding: unknown,
): Window1d {
  const { stride, dilation } = taps;
  const reach = (taps.size - 1) * dilation + 1;
  rule(
    operator,
    padding === "same" || padding === "valid" || padding === "causal",
    'padding must be "same", "valid" or "causal"',
    padding,
  );
  if (padding === "valid") {
    rule(operator, reach <= inputLength, `a window must fit ${inputLength} rows`, reach);
    const outputLength = Math.floor((inputLength - reach) / stride) + 1;
    return { ...taps, before: 0, inputLength, outputLength };
  }
  const outputLength = Math.ceil(inputLength / stride);
  const total = Math.max((outputLength - 1) * stride + reach - inputLength, 0);
  const before = padding === "causal" ? reach - 1 : total >> 1;
  return { ...taps, before, inputLength, outputLength };
}

/** A window that sees one row of one: what a sequence has down, being an image of one row. */
export const ONE_ROW: Window1d = {
  size: 1,
  stride: 1,
  dilation: 1,
  before: 0,
  inputLength: 1,
  outputLength: 1,
};

/** Taps (or rows) `first … first + count - 1`. */
export type Taps = { readonly first: number; readonly count: number };

/** The taps that output row `row` sees; without dilation at least one. */
export function tapsOf(w: Window1d, row: number): Taps {
  const start = row * w.stride - w.before;
  const first = Math.max(0, Math.ceil(-start / w.dilation));
  const last = Math.min(w.size - 1, Math.floor((w.inputLength - 1 - start) / w.dilation));
  return { first, count: Math.max(0, last - first + 1) };
}

/** The windows (output rows), in order, that see input row `row`, each with the tap that does. */
export function windowsOf(
  w: Window1d,
  row: number,
): readonly { readonly output: number; readonly tap: number }[] {
  const windows: { output: number; tap: number }[] = [];
  for (let output = 0; output < w.outputLength; output++) {
    const offset = row + w.before - output * w.stride;
    const tap = offset / w.dilation;
    if (Number.isInteger(tap) && tap >= 0 && tap < w.size) windows.push({ output, tap });
  }
  return windows;
}

/** The output rows for which tap `tap` lies within the input. */
export function rowsOf(w: Window1d, tap: number): Taps {
  const offset = tap * w.dilation - w.before;
  const first = Math.max(0, Math.ceil(-offset / w.stride));
  const last = Math.min(w.outputLength - 1, Math.floor((w.inputLength - 1 - offset) / w.stride));
  return { first, count: Math.max(0, last - first + 1) };
}

/** Rows `first, first + step, …`, `count` of them. */
export type Run = { readonly first: number; readonly step: number; readonly count: number };

/** Groups the rows 0 … rows - 1 of each residue modulo `step` into runs of equal `key`. */
export function runsOf(rows: number, step: number, key: (row: number) => string): readonly Run[] {
  const runs: Run[] = [];
  for (let residue = 0; residue < Math.min(step, rows); residue++) {
    let first = residue;
    for (let row = residue; row < rows; row += step) {
      const next = row + step;
      if (next < rows && key(next) === key(first)) continue;
      runs.push({ first, step, count: (row - first) / step + 1 });
      first = next;
    }
  }
  return runs;
}
