/** The bundled example as a project: simulated hand gestures, stored once. */
import { simulateGestures } from "../samples/simulate-gestures.ts";
import type { Project, Store } from "../store/store.ts";

/** Name of the project and of the folder that the result goes to. */
export const EXAMPLE_NAME = "example-gestures";

/** What recipes of the example name as their source. */
export const EXAMPLE_SOURCE = "example:gestures";

const EXAMPLE_SEED = 1;

/** The example project; made when it is not there, and left as a person changed it otherwise. */
export async function ensureExample(store: Store): Promise<Project> {
  const found = await store.projects.findByName(EXAMPLE_NAME);
  const project = found ?? (await store.projects.create(EXAMPLE_NAME));
  // A process that was killed may have made the project and nothing in it.
  if ((await store.samples.list(project.id)).length === 0)
    await store.samples.add(project.id, simulateGestures(EXAMPLE_SEED));
  return project;
}
