/** Runs: start, list, show, cancel, and what they made. */
import { Type } from "typebox";
import { UserError } from "../../base/errors.ts";
import type { Report } from "../../pipeline/report.ts";
import type { Run as StoredRun } from "../../store/store.ts";
import {
  newRunSchema,
  type Run,
  type RunDetails,
  type RunResult,
  runResultSchema,
  runSchema,
} from "../api.ts";
import { type App, type Context, findProject, findRun } from "../app.ts";
import type { StoredDetails } from "../run-worker.ts";
import { withLive } from "../runner.ts";
import { startRun } from "../start-run.ts";
import { viewRun } from "../views.ts";
import { zipFiles } from "../zip.ts";
import { projectParams, responses, runParams } from "./shared.ts";

const fileParams = Type.Object({
  run: Type.String({ minLength: 1, maxLength: 100 }),
  "*": Type.String({ minLength: 1, maxLength: 1000 }),
});

/** What a page draws; the sides are shown with the recordings. */
function shownOf({ sides: _, ...details }: StoredDetails): RunDetails {
  return details;
}

export function runRoutes(app: App, context: Context): void {
  const { store, runner } = context;
  const view = (run: StoredRun): Run => withLive(viewRun(run), runner.live(run.id));

  const result = async (run: StoredRun): Promise<RunResult> => {
    if (run.status !== "done") {
      const history = runner.live(run.id)?.history;
      return { ...view(run), ...(history ? { details: { history, scatter: [] } } : {}) };
    }
    const stored = await store.runs.result(run.id);
    const details = stored?.details as StoredDetails | null | undefined;
    return {
      ...view(run),
      ...(stored ? { report: stored.report as Report } : {}),
      ...(details ? { details: shownOf(details) } : {}),
    };
  };

  app.post(
    "/api/projects/:project/runs",
    {
      schema: {
        tags: ["runs"],
        params: projectParams,
        body: Type.Union([newRunSchema, Type.Null()]),
        response: responses(runSchema, 201),
      },
    },
    async (request, reply) => {
      const { id } = await findProject(context, request.params.project);
      const { seed, backend, threads } = request.body ?? {};
      const run = await startRun(context, id, { seed, backend, threads });
      return reply.code(201).send(view(run));
    },
  );
  app.get(
    "/api/projects/:project/runs",
    {
      schema: {
        tags: ["runs"],
        summary: "The latest first",
        params: projectParams,
        response: responses(Type.Array(runSchema)),
      },
    },
    async (request) => {
      const { id } = await findProject(context, request.params.project);
      return (await store.runs.list(id)).map(view).reverse();
    },
  );
  app.get(
    "/api/runs/:run",
    { schema: { tags: ["runs"], params: runParams, response: responses(runResultSchema) } },
    async (request) => result(await findRun(context, request.params.run)),
  );
  app.post(
    "/api/runs/:run/cancel",
    { schema: { tags: ["runs"], params: runParams, response: responses(runSchema) } },
    async (request) => {
      const { id } = await findRun(context, request.params.run);
      if (!(await runner.cancel(id)))
        throw new UserError("run-ended", "cancel: the run must not have ended, got one that has");
      return view(await findRun(context, id));
    },
  );
  for (const [action, paused] of [
    ["pause", true],
    ["resume", false],
  ] as const)
    app.post(
      `/api/runs/:run/${action}`,
      {
        schema: {
          tags: ["runs"],
          summary: paused ? "Hold the training" : "Let the training go on",
          params: runParams,
          response: responses(runSchema),
        },
      },
      async (request) => {
        const { id } = await findRun(context, request.params.run);
        if (!(await runner.pause(id, paused)))
          throw new UserError(
            "run-not-running",
            `${action}: the run must be running, got one that is not`,
          );
        return view(await findRun(context, id));
      },
    );
  app.get(
    "/api/runs/:run/files/*",
    {
      schema: {
        tags: ["runs"],
        summary: "A file of the result: report.json, tinsmith.json, c/…",
        params: fileParams,
        response: responses(Type.Unsafe<unknown>({ description: "bytes" })),
      },
    },
    async (request, reply) => {
      const { id } = await findRun(context, request.params.run);
      const path = request.params["*"];
      const bytes = await store.artefacts.read(id, path);
      if (!bytes)
        throw new UserError(
          "file-missing",
          `download: the file must be one of the run, got ${JSON.stringify(path)}`,
        );
      const name = path.slice(path.lastIndexOf("/") + 1);
      return reply
        .type(path.endsWith(".json") ? "application/json" : "text/plain; charset=utf-8")
        .header("content-disposition", `inline; filename*=UTF-8''${encodeURIComponent(name)}`)
        .send(Buffer.from(bytes));
    },
  );
  app.get(
    "/api/runs/:run/library.zip",
    {
      schema: {
        tags: ["runs"],
        summary: "The C library as a zip, the same bytes for the same library",
        params: runParams,
        response: responses(Type.Unsafe<unknown>({ description: "application/zip" })),
      },
    },
    async (request, reply) => {
      const run = await findRun(context, request.params.run);
      if (run.status !== "done")
        throw new UserError(
          "run-not-done",
          `download: the run must be done, got one that is ${run.status}`,
        );
      const project = await findProject(context, run.project);
      const files: { path: string; bytes: Uint8Array }[] = [];
      for (const { path } of await store.artefacts.list(run.id)) {
        const bytes = path.startsWith("c/") && (await store.artefacts.read(run.id, path));
        if (bytes) files.push({ path: path.slice(2), bytes });
      }
      return reply
        .type("application/zip")
        .header(
          "content-disposition",
          `attachment; filename*=UTF-8''${encodeURIComponent(`${project.name}-c.zip`)}`,
        )
        .send(Buffer.from(zipFiles(files)));
    },
  );
}
