/** The bundled example as a project: simulated hand gestures, stored once. */
import { EXAMPLE_NAME, EXAMPLE_SEED, simulateGestures } from "../samples/simulate-gestures.ts";
import type { Project, Store } from "../store/store.ts";

/** The example project; made when it is not there, and left as a person changed it otherwise. */
export async function ensureExample(store: Store): Promise<Project> {
  const found = await store.projects.findByName(EXAMPLE_NAME);
  const project = found ?? (await store.projects.create(EXAMPLE_NAME));
  // A process that was killed may have made the project and nothing in it.
  if ((await store.samples.list(project.id)).length === 0)
    await store.samples.add(project.id, simulateGestures(EXAMPLE_SEED));
  return project;
}
