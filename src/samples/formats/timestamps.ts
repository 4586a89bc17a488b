/** The interval between the rows of a recording, from its column of timestamps. */
import { unreadable } from "./reader.ts";

/** A step may differ from the median step by this share. */
const STEP_TOLERANCE = 0.1;

/**
 * A clock may stumble now and then: up to this share of the steps may differ by more, as long as
 * no row can be missing between them.
 */
const STUMBLES = 0.02;
const STUMBLE_TOLERANCE = 0.5;

/**
 * The median step of timestamps, which must be regular, but for rare stumbles of the clock.
 * @param times in milliseconds
 * @param firstRow the row of the first one as a spreadsheet counts, for messages
 * @throws UserError `csv-timestamp`
 */
export function intervalOf(name: string, times: Float64Array, firstRow: number): number {
  if (times.length < 2) {
    throw unreadable("csv-timestamp", name, "must have two rows to give an interval, got 1");
  }
  const steps = Float64Array.from(
    { length: times.length - 1 },
    (_, row) => times[row + 1]! - times[row]!,
  );
  const ordered = steps.toSorted();
  const middle = ordered.length >> 1;
  const median =
    ordered.length % 2 === 1 ? ordered[middle]! : (ordered[middle - 1]! + ordered[middle]!) / 2;
  if (!(median > 0)) {
    throw unreadable("csv-timestamp", name, `timestamps must increase, got a step of ${median} ms`);
  }
  const isOff = (step: number, share: number) => Math.abs(step - median) > share * median;
  const stumbles = steps.filter((step) => isOff(step, STEP_TOLERANCE));
  const mayStumble =
    stumbles.length <= STUMBLES * steps.length &&
    !stumbles.some((step) => isOff(step, STUMBLE_TOLERANCE));
  if (!mayStumble) {
    const odd = steps.findIndex((step) => isOff(step, STEP_TOLERANCE));
    throw unreadable(
      "csv-timestamp",
      name,
      `row ${firstRow + odd + 1} must come ${median} ms after the row before, within 10 %, got ${steps[odd]} ms`,
      "Resample the recording to a regular interval, or split it where rows are missing.",
    );
  }
  return median;
}
