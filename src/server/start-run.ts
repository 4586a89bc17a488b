/** Queues a run of a project, with the recipe the project has at that moment. */
import type { Recipe } from "../pipeline/recipe.ts";
import type { Store, Run as StoredRun } from "../store/store.ts";
import type { Events } from "./events.ts";
import { viewRun } from "./views.ts";

/** What a run is asked to do beside its seed: opaque JSON to the store. */
export type RunRequest = {
  /** Null when the designer is to choose. */
  readonly recipe: Recipe | null;
  /** What the written recipe names as its source. @default the project */
  readonly source?: string;
};

type Needed = {
  readonly store: Store;
  readonly events: Events;
  readonly runner: { readonly wake: () => void };
};

const DEFAULT_SEED = 1;

/**
 * @param options.seed by default that of the recipe, else 1
 * @throws UserError `project-missing`
 */
export async function startRun(
  { store, events, runner }: Needed,
  project: string,
  options: { readonly seed?: number | undefined; readonly source?: string } = {},
): Promise<StoredRun> {
  const recipe = ((await store.recipes.get(project)) ?? null) as Recipe | null;
  const { seed = recipe?.seed ?? DEFAULT_SEED, source } = options;
  const request: RunRequest = { recipe, ...(source === undefined ? {} : { source }) };
  const run = await store.runs.create(project, { seed, request });
  events.publish({ type: "run", run: viewRun(run) });
  runner.wake();
  return run;
}
