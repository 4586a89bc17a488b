/**
 * What the columns of a table are. A column is given by an option, or found by its name (letter
 * case, blanks and dashes do not matter):
 *
 *   sample     sample, sample_id, id, recording, recording_id, file, filename, file_name
 *   targets    only given: columns of numbers to predict, which together are the label
 *   label      label, labels, class, target, species, activity, gesture, diagnosis; also y, unless
 *              there is an x or z; also category, unless it is the split
 *   split      split, category, set, subset, when all cells are names of a split (train, training,
 *              test, testing, val, valid, validation)
 *   time       timestamp (milliseconds), or timestamp or time with a unit: time_ms, timestamp_s,
 *              time_us
 *
 * Two candidates for one role are a UserError that names the option, never a guess. All other
 * columns are values when they hold numbers, and text (kept as metadata) when they hold none.
 */
import type { Category } from "../sample.ts";
import { describe, type ReadOptions, unreadable } from "./reader.ts";

/** A table as text: `rows` has one cell per title in every row. */
export type TextTable = {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
};

export type TimeColumn = { readonly column: number; readonly msPerUnit: number };

/** Indices of columns. */
export type Columns = {
  readonly sample: number | undefined;
  /** Those whose texts, with commas between, are the label: targets, or the one label column. */
  readonly labels: readonly number[];
  readonly split: number | undefined;
  readonly time: TimeColumn | undefined;
  /** All others that are not ignored, in order. */
  readonly others: readonly number[];
};

const SAMPLE = /^(?:sample|sample_?id|id|recording|recording_?id|file|file_?name)$/;
const LABEL = /^(?:labels?|class|target|species|activity|gesture|diagnosis)$/;
const SPLIT = /^(?:split|category|set|subset)$/;
const TIME = /^(?:timestamp|time(?:stamp)?_?(ms|s|us))$/;
const MS_PER_UNIT: { readonly [unit: string]: number } = { ms: 1, s: 1000, us: 0.001 };

const CATEGORY_OF_CELL: ReadonlyMap<string, Category> = new Map([
  ["train", "training"],
  ["training", "training"],
  ["test", "testing"],
  ["testing", "testing"],
  ["val", "validation"],
  ["valid", "validation"],
  ["validation", "validation"],
]);

/** The category that a cell of a split column names. */
export function categoryOfCell(cell: string): Category | undefined {
  return CATEGORY_OF_CELL.get(cell.trim().toLowerCase());
}

/**
 * Finds the columns of a table by the rules above.
 * @throws UserError `csv-column` for a given column that is missing, `csv-ambiguous` for two
 *   candidates, `csv-split` for a given split column with other cells
 */
export function findColumns(name: string, table: TextTable, options: ReadOptions): Columns {
  const keys = table.titles.map((title) => title.toLowerCase().replace(/[\s-]+/g, "_"));
  const ignored = new Set((options.ignoreColumns ?? []).map((t) => indexOf(name, table, t)));
  const given = (title: string | undefined) =>
    title === undefined ? undefined : indexOf(name, table, title);
  const split = given(options.splitColumn);
  if (split !== undefined) checkSplit(name, table, split);
  const targets = (options.targetColumns ?? []).map((title) => indexOf(name, table, title));
  const fixed = {
    sample: given(options.sampleColumn),
    label: given(options.labelColumn),
    split,
    time: given(options.timestampColumn),
  };
  const taken = new Set([...ignored, ...targets, ...Object.values(fixed)]);
  /** The one free column that fits, marked as taken. */
  const find = (option: string, fits: (key: string, column: number) => boolean) => {
    const found = [...keys.keys()].filter((c) => !taken.has(c) && fits(keys[c]!, c));
    if (found.length > 1) {
      const titles = found.map((c) => describe(table.titles[c])).join(" and ");
      throw unreadable(
        "csv-ambiguous",
        name,
        `one column may be the ${option.replace("Column", "")}, got ${titles}`,
        `Name it with ${option}, or leave the other out with ignoreColumns.`,
      );
    }
    taken.add(found[0]);
    return found[0];
  };
  const isSplit = (column: number) => table.rows.every((row) => categoryOfCell(row[column]!));
  const hasAxes = keys.includes("x") || keys.includes("z");
  const time = fixed.time ?? find("timestampColumn", (key) => TIME.test(key));
  const sample = fixed.sample ?? find("sampleColumn", (key) => SAMPLE.test(key));
  const splitFound = fixed.split ?? find("splitColumn", (key, c) => SPLIT.test(key) && isSplit(c));
  const findLabel = () =>
    find(
      "labelColumn",
      (key) => LABEL.test(key) || key === "category" || (key === "y" && !hasAxes),
    );
  const label = targets.length > 0 ? undefined : (fixed.label ?? findLabel());
  const unit = time === undefined || time === fixed.time ? "ms" : TIME.exec(keys[time]!)?.[1];
  return {
    sample,
    labels: targets.length > 0 ? targets : label === undefined ? [] : [label],
    split: splitFound,
    time: time === undefined ? undefined : { column: time, msPerUnit: MS_PER_UNIT[unit ?? "ms"]! },
    others: [...keys.keys()].filter((column) => !taken.has(column)),
  };
}

function indexOf(name: string, { titles }: TextTable, title: string): number {
  const exact = titles.indexOf(title);
  const lower = title.toLowerCase();
  const column = exact >= 0 ? exact : titles.findIndex((other) => other.toLowerCase() === lower);
  if (column >= 0) return column;
  throw unreadable(
    "csv-column",
    name,
    `must have the given column ${describe(title)}, got ${titles.slice(0, 20).map(describe).join(", ")}`,
  );
}

function checkSplit(name: string, { titles, rows }: TextTable, column: number): void {
  const odd = rows.findIndex((row) => categoryOfCell(row[column]!) === undefined);
  if (odd < 0) return;
  throw unreadable(
    "csv-split",
    name,
    `row ${odd + 2}, column ${describe(titles[column])} must be train, test or validation, got ${describe(rows[odd]![column])}`,
  );
}
