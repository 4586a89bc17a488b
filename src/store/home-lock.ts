/**
 * One server at a time in a home. The lock is the operating system's, taken by SQLite on a file of
 * its own, so it ends with the process that holds it, however that ends; a file beside it tells the
 * next who that is.
 */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { UserError } from "../base/errors.ts";
import { fileFailure } from "./failures.ts";
import { isBusy, sqliteFailure } from "./sqlite/errors.ts";

export type HomeLock = {
  /** Says where the server listens, for the message to a second one. */
  announce(url: string): Promise<void>;
  release(): Promise<void>;
};

/** Locks of this process: what nobody refers to is closed by the garbage collector. */
const held = new Set<DatabaseSync>();

/**
 * Takes the lock of `home` (an existing folder: call `openStore` first).
 * @throws UserError `home-in-use`, naming process and address of the holder
 */
export async function lockHome(home: string): Promise<HomeLock> {
  const holderPath = join(home, "server.json");
  const database = await take(join(home, "lock.sqlite"), holderPath);
  const announce = async (url?: string): Promise<void> => {
    await writeFile(holderPath, `${JSON.stringify({ pid: process.pid, url })}\n`).catch((error) => {
      throw fileFailure(error);
    });
  };
  const release = async (): Promise<void> => {
    if (!database.isOpen) return;
    // While the lock is held, so that a successor's file is never the one that is removed.
    await rm(holderPath, { force: true }).catch(() => {});
    database.close();
    held.delete(database);
  };
  try {
    await announce();
  } catch (error) {
    await release();
    throw error;
  }
  return { announce, release };
}

async function take(path: string, holderPath: string): Promise<DatabaseSync> {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    // Nothing is ever written: the transaction stays open as long as the lock is held.
    database.exec("begin exclusive");
    held.add(database);
    return database;
  } catch (error) {
    database?.close();
    if (!isBusy(error)) throw sqliteFailure(error);
    const { pid, url } = await readHolder(holderPath);
    const place = url === undefined ? "" : ` at ${url}`;
    throw new UserError(
      "home-in-use",
      `home: one server at a time, got one${pid === undefined ? "" : ` with process id ${pid}`}${place}`,
      url === undefined
        ? "End it, or choose another --home"
        : `Open ${url}, or choose another --home`,
    );
  }
}

/** What the holder says of itself; it may just be starting or ending. */
async function readHolder(path: string): Promise<{ pid?: number; url?: string }> {
  try {
    const { pid, url } = JSON.parse(await readFile(path, "utf8"));
    return {
      ...(typeof pid === "number" ? { pid } : {}),
      ...(typeof url === "string" ? { url } : {}),
    };
  } catch {
    return {};
  }
}
