/**
 * Uploads on their way to disk: the bytes of a request go into a folder of their own below the home,
 * as large as a limit allows, and are read from there like any folder of this machine. Nothing of
 * them is kept in memory, and nothing of the name they came with leads out of the folder.
 */
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { UserError } from "../base/errors.ts";
import { isArchiveName } from "../host/archives.ts";

/** What a stream fails with when the sender goes away. */
const BROKEN_OFF: ReadonlySet<string> = new Set(["ECONNRESET", "ERR_STREAM_PREMATURE_CLOSE"]);

/** Most bytes of one upload. */
export const UPLOAD_BYTES: number = 256 * 1024 * 1024;

export type Upload = {
  /** What is to be read: the archive itself, or the folder that holds the file under its path. */
  readonly path: string;
  readonly remove: () => Promise<void>;
};

/**
 * The path that a header states, checked.
 * @param header percent-encoded path with `/`
 * @throws UserError `file-name`
 */
export function uploadName(header: string | undefined): string {
  const refuse = (got: string) =>
    new UserError(
      "file-name",
      `upload: the header x-file-name must be a relative path, percent-encoded, got ${got}`,
    );
  if (header === undefined || header === "") throw refuse("nothing");
  let name: string;
  try {
    name = decodeURIComponent(header);
  } catch {
    throw refuse("a wrong encoding");
  }
  if (name.length > 1000) throw refuse(`${name.length} characters`);
  if (name.startsWith("/") || /^[A-Za-z]:/.test(name)) throw refuse("an absolute path");
  if (/[\\\p{Cc}]/u.test(name)) throw refuse("a backslash or a control character");
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw refuse("a path that leads out");
  if (parts.length === 0) throw refuse("no name");
  if (parts.some((part) => Buffer.byteLength(part) > 200)) throw refuse("a very long name");
  return parts.join("/");
}

/**
 * Writes a body to disk.
 * @param folder where uploads go; made when missing
 * @throws UserError `body-too-large`; then, and when the sender breaks off, nothing is left
 */
export async function receiveUpload(
  body: Readable,
  name: string,
  folder: string,
  limitBytes: number,
): Promise<Upload> {
  await mkdir(folder, { recursive: true });
  const own = await mkdtemp(join(folder, "upload-"));
  const remove = () => rm(own, { recursive: true, force: true });
  // Paths within an archive count from the archive; that of a lone file from the dropped folder.
  const isArchive = isArchiveName(name) && !/(?<!\.tar)\.gz$/i.test(name);
  const base = name.slice(name.lastIndexOf("/") + 1);
  const file = join(own, "files", isArchive ? base : name);
  try {
    await mkdir(dirname(file), { recursive: true });
    await pipeline(body, limiter(name, limitBytes), createWriteStream(file));
  } catch (error) {
    await remove();
    throw BROKEN_OFF.has(String((error as { code?: unknown }).code)) ? brokenOff(name) : error;
  }
  return { path: isArchive ? file : join(own, "files"), remove };
}

function brokenOff(name: string): UserError {
  return new UserError(
    "body-incomplete",
    `upload ${name}: all of the file must arrive, got a part`,
  );
}

function limiter(name: string, limitBytes: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _, next) {
      bytes += chunk.length;
      if (bytes <= limitBytes) return next(null, chunk);
      next(
        new UserError(
          "body-too-large",
          `upload ${name}: the file must have at most ${limitBytes} bytes, got more`,
          "Import the folder by its path instead.",
        ),
      );
    },
  });
}
