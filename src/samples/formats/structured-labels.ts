/**
 * Labels over time as files state them: a list of `{startIndex, endIndex, label}` in which indices
 * count rows from 0 and the end is included. It stands in `info.labels`, in the payload of an
 * acquisition file, and in a side file `structured_labels.labels` of its own:
 *
 *   {version: 1, type: "structured-labels", structuredLabels: {file: [interval, ...]}}
 */
import { fromUtf8 } from "../../base/bytes.ts";
import type { Placed } from "../labels.ts";
import type { LabelInterval } from "../segments.ts";
import { describe, unreadable } from "./reader.ts";

const FILE_NAME = "structured_labels.labels";

/** Whether a path names such a side file. */
export function isStructuredLabels(path: string): boolean {
  return path === FILE_NAME || path.endsWith(`/${FILE_NAME}`);
}

/**
 * Reads a side file, keyed by path within the source.
 * @throws UserError `structured-labels`
 */
export function readStructuredLabels(path: string, bytes: Uint8Array): Map<string, Placed> {
  const folder = path.slice(0, path.length - FILE_NAME.length);
  const text = fromUtf8(bytes);
  if (text === undefined) throw broken(path, "must be UTF-8, got other bytes");
  let root: { structuredLabels?: unknown } | null;
  try {
    root = JSON.parse(text);
  } catch (error) {
    throw broken(path, `must be JSON, got ${describe((error as Error).message)}`);
  }
  const files = root?.structuredLabels;
  if (files === null || typeof files !== "object" || Array.isArray(files)) {
    throw broken(path, `must have structuredLabels by file, got ${describe(files)}`);
  }
  return new Map(
    Object.entries(files).map(([file, entries]) => [
      folder + file.replace(/^(?:\.\/)+/, ""),
      {
        category: undefined,
        label: undefined,
        intervals: parseIntervals(path, `the labels of ${describe(file)}`, entries),
      },
    ]),
  );
}

/**
 * Checks a list of intervals from outside; whether they cover a recording, `segmentsFrom` checks.
 * @param what the list, for messages
 * @throws UserError `structured-labels`
 */
export function parseIntervals(name: string, what: string, entries: unknown): LabelInterval[] {
  if (!Array.isArray(entries) || entries.length === 0) {
    throw broken(name, `${what} must list at least one interval, got ${describe(entries)}`);
  }
  return entries.map((entry: { [key: string]: unknown } | null, index) => {
    const startIndex = entry?.startIndex;
    const endIndex = entry?.endIndex;
    const label = entry?.label;
    const which = `interval ${index + 1} in ${what}`;
    if (typeof label !== "string" || label === "") {
      throw broken(name, `${which} must have a label as text, got ${describe(label)}`);
    }
    if (typeof startIndex !== "number" || typeof endIndex !== "number") {
      const got = `${describe(startIndex)} and ${describe(endIndex)}`;
      throw broken(name, `${which} must have startIndex and endIndex as numbers, got ${got}`);
    }
    return { startIndex, endIndex, label };
  });
}

function broken(name: string, problem: string): Error {
  return unreadable("structured-labels", name, problem);
}
