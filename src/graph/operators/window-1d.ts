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
  /** Elements of padding before the first input row. */
  readonly before: number;
  readonly inputLength: number;
  readonly outputLength: number;
};

/**
 * Reads `stride` (at least 1) and `padding` ("same" or "valid").
 * @throws Error when a "valid" window is longer than the input
 */
export function window1d(
  operator: string,
  inputLength: number,
  size: number,
  attributes: Attributes,
): Window1d {
  const stride = integer(operator, attributes, "stride");
  const { padding } = attributes;
  rule(
    operator,
    padding === "same" || padding === "valid",
    'padding must be "same" or "valid"',
    padding,
  );
  if (padding === "same") {
    const outputLength = Math.ceil(inputLength / stride);
    const total = Math.max((outputLength - 1) * stride + size - inputLength, 0);
    return { size, stride, before: total >> 1, inputLength, outputLength };
  }
  rule(operator, size <= inputLength, `a window must fit ${inputLength} rows`, size);
  const outputLength = Math.floor((inputLength - size) / stride) + 1;
  return { size, stride, before: 0, inputLength, outputLength };
}

/** Taps `first … first + count - 1` of a window, those that lie within the input. */
export type Taps = { readonly first: number; readonly count: number };

/** The taps that output row `row` sees; at least one. */
export function tapsOf(w: Window1d, row: number): Taps {
  const start = row * w.stride - w.before;
  const first = Math.max(0, -start);
  return { first, count: Math.min(w.size, w.inputLength - start) - first };
}

/** The windows (output rows), in order, that see input row `row`, each with the tap that does. */
export function windowsOf(
  w: Window1d,
  row: number,
): readonly { readonly output: number; readonly tap: number }[] {
  const windows: { output: number; tap: number }[] = [];
  for (let output = 0; output < w.outputLength; output++) {
    const tap = row + w.before - output * w.stride;
    if (tap >= 0 && tap < w.size) windows.push({ output, tap });
  }
  return windows;
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
