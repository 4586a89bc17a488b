/**
 * The windows of a project: all that are learned or tested in one table, and which of them train,
 * validate and test.
 */

import type { Layout } from "../samples/layout.ts";
import type { Split } from "../samples/split.ts";
import { gatherWindows, type Windows } from "../samples/windows.ts";
import { type Dataset, datasetOf, rowsWithin } from "./dataset.ts";
import type { Recipe } from "./recipe.ts";

/** All windows that are learned or tested, and the row numbers of each side. */
export type ProjectWindows = {
  readonly all: Windows;
  readonly dataset: Dataset;
  readonly train: Int32Array<ArrayBuffer>;
  readonly validation: Int32Array<ArrayBuffer>;
  readonly test: Int32Array<ArrayBuffer>;
};

export function projectWindows(split: Split, recipe: Recipe, layout: Layout): ProjectWindows {
  const parts = [...split.training, ...split.validation, ...split.testing];
  const all = gatherWindows(parts, { ...recipe.input, sampleRateHz: layout.sampleRateHz });
  return {
    all,
    dataset: datasetOf(all, split.labels, { task: recipe.task, rule: recipe.input.labelRule }),
    train: rowsWithin(all, split.training),
    validation: rowsWithin(all, split.validation),
    test: rowsWithin(all, split.testing),
  };
}

/** The values of some windows, one window after another. */
export function takeWindows(windows: Windows, rows: Int32Array): Float32Array<ArrayBuffer> {
  const size = windows.rows * windows.axes;
  const values = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    values.set(windows.values.subarray(row * size, (row + 1) * size), i * size);
  });
  return values;
}
