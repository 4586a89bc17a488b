/**
 * Conversion of sampling rates by a polyphase FIR filter, so that recordings of different rates fit
 * one design. The filter is the default of SciPy's `resample_poly`: a windowed sinc, Kaiser window
 * with beta 5, half-length 10 * max(up, down), zeros beyond the ends; n rows become
 * ceil(n * up / down). Computed in float64 with the functions of `base/math.ts`, stored as float32.
 */
import { UserError } from "../base/errors.ts";
import { PI, sin } from "../base/math.ts";
import { rowsOf, type Sample, sampleRateHz } from "./sample.ts";
import { withSegments } from "./segments.ts";

/** Converts by up / down. */
export type Ratio = { readonly up: number; readonly down: number };

const KAISER_BETA = 5;
/** Zero crossings of the sinc on each side. */
const HALF_CYCLES = 10;
/** A ratio of small integers stands for a ratio of rates when it is this close: 36 ms an hour. */
const RATIO_TOLERANCE = 1e-5;
/** Bounds the filter to about 200,000 taps. */
const MAX_FACTOR = 10_000;

/**
 * The ratio of the smallest integers within 1e-5 of outHz / inHz: the convergents of its continued
 * fraction are tried in order, so 16000 from 44100 Hz is 160 / 441.
 * @throws UserError `resample-rate` when a rate is not positive or no such integers up to 10,000
 */
export function ratioOf(inHz: number, outHz: number): Ratio {
  const exact = outHz / inHz;
  if (!(inHz > 0 && outHz > 0 && Number.isFinite(exact))) {
    throw new UserError(
      "resample-rate",
      `resample: rates must be greater than 0 Hz, got ${inHz} and ${outHz}`,
    );
  }
  let [up, lastUp] = [1, 0];
  let [down, lastDown] = [0, 1];
  for (let rest = exact; ; ) {
    const whole = Math.floor(rest);
    [up, lastUp] = [whole * up + lastUp, up];
    [down, lastDown] = [whole * down + lastDown, down];
    if (Math.max(up, down) > MAX_FACTOR) break;
    if (Math.abs(up / down - exact) <= RATIO_TOLERANCE * exact) return { up, down };
    rest = 1 / (rest - whole);
  }
  throw new UserError(
    "resample-rate",
    `resample: rates must have a ratio of whole numbers up to ${MAX_FACTOR}, got ${inHz} and ${outHz} Hz`,
  );
}

/**
 * Resamples interleaved rows.
 * @param values shape [rows, axes]
 * @returns shape [ceil(rows * up / down), axes]
 */
export function resampleRows(
  values: ArrayLike<number>,
  axes: number,
  ratio: Ratio,
): Float64Array<ArrayBuffer> {
  const divisor = greatestCommonDivisor(ratio.up, ratio.down);
  const up = ratio.up / divisor;
  const down = ratio.down / divisor;
  const rows = values.length / axes;
  const outRows = Math.ceil((rows * up) / down);
  const out = new Float64Array(outRows * axes);
  if (up === 1 && down === 1) {
    out.set(values);
    return out;
  }
  const half = HALF_CYCLES * Math.max(up, down);
  const taps = lowPass(half, up, down);
  for (let row = 0; row < outRows; row++) {
    // Input row k meets tap `center - k * up`; all other taps meet zeros.
    const center = row * down + half;
    const first = Math.max(0, Math.ceil((center - 2 * half) / up));
    const last = Math.min(rows - 1, Math.floor(center / up));
    for (let axis = 0; axis < axes; axis++) {
      let sum = 0;
      for (let k = first; k <= last; k++) sum += values[k * axes + axis]! * taps[center - k * up]!;
      out[row * axes + axis] = sum;
    }
  }
  return out;
}

/**
 * A sample at another rate; itself when it has that rate. Row r of its segments moves to
 * ceil(r * up / down), and a segment that has no row left is dropped.
 * @throws UserError `resample-rate`, also for a row of a table, which has no rate
 */
export function resampleSample(sample: Sample, rateHz: number): Sample {
  const ownHz = sampleRateHz(sample);
  if (sample.intervalMs === 0) {
    throw new UserError(
      "resample-rate",
      `resample ${sample.name}: recording must have a rate, got a row of a table`,
    );
  }
  if (ownHz === rateHz) return sample;
  const ratio = ratioOf(ownHz, rateHz);
  const values = Float32Array.from(resampleRows(sample.values, sample.axes.length, ratio));
  const resampled = { ...sample, values, intervalMs: 1000 / rateHz };
  if (sample.segments === undefined) return resampled;
  const rows = rowsOf(resampled);
  const rowAt = (row: number) => Math.min(rows, Math.ceil((row * ratio.up) / ratio.down));
  const segments = sample.segments
    .map(({ startRow, endRow, label }) => ({
      startRow: rowAt(startRow),
      endRow: rowAt(endRow),
      label,
    }))
    .filter((segment) => segment.endRow > segment.startRow);
  return withSegments(resampled, segments);
}

/** Taps of the low-pass filter at the rate between, shape [2 * half + 1]; their sum is `up`. */
function lowPass(half: number, up: number, down: number): Float64Array {
  const cutoff = 1 / Math.max(up, down);
  const taps = new Float64Array(2 * half + 1);
  const peak = besselI0(KAISER_BETA);
  let sum = 0;
  for (let i = 0; i < taps.length; i++) {
    const x = (i - half) / half;
    const angle = PI * cutoff * (i - half);
    const sinc = i === half ? 1 : sin(angle) / angle;
    taps[i] = (sinc * besselI0(KAISER_BETA * Math.sqrt(1 - x * x))) / peak;
    sum += taps[i]!;
  }
  return taps.map((tap) => (tap * up) / sum);
}

/** Modified Bessel function of the first kind, order 0: the sum of ((x/2)^k / k!)^2. */
function besselI0(x: number): number {
  const quarter = (x * x) / 4;
  let sum = 1;
  let term = 1;
  for (let k = 1; term > 1e-17 * sum; k++) {
    term *= quarter / (k * k);
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
