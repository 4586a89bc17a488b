/** The table of runs, each with its row in the table of jobs. */
import { fromUtf8, utf8 } from "../../base/bytes.ts";
import { UserError } from "../../base/errors.ts";
import type { ArtefactFile, Run, RunStore } from "../store.ts";
import { replaceArtefacts } from "./artefacts.ts";
import { type Db, freeBlobs, missing, type SqlContext, toJson, withBlobs } from "./context.ts";
import { changeClaimed, ended, insertJob, type JobRow, jobOf } from "./jobs.ts";

export function sqlRuns(context: SqlContext): RunStore {
  const { db, blobs, now } = context;
  return {
    create: (project, { seed, request }) =>
      db.transaction().execute(async (transaction) => {
        const job = await insertJob(context, transaction, project, "run", request);
        await transaction.insertInto("runs").values({ id: job.id, seed }).execute();
        return runOf({ ...job, seed });
      }),
    get: async (id) => {
      const row = await selectRuns(db).where("jobs.id", "=", id).executeTakeFirst();
      return row && runOf(row);
    },
    list: async (project) => {
      const rows = await selectRuns(db).where("project", "=", project).orderBy("jobs.id").execute();
      return rows.map(runOf);
    },
    finish: async (claim, { report, details, artefacts }) => {
      artefacts.forEach(checkPath);
      const contents = [utf8(toJson(details)), ...artefacts.map((file) => file.bytes)];
      return withBlobs(context, contents, async (transaction, [detailsBlob, ...hashes]) => {
        if (!(await changeClaimed(transaction, claim, ended("done", now())))) return false;
        await transaction
          .updateTable("runs")
          .set({ report: toJson(report), details: detailsBlob! })
          .where("id", "=", claim.id)
          .execute();
        await replaceArtefacts(transaction, claim.id, artefacts, hashes);
        return true;
      });
    },
    result: async (id) => {
      const row = await db
        .selectFrom("runs")
        .select(["report", "details"])
        .where("id", "=", id)
        .executeTakeFirst();
      if (!row?.report || !row.details) return undefined;
      const details = fromUtf8(await blobs.get(row.details, { verify: true }));
      return { report: JSON.parse(row.report), details: JSON.parse(details!) };
    },
    delete: async (id) => {
      const hashes = await db.transaction().execute(async (transaction) => {
        const files = await transaction
          .selectFrom("artefacts")
          .select("blob")
          .where("run", "=", id)
          .execute();
        const run = await transaction
          .deleteFrom("runs")
          .where("id", "=", id)
          .returning("details")
          .executeTakeFirst();
        if (!run) throw missing("run", id);
        await transaction.deleteFrom("jobs").where("id", "=", id).execute();
        return [...files.map((file) => file.blob), ...(run.details ? [run.details] : [])];
      });
      await freeBlobs(context, hashes);
    },
  };
}

const selectRuns = (db: Db) =>
  db.selectFrom("jobs").innerJoin("runs", "runs.id", "jobs.id").selectAll("jobs").select("seed");

function runOf(row: JobRow & { readonly seed: number }): Run {
  const { kind: _, ...job } = jobOf(row);
  return { ...job, seed: row.seed };
}

/** Paths become paths of downloads and archives, so they may not lead anywhere else. */
function checkPath({ path }: ArtefactFile): void {
  const parts = path.split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..") || /[\\\0]/.test(path)) {
    throw new UserError(
      "artefact-path",
      `artefact: a path must be relative and stay in its folder, got "${path}"`,
    );
  }
}
