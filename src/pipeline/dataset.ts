/**
 * The windows of a project with their labels and sides, in one table: row numbers are what
 * training, cross-validation and the anomaly score pass around.
 */
import { numbersOf } from "../samples/number-labels.ts";
import type { Part } from "../samples/part.ts";
import { labelOfWindow, type WindowLabelRule, type Windows } from "../samples/windows.ts";
import type { Task } from "./recipe.ts";

export type Dataset = {
  readonly windows: Windows;
  /** Index of the label of each window; -1 for a label that is not learned, 0 for numbers. */
  readonly labels: Int32Array<ArrayBuffer>;
  /** Of a regression: the numbers to predict, [windows, outputs]. */
  readonly targets?: Float32Array<ArrayBuffer>;
  /** Labels to tell apart, or numbers to predict. */
  readonly outputs: number;
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
  const indices = Int32Array.from(windows.partOf, labelAt);
  return { windows, labels: indices, outputs: labels.length };
}

/**
 * The same for labels that are numbers.
 * @param rule `majority` takes the mean over the rows of a window, `end` the numbers of its last row
 */
export function makeNumberDataset(
  windows: Windows,
  outputs: number,
  rule: WindowLabelRule,
): Dataset {
  const targets = new Float32Array(windows.count * outputs);
  const known = new Map<string, readonly number[]>();
  const valuesOf = (label: string): readonly number[] => {
    const values = known.get(label) ?? numbersOf(label)!;
    known.set(label, values);
    return values;
  };
  for (let w = 0; w < windows.count; w++) {
    const { sample } = windows.parts[windows.partOf[w]!]!;
    const start = windows.startRows[w]!;
    const end = start + windows.rows;
    const whole = [{ startRow: start, endRow: end, label: sample.label ?? "" }];
    const within = sample.segments?.filter((s) => s.startRow < end && s.endRow > start) ?? whole;
    const counted = rule === "end" ? within.slice(-1) : within;
    const rows = counted.map((s) => Math.min(end, s.endRow) - Math.max(start, s.startRow));
    const total = rows.reduce((sum, n) => sum + n, 0);
    counted.forEach(({ label }, i) => {
      const values = valuesOf(label);
      for (let o = 0; o < outputs; o++)
        targets[w * outputs + o]! += (values[o]! * rows[i]!) / total;
    });
  }
  return { windows, labels: new Int32Array(windows.count), targets, outputs };
}

/** By the task: a split has labels to learn, or names of numbers. */
export function datasetOf(
  windows: Windows,
  labels: readonly string[],
  { task, rule }: { readonly task: Task; readonly rule: WindowLabelRule },
): Dataset {
  return task === "regression"
    ? makeNumberDataset(windows, labels.length, rule)
    : makeDataset(windows, labels, rule);
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
