/**
 * Reader of zip archives (PKWARE APPNOTE 6.3), stored and deflated entries. The central directory
 * says which entries there are; every offset and size in it is checked, and the unpacked bytes must
 * have the stated length and CRC-32. Encrypted, zip64 and multi-disk archives and links are refused.
 */
import { crc32 } from "node:zlib";
import {
  type ArchiveEntry,
  archiveError,
  type Budget,
  inflateWithin,
  takeBytes,
  takeEntry,
} from "./budget.ts";

const END_SIGNATURE = 0x06054b50;
const CENTRAL_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const END_BYTES = 22;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;
const TYPE_MASK = 0xf000;
const LINK_TYPE = 0xa000;

type Header = {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly unixMode: number;
  readonly offset: number;
};

export function isZip(bytes: Uint8Array): boolean {
  const [a, b, c, d] = bytes;
  return a === 0x50 && b === 0x4b && ((c === 3 && d === 4) || (c === 5 && d === 6));
}

/** Yields the entries of a zip archive, names as stored. @throws UserError `archive-…` */
export async function* readZip(
  bytes: Uint8Array,
  archive: string,
  budget: Budget,
): AsyncGenerator<ArchiveEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const header of headersOf(view, archive)) {
    takeEntry(archive, budget);
    const entry = `entry "${header.name}"`;
    if ((header.unixMode & TYPE_MASK) === LINK_TYPE) {
      yield { path: header.name, kind: "link", bytes: new Uint8Array(0) };
      continue;
    }
    if ((header.flags & 1) !== 0) {
      throw archiveError(
        "archive-encrypted",
        archive,
        `${entry} must not be encrypted, got a password-protected one`,
      );
    }
    if (header.name.endsWith("/")) {
      yield { path: header.name, kind: "folder", bytes: new Uint8Array(0) };
      continue;
    }
    const packed = packedOf(bytes, view, header, archive);
    let content: Uint8Array;
    if (header.method === STORED) {
      takeBytes(archive, packed.length, budget);
      content = packed;
    } else if (header.method === DEFLATED) {
      content = await inflateWithin("raw", packed, archive, entry, budget);
    } else {
      throw archiveError(
        "archive-method",
        archive,
        `${entry} must be stored or deflated, got method ${header.method}`,
      );
    }
    if (content.length !== header.bytes || crc32(content) !== header.crc) {
      throw archiveError(
        "archive-corrupt",
        archive,
        `${entry} must have the size and checksum its header states, got others`,
      );
    }
    yield { path: header.name, kind: "file", bytes: content };
  }
}

function* headersOf(view: DataView, archive: string): Generator<Header> {
  const end = endOf(view, archive);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (count === 0xffff || at === 0xffffffff || view.getUint16(end + 4, true) !== 0) {
    throw archiveError(
      "archive-method",
      archive,
      "must be a plain zip, got zip64 or several disks",
    );
  }
  const decoder = new TextDecoder();
  for (let i = 0; i < count; i++) {
    if (at + CENTRAL_BYTES > end || view.getUint32(at, true) !== CENTRAL_SIGNATURE) {
      throw corrupt(archive, `directory must have ${count} entries, got ${i}`);
    }
    const nameBytes = view.getUint16(at + 28, true);
    const rest = view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (at + CENTRAL_BYTES + nameBytes + rest > end) {
      throw corrupt(archive, `directory entry ${i} must lie within the file, got a longer one`);
    }
    yield {
      name: decoder.decode(
        new Uint8Array(view.buffer, view.byteOffset + at + CENTRAL_BYTES, nameBytes),
      ),
      flags: view.getUint16(at + 8, true),
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packedBytes: view.getUint32(at + 20, true),
      bytes: view.getUint32(at + 24, true),
      unixMode: view.getUint32(at + 38, true) >>> 16,
      offset: view.getUint32(at + 42, true),
    };
    at += CENTRAL_BYTES + nameBytes + rest;
  }
}

/** Offset of the end record, which lies before a comment of at most 64 KiB. */
function endOf(view: DataView, archive: string): number {
  const first = Math.max(0, view.byteLength - END_BYTES - 0xffff);
  for (let at = view.byteLength - END_BYTES; at >= first; at--) {
    if (view.getUint32(at, true) === END_SIGNATURE) return at;
  }
  throw corrupt(archive, "must end in a zip directory, got none");
}

/** The packed bytes of an entry: behind its local header, whose name and extra field may differ. */
function packedOf(bytes: Uint8Array, view: DataView, header: Header, archive: string): Uint8Array {
  const { name, offset, packedBytes } = header;
  if (offset + LOCAL_BYTES > bytes.length || view.getUint32(offset, true) !== LOCAL_SIGNATURE) {
    throw corrupt(archive, `entry "${name}" must begin where the directory says, got other bytes`);
  }
  const start =
    offset + LOCAL_BYTES + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  if (start + packedBytes > bytes.length) {
    throw corrupt(archive, `entry "${name}" must lie within the file, got ${packedBytes} bytes`);
  }
  return bytes.subarray(start, start + packedBytes);
}

function corrupt(archive: string, problem: string): Error {
  return archiveError(
    "archive-corrupt",
    archive,
    problem,
    "The archive may have been cut off while it was copied.",
  );
}
