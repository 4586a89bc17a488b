/**
 * What the recordings of one data set have in common: axes and rate. Recordings of another rate are
 * resampled to the common one; recordings with other axes are refused.
 */
import { UserError } from "../base/errors.ts";
import { resampleSample } from "./resample.ts";
import { type Axis, type Sample, sampleRateHz } from "./sample.ts";

/** What all samples of a data set share. */
export type Layout = {
  readonly axes: readonly Axis[];
  /** 1 for tables: a row counts as one row a second. */
  readonly sampleRateHz: number;
  /** Whether samples are rows of a table, which have no time. */
  readonly isTable: boolean;
  readonly notes: readonly string[];
};

/** Rates that differ by less than this share are one rate: clocks are no better. */
const RATE_TOLERANCE = 0.01;

/** So many of the most frequent rates are considered as the common one. */
const RATE_CANDIDATES = 100;

/**
 * Samples with one rate, and what they share.
 * @param options.sampleRateHz the rate that a recipe fixes; default: the rate within 1 % of which
 *   most recordings lie. Recordings within 1 % of it are left as they are, all others resampled.
 * @throws UserError `no-samples`, `samples-differ`, `resample-rate`
 */
export function alignSamples(
  samples: readonly Sample[],
  options: { readonly sampleRateHz?: number } = {},
): { readonly samples: readonly Sample[]; readonly layout: Layout } {
  const shared = axesOf(samples);
  const rate = options.sampleRateHz ?? commonRate(samples);
  if (shared.isTable) return { samples, layout: { ...shared, sampleRateHz: 1, notes: [] } };
  const odd = samples.filter((sample) => !isNear(sampleRateHz(sample), rate));
  const aligned = samples.map((sample) =>
    isNear(sampleRateHz(sample), rate) ? sample : resampleSample(sample, rate),
  );
  const resampled = odd
    .slice(0, 1)
    .map(
      (sample) =>
        `${odd.length} of ${samples.length} recordings were resampled to ${readable(rate)} Hz, first "${sample.name}" (${readable(sampleRateHz(sample))} Hz).`,
    );
  const notes = [...resampled, ...nearNotes(aligned, rate)];
  return { samples: aligned, layout: { ...shared, sampleRateHz: rate, notes } };
}

/**
 * The axes and the rate that all samples share. Rates within 1 % of the common one count as equal
 * and are noted; `alignSamples` resamples others before.
 * @throws UserError `no-samples`; `samples-differ` that names the first sample that has other axes
 *   or another rate than most
 */
export function commonLayout(samples: readonly Sample[]): Layout {
  const shared = axesOf(samples);
  const rate = commonRate(samples);
  if (shared.isTable) return { ...shared, sampleRateHz: 1, notes: [] };
  const odd = samples.find((sample) => !isNear(sampleRateHz(sample), rate));
  if (odd !== undefined) {
    throw new UserError(
      "samples-differ",
      `data: all recordings must have the same rate (${readable(rate)} Hz), got ${readable(sampleRateHz(odd))} Hz in "${odd.name}"`,
      "Resample that recording, or leave it out.",
    );
  }
  return { ...shared, sampleRateHz: rate, notes: nearNotes(samples, rate) };
}

/** The axes of most samples, which all must have; rows of tables go with their like only. */
function axesOf(samples: readonly Sample[]): Pick<Layout, "axes" | "isTable"> {
  if (samples.length === 0) {
    throw new UserError("no-samples", "data: source must hold at least one recording, got none");
  }
  // Samples of one file share their axes, so names are put together once a file.
  const known = new Map<readonly Axis[], string>();
  const namesOf = ({ axes }: Sample): string => {
    const names = known.get(axes) ?? axes.map(({ name }) => name).join(", ");
    known.set(axes, names);
    return names;
  };
  const names = countsOf(samples.map(namesOf))[0]![0];
  const odd = samples.find((sample) => namesOf(sample) !== names);
  if (odd !== undefined) {
    throw new UserError(
      "samples-differ",
      `data: all recordings must have the same axes (${names}), got ${namesOf(odd)} in "${odd.name}"`,
      "Keep recordings of different sensors in different folders.",
    );
  }
  const row = samples.find((sample) => sample.intervalMs === 0);
  const timed = samples.find((sample) => sample.intervalMs !== 0);
  if (row !== undefined && timed !== undefined) {
    throw new UserError(
      "samples-differ",
      `data: samples must all be recordings or all be rows of tables, got a recording "${timed.name}" and a row "${row.name}"`,
      "Keep tables and recordings in different folders.",
    );
  }
  return { axes: samples[0]!.axes, isTable: timed === undefined };
}

/** The rate that most samples are near to; among equals the more frequent, then the first. */
function commonRate(samples: readonly Sample[]): number {
  const counts = countsOf(samples.map(sampleRateHz));
  let best = counts[0]![0];
  let most = 0;
  for (const [rate] of counts.slice(0, RATE_CANDIDATES)) {
    const near = counts.reduce((sum, [own, count]) => sum + (isNear(own, rate) ? count : 0), 0);
    if (near > most) {
      best = rate;
      most = near;
    }
  }
  return best;
}

function nearNotes(samples: readonly Sample[], rate: number): string[] {
  const near = samples.filter((sample) => sampleRateHz(sample) !== rate);
  return near
    .slice(0, 1)
    .map(
      (sample) =>
        `Rates within 1 % of ${readable(rate)} Hz were taken as equal to it: ${near.length} of ${samples.length} recordings, first "${sample.name}" (${readable(sampleRateHz(sample))} Hz).`,
    );
}

function isNear(own: number, rate: number): boolean {
  return Math.abs(own - rate) <= RATE_TOLERANCE * rate;
}

/** Values with their counts, most frequent first, equals in order of appearance. */
function countsOf<T extends string | number>(values: readonly T[]): [T, number][] {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

function readable(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
