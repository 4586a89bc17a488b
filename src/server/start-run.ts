/** Queues a run of a project, with the recipe the project has at that moment. */
import { openBackend } from "../host/backends.ts";
import type { Recipe } from "../pipeline/recipe.ts";
import type { Store, Run as StoredRun } from "../store/store.ts";
import type { BackendName } from "./api.ts";
import type { Events } from "./events.ts";
import { viewRun } from "./views.ts";

/** What a run is asked to do beside its seed: opaque JSON to the store. */
export type RunRequest = {
  /** Null when the designer is to choose. */
  readonly recipe: Recipe | null;
  /** What the written recipe names as its source. @default the project */
  readonly source?: string;
  /** What trains. @default WebAssembly */
  readonly backend?: BackendName;
  /** @default as many as the network is worth */
  readonly threads?: number;
};

type Needed = {
  readonly store: Store;
  readonly events: Events;
  readonly runner: { readonly wake: () => void };
};

const DEFAULT_SEED = 1;

/**
 * @param options.seed by default that of the recipe, else 1
 * @throws UserError `project-missing`, or what `openBackend` says of one that is not there
 */
export async function startRun(
  { store, events, runner }: Needed,
  project: string,
  options: {
    readonly seed?: number | undefined;
    readonly source?: string;
    readonly backend?: BackendName | undefined;
    readonly threads?: number | undefined;
  } = {},
): Promise<StoredRun> {
  const recipe = ((await store.recipes.get(project)) ?? null) as Recipe | null;
  const { seed = recipe?.seed ?? DEFAULT_SEED, source, backend, threads } = options;
  // A compiler that is missing is better said now than by a run that fails.
  if (backend !== undefined || threads !== undefined) openBackend(backend ?? "wasm", threads);
  const request: RunRequest = {
    recipe,
    ...(source === undefined ? {} : { source }),
    ...(backend === undefined ? {} : { backend }),
    ...(threads === undefined ? {} : { threads }),
  };
  const run = await store.runs.create(project, { seed, request });
  events.publish({ type: "run", run: viewRun(run) });
  runner.wake();
  return run;
}
