/**
 * Opens the store of one machine: SQLite and blobs in a folder, the home (`~/.tinsmith` unless
 * told otherwise).
 */
import { constants } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../base/errors.ts";
import { openDiskBlobs } from "./blobs-disk.ts";
import { fileFailure, notWritable } from "./failures.ts";
import { idMaker } from "./ids.ts";
import { sqlStore } from "./sql/sql-store.ts";
import { openDatabase } from "./sqlite/open-database.ts";
import type { Store } from "./store.ts";

export type OpenOptions = {
  /** Milliseconds since 1970; tests set it. @default Date.now */
  readonly clock?: () => number;
};

/**
 * Opens the store in `home`, which is created when missing. Several processes may have it open; the
 * server takes `lockHome` besides.
 * @throws UserError `home-not-directory`, `home-not-writable`, `disk-full`, `store-newer`,
 * `store-damaged`
 */
export async function openStore(home: string, options: OpenOptions = {}): Promise<Store> {
  await prepareHome(home);
  const blobs = await openDiskBlobs(join(home, "blobs"));
  const db = await openDatabase(join(home, "tinsmith.sqlite"));
  const now = options.clock ?? Date.now;
  const makeId = idMaker();
  return sqlStore({ db, blobs, now, newId: () => makeId(now()) });
}

async function prepareHome(home: string): Promise<void> {
  try {
    // Recordings are their owner's alone.
    await mkdir(home, { recursive: true, mode: 0o700 });
    await access(home, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === "EEXIST" || code === "ENOTDIR") {
      throw new UserError("home-not-directory", `home: it must be a folder, got "${home}"`);
    }
    // What Node says of a folder that cannot be made on a read-only file system.
    if (code === "ENOENT") throw notWritable(error);
    throw fileFailure(error);
  }
}
