/** Samples made up for tests; nothing outside `*.test.ts` imports this file. */
import type { Category, Sample } from "./sample.ts";

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
