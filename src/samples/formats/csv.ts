/**
 * Reader of tables as text: a header row, then rows of cells, separated by comma, semicolon or tab.
 * `columns.ts` finds what the columns are and `table.ts` makes the samples. Row numbers in errors
 * count the header as row 1, as a spreadsheet shows them.
 */
import papaparse from "papaparse";
import { fromUtf8 } from "../../base/bytes.ts";
import { isNumber } from "../number-labels.ts";
import type { Sample } from "../sample.ts";
import type { TextTable } from "./columns.ts";
import { describe, type ReadOptions, unreadable } from "./reader.ts";
import { readTable } from "./table.ts";

const SEPARATORS = [",", ";", "\t"] as const;

/**
 * Reads one table into its samples.
 * @throws UserError `csv-syntax`, `csv-header`, `csv-ragged`, `csv-empty`, and those of `readTable`
 */
export function readCsv(name: string, bytes: Uint8Array, options: ReadOptions): Sample[] {
  return readTable(name, parseTable(name, bytes), options);
}

function parseTable(name: string, bytes: Uint8Array): TextTable {
  const rows = cellsOf(name, bytes);
  const titles = (rows.shift() ?? []).map((title) => title.trim());
  if (rows.length === 0) {
    throw unreadable(
      "csv-empty",
      name,
      `must have a header and at least one row, got ${titles.length === 0 ? "nothing" : "the header only"}`,
    );
  }
  if (titles.every(isNumber)) {
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
  const ragged = rows.findIndex((row) => row.length !== titles.length);
  if (ragged >= 0) {
    throw unreadable(
      "csv-ragged",
      name,
      `row ${ragged + 2} must have ${titles.length} columns like the header, got ${rows[ragged]!.length}`,
    );
  }
  return { titles, rows };
}

/** All rows as text, without the blank lines at the end. */
function cellsOf(name: string, bytes: Uint8Array): string[][] {
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
