/** The table of projects. */
import { UserError } from "../../base/errors.ts";
import type { Project, ProjectStore } from "../store.ts";
import { freeBlobs, missing, type SqlContext } from "./context.ts";
import type { Tables } from "./tables.ts";

const LONGEST_NAME = 200;

export function sqlProjects(context: SqlContext): ProjectStore {
  const { db, now, newId } = context;
  const take = async (column: "id" | "name", value: string): Promise<Project | undefined> => {
    const row = await db
      .selectFrom("projects")
      .selectAll()
      .where(column, "=", value)
      .executeTakeFirst();
    return row && projectOf(row);
  };
  return {
    create: async (name) => {
      if (name.trim() === "" || name.length > LONGEST_NAME) {
        throw new UserError(
          "project-name",
          `project: a name must have 1 to ${LONGEST_NAME} characters, got ${name.trim() === "" ? "none" : name.length}`,
        );
      }
      const row = { id: newId(), name, created_at: now() };
      const { numInsertedOrUpdatedRows } = await db
        .insertInto("projects")
        .values(row)
        .onConflict((conflict) => conflict.column("name").doNothing())
        .executeTakeFirstOrThrow();
      if (numInsertedOrUpdatedRows !== 1n) {
        throw new UserError("project-exists", `project: the name must be new, got "${name}"`);
      }
      return projectOf(row);
    },
    get: (id) => take("id", id),
    findByName: (name) => take("name", name),
    list: async () => {
      const rows = await db.selectFrom("projects").selectAll().orderBy("id").execute();
      return rows.map(projectOf);
    },
    delete: async (id) => {
      const hashes = await db.transaction().execute(async (transaction) => {
        const runs = transaction
          .selectFrom("runs")
          .innerJoin("jobs", "jobs.id", "runs.id")
          .where("project", "=", id);
        const rows = [
          ...(await transaction
            .selectFrom("samples")
            .select("blob")
            .where("project", "=", id)
            .execute()),
          ...(await runs.select("details as blob").execute()),
          ...(await runs
            .innerJoin("artefacts", "artefacts.run", "runs.id")
            .select("artefacts.blob")
            .execute()),
        ];
        const { numDeletedRows } = await transaction
          .deleteFrom("projects")
          .where("id", "=", id)
          .executeTakeFirstOrThrow();
        if (numDeletedRows === 0n) throw missing("project", id);
        return rows.flatMap((row) => row.blob ?? []);
      });
      await freeBlobs(context, hashes);
    },
  };
}

const projectOf = (row: Tables["projects"]): Project => ({
  id: row.id,
  name: row.name,
  createdAt: row.created_at,
});
