/**
 * Opens archives in memory: zip, tar, tar.gz, and a single gzipped file. What an archive is, its
 * content says. Paths that lead out of it, links, devices and repeated names are refused, and the
 * limits of `budget.ts` hold while it unpacks; nothing touches the disk.
 */
import { CancelledError } from "../base/errors.ts";
import {
  type ArchiveEntry,
  archiveError,
  type Budget,
  inflateWithin,
  makeBudget,
} from "./budget.ts";
import { isTar, readTar } from "./tar.ts";
import { isZip, readZip } from "./zip.ts";

/** A file of an archive under a checked path with `/`. */
export type ArchiveFile = { readonly path: string; readonly bytes: Uint8Array };

const ARCHIVE_NAME = /\.(?:zip|tar|tgz|tar\.gz|gz)$/i;

/** Whether a file name is that of an archive. */
export function isArchiveName(name: string): boolean {
  return ARCHIVE_NAME.test(name);
}

/** A file name without the extension of an archive. */
export function withoutArchiveExtension(name: string): string {
  return name.replace(ARCHIVE_NAME, "");
}

/**
 * Unpacks an archive into its files, in the order of the archive.
 * @param name its path, for messages; for a lone gzipped file also the name of what is inside
 * @param budget shared by archives within archives; default: a fresh one with `ARCHIVE_LIMITS`
 * @throws UserError `archive-kind`, `archive-path`, `archive-too-large`, `archive-encrypted`,
 *   `archive-method`, `archive-corrupt`; CancelledError
 */
export async function openArchive(
  bytes: Uint8Array,
  name: string,
  budget: Budget = makeBudget(),
  signal?: AbortSignal,
): Promise<ArchiveFile[]> {
  let tar = bytes;
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    const bytesLeft = budget.bytesLeft;
    tar = await inflateWithin("gzip", bytes, name, "content", budget);
    if (!isTar(tar) && !/\.(?:tgz|tar\.gz)$/i.test(name)) {
      return [{ path: withoutArchiveExtension(name.slice(name.lastIndexOf("/") + 1)), bytes: tar }];
    }
    budget.bytesLeft = bytesLeft; // the entries, which are parts of it, are counted instead
  }
  if (!isZip(bytes) && !isTar(tar)) {
    throw archiveError("archive-kind", name, "must be a zip, tar or gzip archive, got other bytes");
  }
  const entries = isZip(bytes) ? readZip(bytes, name, budget) : readTar(tar, name, budget);
  const files: ArchiveFile[] = [];
  const seen = new Set<string>();
  for await (const entry of entries) {
    if (signal?.aborted) throw new CancelledError();
    const path = checkPath(name, entry);
    if (entry.kind === "folder") continue;
    if (seen.has(path)) {
      throw archiveError("archive-path", name, `entry "${path}" must occur once, got it twice`);
    }
    seen.add(path);
    files.push({ path, bytes: entry.bytes });
  }
  return files;
}

/** The path of an entry without `.` parts. @throws UserError `archive-path` */
function checkPath(archive: string, { path, kind }: ArchiveEntry): string {
  const refuse = (got: string) =>
    archiveError(
      "archive-path",
      archive,
      `entry ${JSON.stringify(path)} must be a file within the archive, got ${got}`,
    );
  if (kind === "link") throw refuse("a link");
  if (kind === "device") throw refuse("a device");
  if (path.startsWith("/") || /^[A-Za-z]:/.test(path)) throw refuse("an absolute path");
  if (path.includes("\\")) throw refuse("a backslash");
  if (path.includes("\0")) throw refuse("a zero byte");
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw refuse("a path that leads out of it");
  if (parts.length === 0 && kind === "file") throw refuse("no name");
  return parts.join("/");
}
