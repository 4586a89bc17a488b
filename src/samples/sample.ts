/**
 * The first waist: what a sensor recorded. A `Sample` is one recording, one file or one part of a
 * file, with every axis at one rate. Readers in `formats/` make it; splits and windows consume it.
 */

/** Where a recording belongs; `undefined` in a sample means that nobody has said yet. */
export type Category = "training" | "validation" | "testing";

export type Axis = { readonly name: string; readonly units: string };

export type Sample = {
  /** Unique within a data set; the path of the file within the source, with `/`. */
  readonly name: string;
  /** Undefined when unlabelled. */
  readonly label: string | undefined;
  /** What the source says of its place (a `training/` or `testing/` folder). */
  readonly category: Category | undefined;
  readonly axes: readonly Axis[];
  /** Time between rows in milliseconds; greater than 0. */
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

/** Sampling rate in Hz: 1000 / intervalMs, rounded to an integer when within 0.01. */
export function sampleRateHz(sample: Sample): number {
  const rate = 1000 / sample.intervalMs;
  const whole = Math.round(rate);
  return Math.abs(rate - whole) < 0.01 ? whole : rate;
}
