/**
 * Windows: the fixed-length pieces of a recording that blocks see. They start at the first row of
 * a part and every stride after it; the last partial window is dropped. A data set is cut at one
 * common rate, so that every window has the same number of rows. A row of a table has no time: it
 * is a window of its own, whatever the length that is asked for.
 */
import { UserError } from "../base/errors.ts";
import { type Part, rowsFor, secondsOf, wholeOf } from "./part.ts";
import { type Sample, sampleRateHz } from "./sample.ts";

export type WindowOptions = {
  /** Length of a window in milliseconds. */
  readonly windowMs: number;
  /** Distance between the starts of neighboring windows in milliseconds. */
  readonly strideMs: number;
  /** Rate that turns milliseconds into rows; default: the sample's own. */
  readonly sampleRateHz?: number;
};

/** Where the windows of one part start (rows of its sample) and how long each is. */
export type Cut = { readonly starts: readonly number[]; readonly rows: number };

/** Windows of many parts, ready for feature extraction. */
export type Windows = {
  readonly count: number;
  readonly rows: number;
  readonly axes: number;
  /** Interleaved row-major values, shape [count, rows * axes]. */
  readonly values: Float32Array<ArrayBuffer>;
  /** For each window the index of its part in `parts`. */
  readonly partOf: Int32Array<ArrayBuffer>;
  /** For each window the row of its sample where it starts. */
  readonly startRows: Int32Array<ArrayBuffer>;
  readonly parts: readonly Part[];
};

/** How a window of several labels gets its one: the label of its last row, or of most rows. */
export type WindowLabelRule = "end" | "majority";

/**
 * Cuts one part into windows of round(windowMs * rate / 1000) rows; a part shorter than a window
 * gives none.
 */
export function cutWindows(part: Part, options: WindowOptions): Cut {
  const { rows, stride } = windowRows(options, {
    sampleRateHz: options.sampleRateHz ?? sampleRateHz(part.sample),
    isTable: part.sample.intervalMs === 0,
  });
  const starts: number[] = [];
  for (let at = part.startRow; at + rows <= part.endRow; at += stride) starts.push(at);
  return { starts, rows };
}

/**
 * Cuts all parts and copies the windows, part by part, into one array.
 * @throws UserError `window-too-long` when there are parts, yet none is as long as a window
 */
export function gatherWindows(parts: readonly Part[], options: WindowOptions): Windows {
  const cuts = parts.map((part) => cutWindows(part, options));
  const count = cuts.reduce((sum, cut) => sum + cut.starts.length, 0);
  if (count === 0 && parts.length > 0) throw tooLong(parts, options.windowMs);
  const rows = cuts[0]?.rows ?? 0;
  const axes = parts[0]?.sample.axes.length ?? 0;
  const values = new Float32Array(count * rows * axes);
  const partOf = new Int32Array(count);
  const startRows = new Int32Array(count);
  let window = 0;
  for (const [index, cut] of cuts.entries()) {
    const source = parts[index]!.sample.values;
    for (const start of cut.starts) {
      values.set(source.subarray(start * axes, (start + rows) * axes), window * rows * axes);
      partOf[window] = index;
      startRows[window] = start;
      window++;
    }
  }
  return { count, rows, axes, values, partOf, startRows, parts };
}

/**
 * Checks that at least one sample holds a window.
 * @throws UserError `window-too-long` that names the length of the longest sample
 */
export function checkWindow(samples: readonly Sample[], options: WindowOptions): void {
  const parts = samples.map(wholeOf);
  if (!parts.some((part) => cutWindows(part, options).starts.length > 0)) {
    throw tooLong(parts, options.windowMs);
  }
}

/**
 * Rows of a window and of its stride at a rate: at least one each, and exactly one for tables.
 * @throws UserError `window-length`
 */
export function windowRows(
  options: WindowOptions,
  layout: { readonly sampleRateHz: number; readonly isTable: boolean },
): { readonly rows: number; readonly stride: number } {
  if (layout.isTable) return { rows: 1, stride: 1 };
  for (const name of ["windowMs", "strideMs"] as const) {
    const value = options[name];
    if (!(Number.isFinite(value) && value > 0)) {
      throw new UserError("window-length", `window: ${name} must be greater than 0, got ${value}`);
    }
  }
  return {
    rows: Math.max(1, rowsFor(options.windowMs, layout.sampleRateHz)),
    stride: Math.max(1, rowsFor(options.strideMs, layout.sampleRateHz)),
  };
}

/**
 * The label of a window; undefined when its recording is unlabelled. Among labels that have equally
 * many rows the one that comes first in the window counts.
 */
export function labelOfWindow(
  sample: Sample,
  startRow: number,
  rows: number,
  rule: WindowLabelRule,
): string | undefined {
  const { segments } = sample;
  if (segments === undefined) return sample.label;
  const endRow = startRow + rows;
  const segmentAt = (row: number): number => {
    let low = 0;
    let high = segments.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (segments[middle]!.endRow > row) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  if (rule === "end") return segments[segmentAt(endRow - 1)]?.label;
  const counts = new Map<string, number>();
  for (let i = segmentAt(startRow); i < segments.length; i++) {
    const segment = segments[i]!;
    if (segment.startRow >= endRow) break;
    const within = Math.min(endRow, segment.endRow) - Math.max(startRow, segment.startRow);
    counts.set(segment.label, (counts.get(segment.label) ?? 0) + within);
  }
  let best: string | undefined;
  for (const [label, count] of counts) {
    if (best === undefined || count > counts.get(best)!) best = label;
  }
  return best;
}

function tooLong(parts: readonly Part[], windowMs: number): UserError {
  const longest = parts.reduce((most, part) => Math.max(most, 1000 * secondsOf([part])), 0);
  return new UserError(
    "window-too-long",
    `window: length (${readable(windowMs)} ms) must not exceed the longest recording (${readable(longest)} ms)`,
    "Choose a shorter window, or record for longer.",
  );
}

function readable(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
