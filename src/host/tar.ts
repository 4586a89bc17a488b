/**
 * Reader of tar archives: USTAR (POSIX.1-1988) with the extended headers of pax (path and size) and
 * of GNU (long names). Checksums and sizes are checked; nothing is unpacked to disk.
 */

import { type ArchiveEntry, archiveError, type Budget, takeBytes, takeEntry } from "./budget.ts";

const BLOCK = 512;

/** Extended headers are names; this many bytes hold any of them. */
const EXTENSION_BYTES = 64 * 1024;

/** Whether bytes begin with a tar header: its checksum holds. */
export function isTar(bytes: Uint8Array): boolean {
  return bytes.length >= BLOCK && checksumHolds(bytes.subarray(0, BLOCK));
}

/** Yields the entries of a tar archive, names as stored. @throws UserError `archive-…` */
export function* readTar(
  bytes: Uint8Array,
  archive: string,
  budget: Budget,
): Generator<ArchiveEntry> {
  let longPath: string | undefined;
  let longSize: number | undefined;
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const header = bytes.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return;
    if (!checksumHolds(header)) {
      throw corrupt(archive, `block ${at / BLOCK} must be a header, got a wrong checksum`);
    }
    const type = String.fromCharCode(header[156]!);
    const size = (type === "x" || type === "L" ? undefined : longSize) ?? numberAt(header, 124, 12);
    const path = longPath ?? pathOf(header);
    if (size === undefined || at + BLOCK + size > bytes.length) {
      throw corrupt(archive, `entry "${path}" must lie within the file, got ${size ?? "no"} bytes`);
    }
    const content = bytes.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + BLOCK * Math.ceil(size / BLOCK);
    takeEntry(archive, budget);

    if (type === "x" || type === "L" || type === "g") {
      if (size > EXTENSION_BYTES)
        throw corrupt(archive, `an extended header must be short, got ${size} bytes`);
      if (type === "L") longPath = textOf(content);
      if (type === "x") {
        const records = recordsOf(content, archive);
        longPath = records.get("path") ?? longPath;
        const stated = records.get("size");
        if (stated !== undefined && !/^\d{1,15}$/.test(stated)) {
          throw corrupt(archive, `an extended size must be a number, got "${stated}"`);
        }
        longSize = stated === undefined ? longSize : Number(stated);
      }
      continue;
    }
    longPath = undefined;
    longSize = undefined;
    if (type === "5") {
      yield { path, kind: "folder", bytes: new Uint8Array(0) };
    } else if (type === "0" || type === "\0" || type === "7") {
      takeBytes(archive, size, budget);
      yield { path, kind: "file", bytes: content };
    } else {
      yield {
        path,
        kind: type === "1" || type === "2" ? "link" : "device",
        bytes: new Uint8Array(0),
      };
    }
  }
}

/** The sum of all bytes with the checksum field read as blanks; old writers sum signed bytes. */
function checksumHolds(header: Uint8Array): boolean {
  const stated = numberAt(header, 148, 8);
  let sum = 0;
  let signed = 0;
  for (let i = 0; i < BLOCK; i++) {
    const byte = i >= 148 && i < 156 ? 0x20 : header[i]!;
    sum += byte;
    signed += byte < 128 ? byte : byte - 256;
  }
  return stated === sum || stated === signed;
}

/** A number in octal digits, or in binary when the first bit is set. */
function numberAt(header: Uint8Array, at: number, length: number): number | undefined {
  const field = header.subarray(at, at + length);
  if ((field[0]! & 0x80) !== 0) {
    const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
    return field[0] === 0x80 && Number.isSafeInteger(value) ? value : undefined;
  }
  const digits = /^ *([0-7]*)[ \0]*$/.exec(String.fromCharCode(...field))?.[1];
  return digits === undefined ? undefined : Number.parseInt(`0${digits}`, 8);
}

function pathOf(header: Uint8Array): string {
  const name = textOf(header.subarray(0, 100));
  const isUstar = textOf(header.subarray(257, 262)) === "ustar" && header[262] === 0;
  const prefix = isUstar ? textOf(header.subarray(345, 500)) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** Text up to the first zero byte. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** The records of a pax header: `length key=value\n`, length in bytes of the whole record. */
function recordsOf(content: Uint8Array, archive: string): Map<string, string> {
  const records = new Map<string, string>();
  let at = 0;
  while (at < content.length && content[at] !== 0) {
    const length = /^(\d{1,6}) /.exec(String.fromCharCode(...content.subarray(at, at + 7)))?.[1];
    const end = at + Number(length);
    if (length === undefined || end <= at + length.length || end > content.length) {
      throw corrupt(archive, "an extended header must hold whole records, got a broken one");
    }
    const record = new TextDecoder().decode(content.subarray(at + length.length + 1, end - 1));
    const equals = record.indexOf("=");
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at = end;
  }
  return records;
}

function corrupt(archive: string, problem: string): Error {
  return archiveError(
    "archive-corrupt",
    archive,
    problem,
    "The archive may have been cut off while it was copied.",
  );
}
