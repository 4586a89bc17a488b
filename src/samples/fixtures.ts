/** Samples made up for tests; nothing outside `*.test.ts` imports this file. */
import type { Category, Sample } from "./sample.ts";
import { runsOf, withSegments } from "./segments.ts";

export type Made = {
  readonly rows?: number;
  readonly axes?: readonly string[];
  readonly intervalMs?: number;
  readonly category?: Category;
};

/** A sample whose value at (row, axis) is 10 * row + axis; 100 rows of x, y at 10 ms by default. */
export function makeSample(name: string, label: string | undefined, made: Made = {}): Sample {
  const { rows = 100, axes = ["x", "y"], intervalMs = 10, category } = made;
  const values = new Float32Array(rows * axes.length);
  for (let i = 0; i < values.length; i++) {
    values[i] = 10 * Math.floor(i / axes.length) + (i % axes.length);
  }
  return {
    name,
    label,
    category,
    axes: axes.map((axis) => ({ name: axis, units: "m/s2" })),
    intervalMs,
    values,
    signatureValidates: null,
    metadata: {},
  };
}

/** A recording with labels over time: each label of `labels` for `rows` rows. */
export function makeSegmented(
  name: string,
  labels: readonly string[],
  rows: number,
  made: Made = {},
): Sample {
  const all = rows * labels.length;
  const sample = makeSample(name, undefined, { ...made, rows: all });
  return withSegments(
    sample,
    runsOf(all, (row) => labels[Math.floor(row / rows)]!),
  );
}

/** Rows of a table: samples of one row without time, `{a: 3}` gives three with label a. */
export function makeRows(counts: { readonly [label: string]: number }): Sample[] {
  return Object.entries(counts).flatMap(([label, count]) =>
    Array.from({ length: count }, (_, i) =>
      makeSample(`t.csv#${label}${i}`, label, { rows: 1, intervalMs: 0 }),
    ),
  );
}
