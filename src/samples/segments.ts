/**
 * Labels over time: recordings in which the label changes. Intervals as files state them become
 * segments that cover a recording without gaps, and `labelsOf` answers for every recording, with
 * one label or several, which labels occur in it.
 */
import { UserError } from "../base/errors.ts";
import type { Part } from "./part.ts";
import type { Sample, Segment } from "./sample.ts";

/** A label of rows as files state it. */
export type LabelInterval = {
  readonly startIndex: number;
  /** The last row, included. */
  readonly endIndex: number;
  readonly label: string;
};

/** The labels of a recording in the order in which they first occur; empty when unlabelled. */
export function labelsOf(sample: Sample): readonly string[] {
  if (sample.segments !== undefined) return distinct(sample.segments);
  return sample.label === undefined ? [] : [sample.label];
}

/** As `labelsOf`, for the rows of a part. */
export function labelsOfPart(part: Part): readonly string[] {
  if (part.sample.segments === undefined) return labelsOf(part.sample);
  return distinct(segmentsWithin(part));
}

/** The segments of a recording as far as they lie within a part. */
export function segmentsWithin({ sample, startRow, endRow }: Part): Segment[] {
  return (sample.segments ?? [])
    .filter((segment) => segment.startRow < endRow && segment.endRow > startRow)
    .map((segment) => ({
      label: segment.label,
      startRow: Math.max(segment.startRow, startRow),
      endRow: Math.min(segment.endRow, endRow),
    }));
}

/**
 * Makes segments of intervals: later ones overwrite earlier ones, and neighbors with one label
 * become one segment.
 * @param rows number of rows of the recording
 * @throws UserError `label-intervals` when an interval lies outside of the rows or a row has none
 */
export function segmentsFrom(
  intervals: readonly LabelInterval[],
  rows: number,
  name: string,
): Segment[] {
  for (const { startIndex, endIndex, label } of intervals) {
    const whole = Number.isInteger(startIndex) && Number.isInteger(endIndex);
    if (whole && 0 <= startIndex && startIndex <= endIndex && endIndex < rows) continue;
    throw new UserError(
      "label-intervals",
      `read ${name}: the interval of "${label}" must lie within rows 0 to ${rows - 1}, got ${startIndex} to ${endIndex}`,
    );
  }
  // The last interval comes first and takes its rows; what it left, earlier ones may take.
  const owner = new Int32Array(rows).fill(-1);
  const nextFree = Int32Array.from({ length: rows + 1 }, (_, row) => row);
  const freeFrom = (row: number): number => {
    let free = row;
    while (nextFree[free] !== free) free = nextFree[free]!;
    for (let at = row; at !== free; ) {
      const next = nextFree[at]!;
      nextFree[at] = free;
      at = next;
    }
    return free;
  };
  for (let i = intervals.length - 1; i >= 0; i--) {
    const { startIndex, endIndex } = intervals[i]!;
    for (let row = freeFrom(startIndex); row <= endIndex; row = freeFrom(row)) {
      owner[row] = i;
      nextFree[row] = row + 1;
    }
  }
  const gap = owner.indexOf(-1);
  if (gap >= 0) {
    throw new UserError(
      "label-intervals",
      `read ${name}: the intervals must give every row a label, got none for row ${gap} (counted from 0)`,
    );
  }
  return runsOf(rows, (row) => intervals[owner[row]!]!.label);
}

/** Segments from one label a row. */
export function runsOf(rows: number, labelAt: (row: number) => string): Segment[] {
  const segments: Segment[] = [];
  for (let row = 0; row < rows; ) {
    const label = labelAt(row);
    let endRow = row + 1;
    while (endRow < rows && labelAt(endRow) === label) endRow++;
    segments.push({ startRow: row, endRow, label });
    row = endRow;
  }
  return segments;
}

/** A recording with segments in place of its label; a single segment is its label. */
export function withSegments(sample: Sample, segments: readonly Segment[]): Sample {
  const { segments: _, ...rest } = sample;
  if (segments.length === 1) return { ...rest, label: segments[0]!.label };
  return { ...rest, label: undefined, segments };
}

function distinct(segments: readonly Segment[]): string[] {
  return [...new Set(segments.map((segment) => segment.label))];
}
