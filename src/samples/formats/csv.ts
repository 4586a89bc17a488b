/**
 * Reader of tables: a header row, then one row per time step and one column per axis, separated by
 * comma, semicolon or tab. A first column `timestamp` in milliseconds gives the interval (the median
 * of its steps) and is removed; without it the caller must give a rate. Row numbers in errors count
 * the header as row 1, as a spreadsheet shows them.
 */
import papaparse from "papaparse";
import { fromUtf8 } from "../../base/bytes.ts";
import type { Sample } from "../sample.ts";
import { describe, type ReadOptions, unreadable } from "./reader.ts";

const SEPARATORS = [",", ";", "\t"] as const;

/** A step may differ from the median step by this share before it counts as a gap. */
const STEP_TOLERANCE = 0.1;

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * Reads one table into one sample.
 * @throws UserError `csv-syntax`, `csv-header`, `csv-ragged`, `csv-value`, `csv-empty`,
 *   `csv-timestamp` or `csv-rate`
 */
export function readCsv(name: string, bytes: Uint8Array, options: ReadOptions): Sample[] {
  const [header, ...rows] = tableOf(name, bytes);
  const titles = (header ?? []).map((title) => title.trim());
  if (header === undefined || rows.length === 0) {
    throw unreadable(
      "csv-empty",
      name,
      `must have a header and at least one row, got ${header === undefined ? "nothing" : "the header only"}`,
    );
  }
  if (titles.every((title) => NUMBER.test(title))) {
    throw unreadable(
      "csv-header",
      name,
      `row 1 must name the columns, got ${describe(titles[0])}`,
      "Add a first row such as timestamp,accX,accY,accZ.",
    );
  }
  const unnamed = titles.indexOf("");
  if (unnamed >= 0) {
    throw unreadable("csv-header", name, `column ${unnamed + 1} must have a name, got none`);
  }

  const numbers = new Float64Array(rows.length * titles.length);
  for (const [index, row] of rows.entries()) parseRow(name, titles, row, index, numbers);
  const timed = titles[0]!.toLowerCase() === "timestamp";
  const first = timed ? 1 : 0;
  const axes = titles.slice(first).map((title) => ({ name: title, units: "" }));
  if (axes.length === 0) {
    throw unreadable("csv-header", name, "must have a column beside timestamp, got none");
  }
  const values = new Float32Array(rows.length * axes.length);
  for (let row = 0; row < rows.length; row++) {
    const from = row * titles.length + first;
    values.set(numbers.subarray(from, from + axes.length), row * axes.length);
  }
  return [
    {
      name,
      label: undefined,
      category: undefined,
      axes,
      intervalMs: timed
        ? intervalOf(name, numbers, titles.length)
        : 1000 / rateOf(name, options.sampleRateHz),
      values,
      signatureValidates: null,
      metadata: {},
    },
  ];
}

/** All rows as text, without the blank lines at the end. */
function tableOf(name: string, bytes: Uint8Array): string[][] {
  const text = fromUtf8(bytes);
  if (text === undefined || text.includes("\0")) {
    throw unreadable("csv-syntax", name, "must be a text file in UTF-8, got other bytes");
  }
  const { data, errors } = papaparse.parse<string[]>(text, { delimiter: separatorOf(text) });
  const quotes = errors.find((error) => error.type === "Quotes");
  if (quotes) {
    throw unreadable(
      "csv-syntax",
      name,
      `row ${(quotes.row ?? 0) + 1} must have matching quotes, got ${describe(quotes.message)}`,
    );
  }
  while (data.length > 0 && data.at(-1)!.every((cell) => cell.trim() === "")) data.pop();
  return data;
}

/** The separator that the header has most of; a comma when it has none. */
function separatorOf(text: string): string {
  const header = (/^[^\r\n]*/.exec(text)?.[0] ?? "").replace(/"[^"]*"/g, "");
  const counts = SEPARATORS.map((separator) => header.split(separator).length);
  return SEPARATORS[counts.indexOf(Math.max(...counts))]!;
}

function parseRow(
  name: string,
  titles: readonly string[],
  row: readonly string[],
  index: number,
  numbers: Float64Array,
): void {
  if (row.length !== titles.length) {
    throw unreadable(
      "csv-ragged",
      name,
      `row ${index + 2} must have ${titles.length} columns like the header, got ${row.length}`,
    );
  }
  for (const [column, cell] of row.entries()) {
    const text = cell.trim();
    const value = NUMBER.test(text) ? Number(text) : Number.NaN;
    if (!Number.isFinite(Math.fround(value))) {
      throw unreadable(
        "csv-value",
        name,
        `row ${index + 2}, column ${describe(titles[column])} must be a finite number, got ${text === "" ? "an empty cell" : describe(text)}`,
      );
    }
    numbers[index * titles.length + column] = value;
  }
}

/** The median step of the timestamps, which must be regular. */
function intervalOf(name: string, numbers: Float64Array, columns: number): number {
  const count = numbers.length / columns;
  if (count < 2) {
    throw unreadable("csv-timestamp", name, "must have two rows to give an interval, got 1");
  }
  const at = (row: number) => numbers[row * columns]!;
  const steps = Float64Array.from({ length: count - 1 }, (_, row) => at(row + 1) - at(row));
  const ordered = steps.toSorted();
  const middle = ordered.length >> 1;
  const median =
    ordered.length % 2 === 1 ? ordered[middle]! : (ordered[middle - 1]! + ordered[middle]!) / 2;
  if (!(median > 0)) {
    throw unreadable("csv-timestamp", name, `timestamps must increase, got a step of ${median} ms`);
  }
  const odd = steps.findIndex((step) => Math.abs(step - median) > STEP_TOLERANCE * median);
  if (odd >= 0) {
    throw unreadable(
      "csv-timestamp",
      name,
      `row ${odd + 3} must come ${median} ms after the row before, within 10 %, got ${steps[odd]} ms`,
      "Resample the recording to a regular interval, or split it where rows are missing.",
    );
  }
  return median;
}

function rateOf(name: string, sampleRateHz: number | undefined): number {
  if (sampleRateHz === undefined) {
    throw unreadable(
      "csv-rate",
      name,
      "must have a first column timestamp (ms) or a given rate, got neither",
      "Give the rate in Hz if the rows are equally spaced.",
    );
  }
  if (!(sampleRateHz > 0 && Number.isFinite(sampleRateHz))) {
    throw unreadable("csv-rate", name, `given rate must be greater than 0 Hz, got ${sampleRateHz}`);
  }
  return sampleRateHz;
}
