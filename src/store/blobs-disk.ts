/**
 * Blobs as files: `ab/cdef...` under a folder, named by their hash. A file appears under its name
 * only when all of it is on the disk (temporary name, fsync, rename, fsync of the folder), so a
 * killed process leaves at most a temporary file.
 */
import { createHash, randomUUID } from "node:crypto";
import { access, mkdir, open, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UserError } from "../base/errors.ts";
import type { BlobStore } from "./blobs.ts";
import { fileFailure } from "./failures.ts";

const HASH = /^[0-9a-f]{64}$/;
const SHARD = /^[0-9a-f]{2}$/;
/** Temporary files older than this belong to a process that was killed. */
const ABANDONED_MS = 3_600_000;

/** Opens the folder, which is created when missing. */
export async function openDiskBlobs(folder: string): Promise<BlobStore> {
  const temporary = join(folder, "tmp");
  await onDisk(() => mkdir(temporary, { recursive: true }));
  await onDisk(() => removeAbandoned(temporary));

  /** @throws Error for what is not a hash, which keeps paths within the folder */
  const pathOf = (hash: string): string => {
    if (!HASH.test(hash)) throw new Error(`blob: a name must be a SHA-256, got "${hash}"`);
    return join(folder, hash.slice(0, 2), hash.slice(2));
  };

  const put = async (bytes: Uint8Array): Promise<string> => {
    const hash = sha256(bytes);
    const path = pathOf(hash);
    if (!((await holds(path, hash)) && (await touch(path)))) await write(path, bytes);
    // Also for a file that is there: who wrote it may be about to do this.
    await syncFolder(dirname(path));
    return hash;
  };

  const write = async (path: string, bytes: Uint8Array): Promise<void> => {
    if ((await mkdir(dirname(path), { recursive: true })) !== undefined) await syncFolder(folder);
    const partial = join(temporary, randomUUID());
    try {
      const file = await open(partial, "wx");
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(partial, path);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
  };

  const get = async (hash: string, verify: boolean): Promise<Uint8Array> => {
    const bytes = await readFile(pathOf(hash)).catch(missingAs(undefined));
    if (bytes === undefined) throw blobError("missing", hash);
    if (verify && sha256(bytes) !== hash) throw blobError("damaged", hash);
    return bytes;
  };

  return {
    put: (bytes) => onDisk(() => put(bytes)),
    get: (hash, options) => onDisk(() => get(hash, options?.verify ?? false)),
    has: (hash) => onDisk(() => access(pathOf(hash)).then(() => true as boolean, missingAs(false))),
    list: (options) => onDisk(() => listBlobs(folder, options?.olderThanMs ?? 0)),
    delete: (hash) =>
      onDisk(async () => {
        const size = (await stat(pathOf(hash)).catch(missingAs(undefined)))?.size;
        if (size === undefined) return 0;
        await rm(pathOf(hash), { force: true });
        return size;
      }),
  };
}

async function listBlobs(folder: string, olderThanMs: number): Promise<readonly string[]> {
  const latestMs = Date.now() - olderThanMs;
  const hashes: string[] = [];
  for (const shard of await readdir(folder)) {
    if (!SHARD.test(shard)) continue;
    for (const rest of await readdir(join(folder, shard))) {
      if (!HASH.test(shard + rest)) continue;
      const modified = (await stat(join(folder, shard, rest)).catch(missingAs(undefined)))?.mtimeMs;
      if (modified !== undefined && modified <= latestMs) hashes.push(shard + rest);
    }
  }
  return hashes;
}

async function removeAbandoned(temporary: string): Promise<void> {
  for (const name of await readdir(temporary)) {
    const path = join(temporary, name);
    const modified = (await stat(path).catch(missingAs(undefined)))?.mtimeMs;
    if (modified !== undefined && modified < Date.now() - ABANDONED_MS) {
      await rm(path, { force: true });
    }
  }
}

/** Whether the file holds what its name says; one that was damaged is written again. */
async function holds(path: string, hash: string): Promise<boolean> {
  const bytes = await readFile(path).catch(missingAs(undefined));
  return bytes !== undefined && sha256(bytes) === hash;
}

/** Sets the time of the last put; false when the file has just been deleted. */
function touch(path: string): Promise<boolean> {
  const now = new Date();
  return utimes(path, now, now).then(() => true as boolean, missingAs(false));
}

/** Makes renames and new files in a folder survive a power cut. */
async function syncFolder(path: string): Promise<void> {
  // Windows has no such call; there the file system's journal keeps the order.
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A handler for `catch` that turns a missing file into a value. */
function missingAs<T>(value: T): (error: unknown) => T {
  return (error) => {
    if ((error as { code?: unknown }).code === "ENOENT") return value;
    throw error;
  };
}

function blobError(what: "missing" | "damaged", hash: string): UserError {
  return new UserError(
    `blob-${what}`,
    `store: stored bytes must be there and intact, got a ${what} blob ${hash.slice(0, 12)}`,
    "Add the file it came from again",
  );
}

async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileFailure(error);
  }
}
