/** The table of artefacts: the files that a run has made. */
import type { Transaction } from "kysely";
import type { ArtefactFile, ArtefactStore } from "../store.ts";
import type { SqlContext } from "./context.ts";
import type { Tables } from "./tables.ts";

export function sqlArtefacts({ db, blobs }: SqlContext): ArtefactStore {
  return {
    list: (run) =>
      db.selectFrom("artefacts").selectAll().where("run", "=", run).orderBy("path").execute(),
    read: async (run, path) => {
      const row = await db
        .selectFrom("artefacts")
        .select("blob")
        .where("run", "=", run)
        .where("path", "=", path)
        .executeTakeFirst();
      return row && blobs.get(row.blob, { verify: true });
    },
  };
}

/** Makes `files` the artefacts of a run. @param hashes the blobs of the files, in their order */
export async function replaceArtefacts(
  transaction: Transaction<Tables>,
  run: string,
  files: readonly ArtefactFile[],
  hashes: readonly string[],
): Promise<void> {
  await transaction.deleteFrom("artefacts").where("run", "=", run).execute();
  for (const [i, { path, bytes }] of files.entries()) {
    await transaction
      .insertInto("artefacts")
      .values({ run, path, size: bytes.length, blob: hashes[i]! })
      .execute();
  }
}
