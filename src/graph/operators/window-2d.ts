/**
 * Sliding windows over an image: one window along each axis (see `window-1d.ts`), and the
 * attributes that are pairs [down, across].
 */
import type { Attributes } from "../graph.ts";
import { rule } from "./rules.ts";
import { type Run, runsOf, slidingWindow, tapsOf, type Window1d } from "./window-1d.ts";

export type Windows2d = { readonly rows: Window1d; readonly columns: Window1d };

/** An attribute of two whole numbers of at least 1, [down, across]. */
export function pair(
  operator: string,
  attributes: Attributes,
  name: string,
  absent?: readonly [number, number],
): readonly [number, number] {
  const value = attributes[name] ?? absent;
  rule(
    operator,
    Array.isArray(value) && value.length === 2 && value.every((n) => Number.isInteger(n) && n >= 1),
    `${name} must be two whole numbers of at least 1`,
    value,
  );
  return value as unknown as readonly [number, number];
}

/**
 * Reads `stride`, `dilation` (each [down, across], dilation [1, 1] where absent) and `padding`
 * ("same" or "valid") for windows of `size` over an input.
 * @throws Error when a "valid" window is larger than the input
 */
export function windows2d(
  operator: string,
  input: readonly number[],
  size: readonly number[],
  attributes: Attributes,
): Windows2d {
  const stride = pair(operator, attributes, "stride");
  const dilation = pair(operator, attributes, "dilation", [1, 1]);
  const { padding } = attributes;
  rule(
    operator,
    padding === "same" || padding === "valid",
    'padding must be "same" or "valid"',
    padding,
  );
  const along = (axis: 0 | 1): Window1d =>
    slidingWindow(
      operator,
      input[axis]!,
      { size: size[axis]!, stride: stride[axis], dilation: dilation[axis] },
      padding,
    );
  return { rows: along(0), columns: along(1) };
}

/** Every combination of runs of rows and of columns. */
export function runPairs(
  rows: readonly Run[],
  columns: readonly Run[],
): readonly (readonly [Run, Run])[] {
  return rows.flatMap((row) => columns.map((column) => [row, column] as const));
}

/** Runs of output rows and columns whose windows see the same taps. */
export function outputRuns({ rows, columns }: Windows2d): readonly (readonly [Run, Run])[] {
  const runs = (window: Window1d): readonly Run[] =>
    runsOf(window.outputLength, 1, (row) => JSON.stringify(tapsOf(window, row)));
  return runPairs(runs(rows), runs(columns));
}
