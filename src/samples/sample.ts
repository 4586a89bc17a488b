/**
 * The first waist: what a sensor recorded. A `Sample` is one recording, one file or one part of a
 * file, with every axis at one rate. Readers in `formats/` make it; splits and windows consume it.
 */

/** Where a recording belongs; `undefined` in a sample means that nobody has said yet. */
export type Category = "training" | "validation" | "testing";

export type Axis = { readonly name: string; readonly units: string };

/** The label of a stretch of rows. */
export type Segment = {
  readonly startRow: number;
  /** One past the last row. */
  readonly endRow: number;
  readonly label: string;
};

export type Sample = {
  /** Unique within a data set; the path of the file within the source, with `/`. */
  readonly name: string;
  /** Undefined when unlabelled, or when the label changes within the recording: see `segments`. */
  readonly label: string | undefined;
  /** Labels over time, in order and without gaps from the first row to the last. */
  readonly segments?: readonly Segment[];
  /** What the source says of its place (a `training/` or `testing/` folder). */
  readonly category: Category | undefined;
  readonly axes: readonly Axis[];
  /** Time between rows in milliseconds; 0 for a row of a table, which has no time axis. */
  readonly intervalMs: number;
  /** Interleaved row-major values, shape [rows, axes.length]; all finite. */
  readonly values: Float32Array;
  /** Whether the HMAC signature holds: null when unsigned or no key is known. */
  readonly signatureValidates: boolean | null;
  readonly metadata: { readonly [key: string]: string };
};

/** Number of rows (time steps) of a sample. */
export function rowsOf(sample: Sample): number {
  return sample.values.length / sample.axes.length;
}

/**
 * Sampling rate in Hz: 1000 / intervalMs, rounded to an integer when within 0.01. A row of a table
 * counts as one row a second.
 */
export function sampleRateHz(sample: Sample): number {
  if (sample.intervalMs === 0) return 1;
  const rate = 1000 / sample.intervalMs;
  const whole = Math.round(rate);
  return Math.abs(rate - whole) < 0.01 ? whole : rate;
}
