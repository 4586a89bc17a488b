/**
 * What the archive readers share: their entries, their errors, and the limits on what an archive
 * may unpack to. Headers lie, so the limits are enforced on the bytes
 * that come out, by the inflater itself; one budget covers an archive and all archives within it.
 */
import { promisify } from "node:util";
import { gunzip, inflateRaw } from "node:zlib";
import { UserError } from "../base/errors.ts";

/** An entry as an archive format stores it, its path unchecked. */
export type ArchiveEntry = {
  readonly path: string;
  readonly kind: "file" | "folder" | "link" | "device";
  readonly bytes: Uint8Array;
};

export type ArchiveLimits = {
  /** Bytes that all entries together may have; default 1 GiB. */
  readonly totalBytes: number;
  /** Unpacked size over packed size of one entry above `ratioFreeBytes`; default 100. */
  readonly ratio: number;
  /** Entries up to this size may have any ratio: a silent recording packs well; default 16 MiB. */
  readonly ratioFreeBytes: number;
  /** Number of entries, folders included; default 100,000. */
  readonly entries: number;
  /** Archives within archives: 1 is none; default 2. */
  readonly depth: number;
};

export const ARCHIVE_LIMITS: ArchiveLimits = {
  totalBytes: 1024 * 1024 * 1024,
  ratio: 100,
  ratioFreeBytes: 16 * 1024 * 1024,
  entries: 100_000,
  depth: 2,
};

/** What is left of the limits; one object for a whole source. */
export type Budget = {
  readonly limits: ArchiveLimits;
  bytesLeft: number;
  entriesLeft: number;
};

export function makeBudget(limits: Partial<ArchiveLimits> = {}): Budget {
  const all = { ...ARCHIVE_LIMITS, ...limits };
  return { limits: all, bytesLeft: all.totalBytes, entriesLeft: all.entries };
}

/** Makes the error of an archive: `open data.zip: rule, got value`. */
export function archiveError(
  code: string,
  archive: string,
  problem: string,
  hint?: string,
): UserError {
  return new UserError(code, `open ${archive}: ${problem}`, hint);
}

/** Counts one entry. @throws UserError `archive-too-large` */
export function takeEntry(archive: string, budget: Budget): void {
  if (budget.entriesLeft === 0) {
    throw archiveError(
      "archive-too-large",
      archive,
      `must have at most ${budget.limits.entries} entries, got more`,
    );
  }
  budget.entriesLeft--;
}

/** Counts unpacked bytes. @throws UserError `archive-too-large` */
export function takeBytes(archive: string, count: number, budget: Budget): void {
  if (count > budget.bytesLeft) throw tooLarge(archive, budget);
  budget.bytesLeft -= count;
}

const inflaters = { raw: promisify(inflateRaw), gzip: promisify(gunzip) } as const;

/**
 * Inflates packed bytes and stops as soon as they exceed the budget; what comes out is counted.
 * @param what the entry, or the archive itself, for messages
 * @throws UserError `archive-too-large` or `archive-corrupt`
 */
export async function inflateWithin(
  kind: "raw" | "gzip",
  packed: Uint8Array,
  archive: string,
  what: string,
  budget: Budget,
): Promise<Uint8Array> {
  const { ratio, ratioFreeBytes } = budget.limits;
  const byRatio = Math.max(ratioFreeBytes, ratio * packed.length);
  const most = Math.min(budget.bytesLeft, byRatio);
  try {
    const out = await inflaters[kind](packed, { maxOutputLength: Math.max(1, most) });
    takeBytes(archive, out.length, budget);
    return new Uint8Array(out.buffer, out.byteOffset, out.length);
  } catch (error) {
    if (error instanceof UserError) throw error;
    if ((error as NodeJS.ErrnoException).code !== "ERR_BUFFER_TOO_LARGE") {
      throw archiveError(
        "archive-corrupt",
        archive,
        `${what} must inflate, got "${(error as Error).message}"`,
        "The archive may have been cut off while it was copied.",
      );
    }
    if (byRatio >= budget.bytesLeft) throw tooLarge(archive, budget);
    throw archiveError(
      "archive-too-large",
      archive,
      `${what} must unpack to at most ${ratio} times its ${packed.length} bytes, got more`,
      "Unpack it yourself if you trust it, and name the folder.",
    );
  }
}

function tooLarge(archive: string, budget: Budget): UserError {
  return archiveError(
    "archive-too-large",
    archive,
    `must unpack to at most ${Math.round(budget.limits.totalBytes / 1024 / 1024)} MiB, got more`,
    "Unpack it yourself if you trust it, and name the folder.",
  );
}
