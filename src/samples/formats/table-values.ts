/** The numbers of a table: its values, row after row, and its times. */
import { isNumber } from "../number-labels.ts";
import type { Axis } from "../sample.ts";
import type { Columns, TextTable } from "./columns.ts";
import { describe, unreadable } from "./reader.ts";

/** The axes and values; a column in which no cell is a number is text. */
export function valuesOf(
  name: string,
  table: TextTable,
  { others, time }: Columns,
): { axes: Axis[]; values: Float32Array; texts: number[] } {
  const { titles, rows } = table;
  const isText = (column: number) =>
    rows.every((row) => !isNumber(row[column]!)) &&
    rows.some((row) => /\p{L}/u.test(row[column]!) && !/^\W*(?:nan|inf|null)/i.test(row[column]!));
  const texts = others.filter(isText);
  const numeric = others.filter((column) => !texts.includes(column));
  if (numeric.length === 0) {
    const got = texts.length > 0 ? "text only" : "none";
    const what = time && texts.length === 0 ? `beside ${titles[time.column]}` : "of numbers";
    throw unreadable("csv-header", name, `must have a column ${what}, got ${got}`);
  }
  const values = new Float32Array(rows.length * numeric.length);
  let at = 0;
  for (let row = 0; row < rows.length; row++) {
    for (const column of numeric) values[at++] = numberAt(name, table, row, column);
  }
  return { axes: numeric.map((column) => ({ name: titles[column]!, units: "" })), values, texts };
}

/** The times of all rows in milliseconds. */
export function timesOf(
  name: string,
  table: TextTable,
  { column, msPerUnit }: NonNullable<Columns["time"]>,
): Float64Array {
  return Float64Array.from(table.rows, (_, row) => numberAt(name, table, row, column) * msPerUnit);
}

function numberAt(name: string, { titles, rows }: TextTable, row: number, column: number): number {
  const cell = rows[row]![column]!.trim();
  const value = isNumber(cell) ? Number(cell) : Number.NaN;
  if (Number.isFinite(Math.fround(value))) return value;
  throw unreadable(
    "csv-value",
    name,
    `row ${row + 2}, column ${describe(titles[column])} must be a finite number, got ${cell === "" ? "an empty cell" : describe(cell)}`,
  );
}
