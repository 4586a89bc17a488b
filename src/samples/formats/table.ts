/**
 * Samples from a table whose columns `columns.ts` has found. The first rule that fits decides:
 *
 * 1. A sample column: a recording is a run of rows with one id. When no id repeats and there is no
 *    time, each row is a sample of its own.
 * 2. A time column or a given rate: all rows are one recording.
 * 3. A single row, or a label column: a plain table. Each row is a sample without time (interval 0).
 * 4. Otherwise nothing says what a row is: a UserError.
 *
 * A label that changes within a recording gives segments. Without a label column the name of the
 * file gives the label, as for any other file. A recording of a long table that cannot be read is
 * left out, unless it is the only one. What was taken as what is told through `onNote`.
 */
import { UserError } from "../../base/errors.ts";
import { isNumber, MOST_NUMBERED_CLASSES, nameNumbers } from "../number-labels.ts";
import type { Axis, Category, Sample } from "../sample.ts";
import { runsOf, withSegments } from "../segments.ts";
import { type Columns, categoryOfCell, findColumns, type TextTable } from "./columns.ts";
import { describe, type ReadOptions, unreadable } from "./reader.ts";
import { timesOf, valuesOf } from "./table-values.ts";
import { intervalOf } from "./timestamps.ts";

/** Notes name this many axes. */
const NAMED_AXES = 12;

/** A recording: rows of the table, and its id unless the whole table is one. */
type Group = { readonly id: string | undefined; readonly start: number; readonly end: number };

/** All that the samples of one table share. */
type Context = {
  readonly name: string;
  readonly table: TextTable;
  readonly columns: Columns;
  readonly axes: readonly Axis[];
  /** Shape [rows, axes]. */
  readonly values: Float32Array;
  /** Columns without numbers. */
  readonly texts: readonly number[];
  readonly intervalFor: (group: Group) => number;
  /** Metadata that names the columns which were chosen for the label. */
  readonly named: { readonly [key: string]: string };
};

/**
 * Makes the samples of a table.
 * @throws UserError `csv-value`, `csv-header`, `csv-timestamp`, `csv-rate`, `csv-ambiguous`,
 *   `csv-order`, `csv-label`, and those of `findColumns`
 */
export function readTable(name: string, table: TextTable, options: ReadOptions): Sample[] {
  const columns = findColumns(name, table, options);
  const rateHz = rateOf(name, options.sampleRateHz);
  const groups = groupsOf(name, table, columns, rateHz);
  const isChosen = options.labelColumn !== undefined || options.targetColumns !== undefined;
  if (!isChosen) checkLabels(name, table, columns);
  const { axes, values, texts } = valuesOf(name, table, columns);
  const times = columns.time ? timesOf(name, table, columns.time) : undefined;
  const isPlain = groups.every(({ start, end }) => end - start === 1) && !times && !rateHz;
  const context: Context = {
    name,
    table,
    columns,
    axes,
    values,
    texts,
    named: isChosen ? nameNumbers(columns.labels.map((column) => table.titles[column]!)) : {},
    intervalFor: ({ start, end }) => {
      if (times) return intervalOf(name, times.subarray(start, end), start + 2);
      return isPlain ? 0 : 1000 / rateOf(name, rateHz ?? 0)!;
    },
  };
  const samples: Sample[] = [];
  const failures: UserError[] = [];
  for (const group of groups) {
    try {
      samples.push(sampleOf(context, group));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failures.push(error);
    }
  }
  if (samples.length === 0) throw failures[0]!;
  tellOf(context, groups, isPlain, failures, options);
  return samples;
}

/** The rules of the header. */
function groupsOf(
  name: string,
  { titles, rows }: TextTable,
  { sample, labels, time }: Columns,
  rateHz: number | undefined,
): Group[] {
  const whole = { id: undefined, start: 0, end: rows.length };
  if (sample === undefined) {
    if (time || rateHz || rows.length === 1) return [whole];
    if (labels.length === 0) {
      throw unreadable(
        "csv-rate",
        name,
        "must have a column timestamp (ms), a given rate or a label column, got none of them",
        "Give the rate in Hz (--rate) if the rows follow each other in time, or labelColumn (--label-column) if each row is a sample of its own; targetColumns (--target-columns) if numbers are to be predicted.",
      );
    }
    const width = String(rows.length + 1).length;
    return rows.map((_, row) => ({
      id: String(row + 2).padStart(width, "0"),
      start: row,
      end: row + 1,
    }));
  }
  const runs = runsOf(rows.length, (row) => rows[row]![sample]!.trim());
  const groups = runs.map(({ label: id, startRow: start, endRow: end }) => ({ id, start, end }));
  const nameless = groups.find(({ id }) => id === "");
  if (nameless) {
    const cell = `row ${nameless.start + 2}, column ${describe(titles[sample])}`;
    throw unreadable("csv-value", name, `${cell} must name the recording, got an empty cell`);
  }
  const seen = new Set<string>();
  for (const { id, start } of groups) {
    if (seen.has(id)) {
      throw unreadable(
        "csv-order",
        name,
        `rows of one recording must stand together, got ${describe(titles[sample])} ${describe(id)} again in row ${start + 2}`,
        "Sort the table by recording, and give each recording an id of its own; or name another column with sampleColumn.",
      );
    }
    seen.add(id);
  }
  const isCounter = groups.length === rows.length && rows.length > 1;
  if (isCounter && (time || rateHz)) {
    throw unreadable(
      "csv-ambiguous",
      name,
      `sample column ${describe(titles[sample])} must repeat within a recording, got another value in every row`,
      "Name another column with sampleColumn, or leave this one out with ignoreColumns.",
    );
  }
  if (!isCounter && rows.length > 1 && !time && !rateHz) {
    throw unreadable(
      "csv-rate",
      name,
      "recordings must have a column timestamp (ms) or a given rate, got neither",
      "Give the rate in Hz (--rate) if the rows are equally spaced.",
    );
  }
  return groups;
}

