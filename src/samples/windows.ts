/**
 * Windows: the fixed-length pieces of a recording that blocks see. They start at the first row of
 * a part and every stride after it; the last partial window is dropped. A data set is cut at one
 * common rate, so that every window has the same number of rows.
 */
import { UserError } from "../base/errors.ts";
import { type Part, rowsFor, secondsOf, wholeOf } from "./part.ts";
import { type Axis, type Sample, sampleRateHz } from "./sample.ts";

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

/** What all samples of a data set share. */
export type Layout = {
  readonly axes: readonly Axis[];
  readonly sampleRateHz: number;
  readonly notes: readonly string[];
};

/** Rates that differ by less than this share are one rate: clocks are no better. */
const RATE_TOLERANCE = 0.01;

/**
 * Cuts one part into windows of round(windowMs * rate / 1000) rows; a part shorter than a window
 * gives none.
 */
export function cutWindows(part: Part, options: WindowOptions): Cut {
  const { rows, stride } = windowRows(options, options.sampleRateHz ?? sampleRateHz(part.sample));
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
 * The axes and the rate that all samples share. Rates within 1 % of the most common one count as
 * equal and are noted.
 * @throws UserError `samples-differ` that names the first sample that has other axes or another
 *   rate than most
 */
export function commonLayout(samples: readonly Sample[]): Layout {
  if (samples.length === 0) {
    throw new UserError("no-samples", "data: source must hold at least one recording, got none");
  }
  const namesOf = (sample: Sample) => sample.axes.map((axis) => axis.name).join(", ");
  const names = mostCommon(samples.map(namesOf));
  const rate = mostCommon(samples.map(sampleRateHz));
  const near: Sample[] = [];
  for (const sample of samples) {
    if (namesOf(sample) !== names) {
      throw new UserError(
        "samples-differ",
        `data: all recordings must have the same axes (${names}), got ${namesOf(sample)} in "${sample.name}"`,
        "Keep recordings of different sensors in different folders.",
      );
    }
    const own = sampleRateHz(sample);
    if (Math.abs(own - rate) > RATE_TOLERANCE * rate) {
      throw new UserError(
        "samples-differ",
        `data: all recordings must have the same rate (${readable(rate)} Hz), got ${readable(own)} Hz in "${sample.name}"`,
        "Resample that recording, or leave it out.",
      );
    }
    if (own !== rate) near.push(sample);
  }
  const notes = near
    .slice(0, 1)
    .map(
      (sample) =>
        `Rates within 1 % of ${readable(rate)} Hz were taken as equal to it: ${near.length} of ${samples.length} recordings, first "${sample.name}" (${readable(sampleRateHz(sample))} Hz).`,
    );
  return { axes: samples.find((s) => namesOf(s) === names)!.axes, sampleRateHz: rate, notes };
}

function windowRows(options: WindowOptions, rate: number): { rows: number; stride: number } {
  for (const name of ["windowMs", "strideMs"] as const) {
    const value = options[name];
    if (!(Number.isFinite(value) && value > 0)) {
      throw new UserError("window-length", `window: ${name} must be greater than 0, got ${value}`);
    }
  }
  return {
    rows: Math.max(1, rowsFor(options.windowMs, rate)),
    stride: Math.max(1, rowsFor(options.strideMs, rate)),
  };
}

function tooLong(parts: readonly Part[], windowMs: number): UserError {
  const longest = parts.reduce((most, part) => Math.max(most, 1000 * secondsOf([part])), 0);
  return new UserError(
    "window-too-long",
    `window: length (${readable(windowMs)} ms) must not exceed the longest recording (${readable(longest)} ms)`,
    "Choose a shorter window, or record for longer.",
  );
}

/** The most frequent value; among equals the one that comes first. */
function mostCommon<T extends string | number>(values: readonly T[]): T {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let best = values[0]!;
  for (const [value, count] of counts) if (count > counts.get(best)!) best = value;
  return best;
}

function readable(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
