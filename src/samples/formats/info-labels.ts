/**
 * Reader of `info.labels`, the side file of an exported data set: category and label of every file,
 * with paths relative to itself. Large exports have one entry a line after a first line of
 * properties. Of the kinds of label `label`, `multi-label` (labels over time) and `unlabeled` are read;
 * recordings with keys and values count as unlabelled, and a note says so.
 */
import { fromUtf8 } from "../../base/bytes.ts";
import type { Placed } from "../labels.ts";
import type { Category } from "../sample.ts";
import { describe, unreadable } from "./reader.ts";
import { parseIntervals } from "./structured-labels.ts";

const CATEGORIES: readonly string[] = ["training", "testing", "validation"] satisfies Category[];

const LINES_MARK = '{"__ndjson":true,';

type Fields = { readonly [key: string]: unknown };

/** Whether a path names such a file. */
export function isInfoLabels(path: string): boolean {
  return path === "info.labels" || path.endsWith("/info.labels");
}

/**
 * Reads what an `info.labels` file says, keyed by path within the source.
 * @throws UserError `info-labels`, `structured-labels`
 */
export function readInfoLabels(
  path: string,
  bytes: Uint8Array,
): { readonly placed: Map<string, Placed>; readonly notes: string[] } {
  const folder = path.slice(0, path.length - "info.labels".length);
  const placed = new Map<string, Placed>();
  let other = 0;
  for (const entry of entriesOf(path, bytes)) {
    const file = fieldsOf(path, "an entry", entry);
    if (typeof file.path !== "string") {
      throw broken(path, `an entry must have a path, got ${describe(file.path)}`);
    }
    const label = fieldsOf(path, `the label of ${describe(file.path)}`, file.label);
    const isEmpty = Array.isArray(label.labels) && label.labels.length === 0;
    if (label.type === "multi-label" && !isEmpty) {
      placed.set(folder + relativePath(file.path), {
        label: undefined,
        intervals: parseIntervals(path, `the labels of ${describe(file.path)}`, label.labels),
        category: categoryOf(file.category),
      });
      continue;
    }
    if (label.type !== "label" && label.type !== "unlabeled" && !isEmpty) other++;
    if (label.type === "label" && typeof label.label !== "string") {
      throw broken(
        path,
        `the label of ${describe(file.path)} must be text, got ${describe(label.label)}`,
      );
    }
    placed.set(folder + relativePath(file.path), {
      label: label.type === "label" && label.label !== "" ? (label.label as string) : undefined,
      category: categoryOf(file.category),
    });
  }
  const notes =
    other === 0
      ? []
      : [
          `${path}: ${other} of ${placed.size} recordings have labels of an unknown kind and count as unlabelled.`,
        ];
  return { placed, notes };
}

function relativePath(path: string): string {
  return path.replace(/^(?:\.\/)+/, "");
}

function categoryOf(value: unknown): Category | undefined {
  return CATEGORIES.includes(value as string) ? (value as Category) : undefined;
}

function entriesOf(path: string, bytes: Uint8Array): readonly unknown[] {
  const text = fromUtf8(bytes);
  if (text === undefined) throw broken(path, "must be UTF-8, got other bytes");
  try {
    if (text.startsWith(LINES_MARK)) {
      const lines = text
        .split("\n")
        .slice(1)
        .filter((line) => line.trim() !== "");
      return lines
        .map((line) => JSON.parse(line))
        .filter((line) => line?.__key === "files")
        .map((line) => line.__item);
    }
    const files = JSON.parse(text)?.files;
    if (Array.isArray(files)) return files;
  } catch (error) {
    throw broken(path, `must be JSON, got ${describe((error as Error).message)}`);
  }
  throw broken(path, "must have a list of files, got none");
}

function fieldsOf(path: string, what: string, value: unknown): Fields {
  if (value !== null && typeof value === "object") return value as Fields;
  throw broken(path, `${what} must be an object, got ${describe(value)}`);
}

function broken(path: string, problem: string): Error {
  return unreadable("info-labels", path, problem);
}
