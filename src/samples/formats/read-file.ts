/**
 * The registry of readers: which one reads a file. A new format is one file beside this one and
 * one line in `READERS`. Extensions propose; where two formats share one, content decides.
 */
import type { Sample } from "../sample.ts";
import { isAcquisition, readAcquisition } from "./acquisition.ts";
import { readCsv } from "./csv.ts";
import { type Read, type ReadOptions, unreadable } from "./reader.ts";
import { readWav } from "./wav.ts";

type Format = {
  readonly extensions: readonly string[];
  /** Whether the first bytes fit; absent when any bytes may. */
  readonly fits?: (bytes: Uint8Array) => boolean;
  readonly read: Read;
};

const READERS: readonly Format[] = [
  { extensions: ["json", "cbor"], fits: isAcquisition, read: readAcquisition },
  { extensions: ["csv", "txt", "tsv"], read: readCsv },
  { extensions: ["wav"], read: readWav },
];

/** Files that carry a known extension without holding a recording. */
const NOT_DATA = /^(?:readme|licen[cs]e|tinsmith|package|package-lock)[^/]*\.(?:txt|json)$/i;

/** Whether a path names a file that some reader reads; all others are skipped. */
export function isReadable(path: string): boolean {
  const base = path.slice(path.lastIndexOf("/") + 1);
  return !base.startsWith(".") && !NOT_DATA.test(base) && formatsOf(base).length > 0;
}

/**
 * Reads one file of a known extension (see `isReadable`).
 * @param path path within the source, with `/`
 * @throws UserError `file-empty`, `file-content`, and those of the readers
 */
export function readFile(path: string, bytes: Uint8Array, options: ReadOptions = {}): Sample[] {
  if (bytes.length === 0) throw unreadable("file-empty", path, "must not be empty, got 0 bytes");
  const format = formatsOf(path).find(({ fits }) => fits === undefined || fits(bytes));
  if (format === undefined) {
    throw unreadable(
      "file-content",
      path,
      `must hold what its extension says, got a first byte of 0x${bytes[0]!.toString(16).padStart(2, "0")}`,
    );
  }
  return format.read(path, bytes, options);
}

function formatsOf(path: string): Format[] {
  const extension = /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase();
  return READERS.filter(
    (format) => extension !== undefined && format.extensions.includes(extension),
  );
}
