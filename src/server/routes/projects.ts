/** Projects: list, create, show, delete. */
import { Type } from "typebox";
import type { Project as StoredProject } from "../../store/store.ts";
import { newProjectSchema, type Project, projectSchema } from "../api.ts";
import { type App, type Context, findProject } from "../app.ts";
import { withLive } from "../runner.ts";
import { timeText, viewRun } from "../views.ts";
import { projectParams, responses } from "./shared.ts";

export function projectRoutes(app: App, context: Context): void {
  const { store, runner, events } = context;

  const view = async ({ id, name, createdAt }: StoredProject): Promise<Project> => {
    const [samples, runs] = await Promise.all([store.samples.list(id), store.runs.list(id)]);
    const last = runs.at(-1);
    return {
      id,
      name,
      createdAt: timeText(createdAt),
      samples: samples.length,
      lastRun: last ? withLive(viewRun(last), runner.live(last.id)) : null,
    };
  };

  app.get(
    "/api/projects",
    { schema: { tags: ["projects"], response: responses(Type.Array(projectSchema)) } },
    async () => Promise.all((await store.projects.list()).map(view)),
  );
  app.post(
    "/api/projects",
    {
      schema: {
        tags: ["projects"],
        body: newProjectSchema,
        response: responses(projectSchema, 201),
      },
    },
    async (request, reply) => {
      const project = await store.projects.create(request.body.name.trim());
      events.publish({ type: "samples", project: project.id });
      return reply.code(201).send(await view(project));
    },
  );
  app.get(
    "/api/projects/:project",
    { schema: { tags: ["projects"], params: projectParams, response: responses(projectSchema) } },
    async (request) => view(await findProject(context, request.params.project)),
  );
  app.delete(
    "/api/projects/:project",
    { schema: { tags: ["projects"], params: projectParams, response: responses(null, 204) } },
    async (request, reply) => {
      const { id } = await findProject(context, request.params.project);
      for (const run of await store.runs.list(id))
        if (run.status === "queued" || run.status === "running") await runner.cancel(run.id);
      await store.projects.delete(id);
      events.publish({ type: "samples", project: id });
      return reply.code(204).send();
    },
  );
}
