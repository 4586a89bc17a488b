/** The Store port on SQL and blobs: the tables' modules put together. */
import type { Store } from "../store.ts";
import { sqlArtefacts } from "./artefacts.ts";
import { deleteUnused, type SqlContext } from "./context.ts";
import { sqlJobs } from "./jobs.ts";
import { sqlProjects } from "./projects.ts";
import { sqlRecipes } from "./recipes.ts";
import { sqlRuns } from "./runs.ts";
import { sqlSamples } from "./samples.ts";

const GRACE_MS = 600_000;

/** @param context with a database that has been migrated; closing the store closes it */
export function sqlStore(context: SqlContext): Store {
  return {
    projects: sqlProjects(context),
    samples: sqlSamples(context),
    recipes: sqlRecipes(context),
    jobs: sqlJobs(context),
    runs: sqlRuns(context),
    artefacts: sqlArtefacts(context),
    blobs: context.blobs,
    collectGarbage: async (options) => {
      const olderThanMs = options?.graceMs ?? GRACE_MS;
      return deleteUnused(context, await context.blobs.list({ olderThanMs }));
    },
    close: () => context.db.destroy(),
  };
}