function sampleOf(context: Context, group: Group): Sample {
  const { name, table, columns, axes, values } = context;
  const { id, start, end } = group;
  const metadata: { [key: string]: string } = { ...context.named };
  for (const column of context.texts) {
    const text = constantOf(table, column, group);
    if (text !== undefined && text !== "") metadata[table.titles[column]!] = text;
  }
  const sample: Sample = {
    name: id === undefined ? name : `${name}#${id}`,
    label: undefined,
    category: columns.split === undefined ? undefined : categoryOf(context, group, columns.split),
    axes,
    intervalMs: context.intervalFor(group),
    values: values.slice(start * axes.length, end * axes.length),
    signatureValidates: null,
    metadata,
  };
  const { labels } = columns;
  const isEmpty = labels.every((column) => constantOf(table, column, group) === "");
  if (labels.length === 0 || isEmpty) return sample;
  const cellsOf = (row: number): readonly string[] =>
    labels.map((column) => table.rows[start + row]![column]!.trim());
  const segments = runsOf(end - start, (row) => cellsOf(row).join(", "));
  const empty = segments.find(({ startRow }) => cellsOf(startRow).includes(""));
  if (empty) {
    const column = labels[cellsOf(empty.startRow).indexOf("")]!;
    const cell = `row ${start + empty.startRow + 2}, column ${describe(table.titles[column])}`;
    throw unreadable("csv-label", name, `${cell} must have a label, got an empty cell`);
  }
  return withSegments(sample, segments);
}

/** The text of a column when it is the same in all rows of a group. */
function constantOf({ rows }: TextTable, column: number, group: Group): string | undefined {
  const first = rows[group.start]![column]!.trim();
  for (let row = group.start + 1; row < group.end; row++) {
    if (rows[row]![column]!.trim() !== first) return undefined;
  }
  return first;
}

function categoryOf({ name, table }: Context, group: Group, column: number): Category {
  const cell = constantOf(table, column, group);
  if (cell !== undefined) return categoryOfCell(cell)!;
  throw unreadable(
    "csv-split",
    name,
    `column ${describe(table.titles[column])} must be the same in all rows of a recording, got a change within rows ${group.start + 2} to ${group.end + 1}`,
    "Name another column with splitColumn, or leave this one out with ignoreColumns.",
  );
}

/** A column that only its name makes a label must hold classes, or many numbers to predict. */
function checkLabels(
  name: string,
  { titles, rows }: TextTable,
  { labels: [label] }: Columns,
): void {
  if (label === undefined) return;
  const cells = new Set(rows.map((row) => row[label]!.trim()));
  if (cells.size > MOST_NUMBERED_CLASSES && [...cells].every(isNumber)) return;
  const odd = rows.findIndex((row) => {
    const cell = row[label]!.trim();
    return isNumber(cell) && !Number.isInteger(Number(cell));
  });
  if (odd < 0) return;
  throw unreadable(
    "csv-label",
    name,
    `row ${odd + 2}, column ${describe(titles[label])} must hold a class, got ${rows[odd]![label]!.trim()}`,
    "Name it with labelColumn (--label-column) if its numbers are classes or to be predicted, or leave it out with ignoreColumns (--ignore-columns).",
  );
}

function rateOf(name: string, rateHz: number | undefined): number | undefined {
  if (rateHz === undefined || (rateHz > 0 && Number.isFinite(rateHz))) return rateHz;
  throw unreadable("csv-rate", name, `given rate must be greater than 0 Hz, got ${rateHz}`);
}

/** Says what was taken as what, when the table is more than columns of numbers. */
function tellOf(
  { table, columns, axes, texts }: Context,
  groups: readonly Group[],
  isPlain: boolean,
  failures: readonly UserError[],
  { onNote }: ReadOptions,
): void {
  if (onNote === undefined) return;
  const title = (column: number) => `"${table.titles[column]}"`;
  const { sample, labels, split, time } = columns;
  const roles = [
    ...(sample === undefined ? [] : [`recordings from ${title(sample)}`]),
    ...(labels.length === 0 ? [] : [`labels from ${labels.map(title).join(", ")}`]),
    ...(split === undefined ? [] : [`the split from ${title(split)}`]),
  ];
  if (roles.length > 0 || texts.length > 0) {
    if (time) roles.push(`time from ${title(time.column)}`);
    if (texts.length > 0) roles.push(`text from ${texts.map(title).join(", ")}`);
    const what = isPlain
      ? `plain table, each of ${groups.length} rows a sample`
      : `table of ${groups.length} recording${groups.length === 1 ? "" : "s"}`;
    const names = axes.slice(0, NAMED_AXES).map((axis) => axis.name);
    if (axes.length > NAMED_AXES) names.push(`and ${axes.length - NAMED_AXES} more`);
    onNote(`${what}; ${roles.join(", ")}; values: ${names.join(", ")}.`);
  }
  if (labels.length === 0 && groups.length > 1) {
    onNote("no label column was found, so the file gives the label; labelColumn names one.");
  }
  if (failures.length > 0) {
    onNote(
      `${failures.length} of ${groups.length} recordings left out, first because: ${failures[0]!.message}.`,
    );
  }
}
