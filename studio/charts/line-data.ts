/** What the line charts draw, as columns: recordings over seconds, losses over epochs. */
import type { SampleSegment, SampleValues } from "../../src/server/api.ts";
import type { EpochReport } from "../../src/train/fit.ts";

/** First column x, then one a line; null where a line has a gap. */
export type Columns = readonly [xs: readonly number[], ...ys: readonly (number | null)[][]];

/** A stretch of x with a name, drawn as a colored band. */
export type Band = { readonly from: number; readonly to: number; readonly label: string };

/** A recording over seconds. */
export function recordingColumns({ startMs, intervalMs, columns }: SampleValues): Columns {
  const points = columns[0]?.length ?? 0;
  const xs = Array.from({ length: points }, (_, i) => (startMs + i * intervalMs) / 1000);
  return [xs, ...columns.map((column) => [...column])];
}

/** Labelled stretches over seconds. */
export function segmentBands(
  segments: readonly SampleSegment[],
  sampleRateHz: number,
): readonly Band[] {
  return segments.map(({ startRow, endRow, label }) => ({
    from: startRow / sampleRateHz,
    to: endRow / sampleRateHz,
    label,
  }));
}

/**
 * Training loss, validation loss and, where there is one, validation accuracy over epochs.
 * @param log leaves out losses that a logarithmic axis cannot show
 */
export function historyColumns(history: readonly EpochReport[], log = false): Columns {
  const loss = (value: number | null): number | null =>
    log && !((value ?? 0) > 0) ? null : finite(value);
  const accuracies = history.map(({ validationAccuracy }) => finite(validationAccuracy));
  return [
    history.map(({ epoch }) => epoch),
    history.map((epoch) => loss(epoch.loss)),
    history.map(({ validationLoss }) => loss(validationLoss)),
    ...(accuracies.some((value) => value !== null) ? [accuracies] : []),
  ];
}

const finite = (value: number | null): number | null =>
  value !== null && Number.isFinite(value) ? value : null;
