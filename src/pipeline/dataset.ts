/**
 * The windows of a project with their labels and sides, in one table: row numbers are what
 * training, cross-validation and the anomaly score pass around.
 */
import type { Part } from "../samples/part.ts";
import { labelOfWindow, type WindowLabelRule, type Windows } from "../samples/windows.ts";

export type Dataset = {
  readonly windows: Windows;
  /** Index of the label of each window; -1 for a label that is not learned. */
  readonly labels: Int32Array<ArrayBuffer>;
};

/** @param rule for recordings whose label changes */
export function makeDataset(
  windows: Windows,
  labels: readonly string[],
  rule: WindowLabelRule,
): Dataset {
  const indexOf = new Map(labels.map((label, i) => [label, i]));
  const labelAt = (part: number, w: number): number => {
    const { sample } = windows.parts[part]!;
    const label = labelOfWindow(sample, windows.startRows[w]!, windows.rows, rule);
    return indexOf.get(label ?? "") ?? -1;
  };
  return { windows, labels: Int32Array.from(windows.partOf, labelAt) };
}

/** Row numbers of the windows that lie within any of the parts, whatever their label. */
export function rowsWithin(windows: Windows, parts: readonly Part[]): Int32Array<ArrayBuffer> {
  const ranges = new Map<string, Part[]>();
  for (const part of parts) {
    const own = ranges.get(part.sample.name);
    if (own) own.push(part);
    else ranges.set(part.sample.name, [part]);
  }
  const rows: number[] = [];
  for (let w = 0; w < windows.count; w++) {
    const start = windows.startRows[w]!;
    const own = ranges.get(windows.parts[windows.partOf[w]!]!.sample.name);
    if (own?.some((p) => p.startRow <= start && start + windows.rows <= p.endRow)) rows.push(w);
  }
  return Int32Array.from(rows);
}

/** How many of the rows have each label. */
export function countLabels(
  dataset: Dataset,
  rows: ArrayLike<number>,
  labels: number,
): readonly number[] {
  const counts = new Array<number>(labels).fill(0);
  for (let i = 0; i < rows.length; i++) {
    const label = dataset.labels[rows[i]!]!;
    if (label >= 0) counts[label]!++;
  }
  return counts;
}
