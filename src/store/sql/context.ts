/** What the tables' modules share: the database, the blobs, a clock, and how blobs are referred to. */
import type { Kysely, Transaction } from "kysely";
import { UserError } from "../../base/errors.ts";
import type { BlobStore } from "../blobs.ts";
import type { Tables } from "./tables.ts";

export type Db = Kysely<Tables>;

export type SqlContext = {
  readonly db: Db;
  readonly blobs: BlobStore;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly newId: () => string;
};

/** How many blobs are written at a time. */
const PUTS = 8;
/** How many blobs one transaction deletes at most: others wait for it. */
const DELETES = 64;

/**
 * Puts blobs, then runs `work` in a transaction that may refer to them. A garbage collector that
 * deleted one of them in between did so before the transaction began, since both hold the write
 * lock; then the blobs are put again.
 * @param work gets the hashes in the order of `contents`
 */
export async function withBlobs<T>(
  { db, blobs }: SqlContext,
  contents: readonly Uint8Array[],
  work: (transaction: Transaction<Tables>, hashes: readonly string[]) => Promise<T>,
): Promise<T> {
  for (;;) {
    const hashes = await putAll(blobs, contents);
    const result = await db.transaction().execute(async (transaction) => {
      for (const hash of new Set(hashes)) if (!(await blobs.has(hash))) return undefined;
      return { value: await work(transaction, hashes) };
    });
    if (result) return result.value;
  }
}

async function putAll(blobs: BlobStore, contents: readonly Uint8Array[]): Promise<string[]> {
  const hashes: string[] = [];
  for (let i = 0; i < contents.length; i += PUTS) {
    const some = await Promise.allSettled(
      contents.slice(i, i + PUTS).map((bytes) => blobs.put(bytes)),
    );
    for (const put of some) {
      if (put.status === "rejected") throw put.reason;
      hashes.push(put.value);
    }
  }
  return hashes;
}

/** Deletes those of the blobs that no row refers to. */
export async function deleteUnused(
  { db, blobs }: SqlContext,
  hashes: Iterable<string>,
): Promise<{ blobs: number; bytes: number }> {
  const freed = { blobs: 0, bytes: 0 };
  const candidates = [...new Set(hashes)];
  for (let i = 0; i < candidates.length; i += DELETES) {
    const some = candidates.slice(i, i + DELETES);
    // The transaction holds the write lock while files are deleted: see `withBlobs`.
    await db.transaction().execute(async (transaction) => {
      const used = await referencesTo(transaction, some);
      for (const hash of some) {
        if (used.has(hash)) continue;
        const bytes = await blobs.delete(hash);
        freed.bytes += bytes;
        freed.blobs += bytes > 0 ? 1 : 0;
      }
    });
  }
  return freed;
}

/** Frees the blobs of deleted rows; what cannot be freed now is left to `collectGarbage`. */
export async function freeBlobs(context: SqlContext, hashes: Iterable<string>): Promise<void> {
  await deleteUnused(context, hashes).catch(() => {});
}

/** Those of `hashes` that some row refers to: every column that names a blob is listed here. */
async function referencesTo(db: Db, hashes: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom("samples")
    .select("blob")
    .where("blob", "in", hashes)
    .union(db.selectFrom("artefacts").select("blob").where("blob", "in", hashes))
    .union(
      db
        .selectFrom("runs")
        .select((column) => column.ref("details").$notNull().as("blob"))
        .where("details", "in", hashes),
    )
    .execute();
  return new Set(rows.map((row) => row.blob));
}

/** @throws UserError `project-missing` */
export async function requireProject(db: Db, id: string): Promise<void> {
  const row = await db.selectFrom("projects").select("id").where("id", "=", id).executeTakeFirst();
  if (!row) throw missing("project", id);
}

/** The UserError for an id that is not there. */
export function missing(what: "project" | "sample" | "run", id: string): UserError {
  return new UserError(`${what}-missing`, `${what}: it must exist, got id "${id}"`);
}

/** Opaque JSON as text; undefined, which JSON does not have, is null. */
export const toJson = (value: unknown): string => JSON.stringify(value ?? null);
