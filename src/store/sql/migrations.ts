/**
 * Brings a database to the newest version, one numbered step after the other, forward only. All of
 * it is one transaction: a killed process leaves the old version.
 */
import type { Kysely, Transaction } from "kysely";
import { UserError } from "../../base/errors.ts";
import type { Tables } from "./tables.ts";

/** Step i leads from version i to i + 1. A released step never changes; a new one is appended. */
const STEPS: readonly ((db: Transaction<Tables>) => Promise<void>)[] = [createTables];

/** @throws UserError `store-newer` */
export async function migrate(db: Kysely<Tables>): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await transaction.schema
      .createTable("version")
      .ifNotExists()
      .addColumn("number", "integer", (column) => column.notNull())
      .execute();
    const row = await transaction.selectFrom("version").select("number").executeTakeFirst();
    const found = row?.number ?? 0;
    if (found > STEPS.length) {
      throw new UserError(
        "store-newer",
        `store: the version of the database must be at most ${STEPS.length}, got ${found}`,
        "This home was used by a newer tinsmith: update this one, or choose another --home",
      );
    }
    if (row === undefined) await transaction.insertInto("version").values({ number: 0 }).execute();
    for (const step of STEPS.slice(found)) await step(transaction);
    if (found < STEPS.length)
      await transaction.updateTable("version").set({ number: STEPS.length }).execute();
  });
}

async function createTables(db: Transaction<Tables>): Promise<void> {
  await db.schema
    .createTable("projects")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("name", "text", (column) => column.notNull().unique())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("samples")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("project", "text", (column) =>
      column.notNull().references("projects.id").onDelete("cascade"),
    )
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("label", "text")
    .addColumn("segments", "text")
    .addColumn("category", "text")
    .addColumn("axes", "text", (column) => column.notNull())
    .addColumn("interval_ms", "double precision", (column) => column.notNull())
    .addColumn("rows", "bigint", (column) => column.notNull())
    .addColumn("metadata", "text", (column) => column.notNull())
    .addColumn("signature_validates", "integer")
    .addColumn("blob", "text", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addUniqueConstraint("samples_project_name", ["project", "name"])
    .execute();
  await db.schema
    .createTable("recipes")
    .addColumn("project", "text", (column) =>
      column.primaryKey().references("projects.id").onDelete("cascade"),
    )
    .addColumn("recipe", "text", (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("jobs")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("project", "text", (column) =>
      column.notNull().references("projects.id").onDelete("cascade"),
    )
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("request", "text", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("phase", "text", (column) => column.notNull().defaultTo(""))
    .addColumn("done", "double precision", (column) => column.notNull().defaultTo(0))
    .addColumn("message", "text", (column) => column.notNull().defaultTo(""))
    .addColumn("error", "text")
    .addColumn("worker", "text")
    .addColumn("lease_until", "bigint")
    .addColumn("attempts", "integer", (column) => column.notNull().defaultTo(0))
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("started_at", "bigint")
    .addColumn("ended_at", "bigint")
    .execute();
  await db.schema
    .createTable("runs")
    .addColumn("id", "text", (column) =>
      column.primaryKey().references("jobs.id").onDelete("cascade"),
    )
    .addColumn("seed", "bigint", (column) => column.notNull())
    .addColumn("report", "text")
    .addColumn("details", "text")
    .execute();
  await db.schema
    .createTable("artefacts")
    .addColumn("run", "text", (column) =>
      column.notNull().references("runs.id").onDelete("cascade"),
    )
    .addColumn("path", "text", (column) => column.notNull())
    .addColumn("size", "bigint", (column) => column.notNull())
    .addColumn("blob", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("artefacts_run_path", ["run", "path"])
    .execute();
  await db.schema.createIndex("samples_blob").on("samples").column("blob").execute();
  await db.schema.createIndex("artefacts_blob").on("artefacts").column("blob").execute();
  await db.schema.createIndex("runs_details").on("runs").column("details").execute();
  await db.schema.createIndex("jobs_status").on("jobs").columns(["status", "id"]).execute();
  await db.schema.createIndex("jobs_project").on("jobs").column("project").execute();
}
