/**
 * A server that answers the Studio from a mutable state, so that a test can put it into any: no
 * projects, a run that fails, a recipe that is refused, events at a certain moment. It serves the
 * built Studio too.
 */
import type { AddressInfo } from "node:net";
import fastifyStatic from "@fastify/static";
import fastifyWebsocket, { type WebSocket } from "@fastify/websocket";
import fastify, { type FastifyReply } from "fastify";
import { prepareStudio } from "../../src/cli/serve-studio.ts";
import { designChoices } from "../../src/pipeline/design-choices.ts";
import type {
  Added,
  ApiError,
  Project,
  RecipeAnswer,
  RunResult,
  SampleChange,
  SampleSummary,
  ServerEvent,
} from "../../src/server/api.ts";
import { DONE, EXAMPLE, PROJECT, SAMPLES, summaryOf, valuesOf } from "./fixtures.ts";

export type MockState = {
  projects: Project[];
  samples: { [project: string]: readonly SampleSummary[] };
  runs: RunResult[];
  recipe: RecipeAnswer["recipe"];
  /** What an upload is answered with. */
  added: Added;
  /** Refuses the next recipe. */
  recipeError?: ApiError;
};

export type Mock = {
  readonly url: string;
  readonly state: MockState;
  /** Names and bytes of what was uploaded. */
  readonly uploads: { readonly name: string; readonly bytes: Uint8Array }[];
  readonly send: (event: ServerEvent) => void;
  /** Breaks the live connections. */
  readonly dropSockets: () => void;
  readonly close: () => Promise<void>;
};

const freshState = (): MockState => ({
  projects: [EXAMPLE],
  samples: { [PROJECT]: SAMPLES },
  runs: [DONE],
  recipe: null,
  added: { added: [], unchanged: [], problems: [], skipped: [], notes: [] },
});

/** Starts a mock on a free port, with one project that has been run. */
export async function startMock(): Promise<Mock> {
  const studio = await prepareStudio(() => {});
  if (studio === undefined) throw new Error("mock: the Studio must be built, got none");
  const state = freshState();
  const uploads: Mock["uploads"] = [];
  const sockets = new Set<WebSocket>();
  const app = fastify();
  const missing = (reply: FastifyReply, what: string) =>
    reply.code(404).send({
      code: `${what}-missing`,
      message: `request: the ${what} must exist, got none`,
      hint: "It may have been deleted.",
    });
  await app.register(fastifyWebsocket);
  app.register(fastifyStatic, { root: studio });
  app.addContentTypeParser("application/octet-stream", { parseAs: "buffer" }, (_, body, done) =>
    done(null, body),
  );

  app.get("/api/design-choices", () => designChoices());
  app.get("/api/backends", () => [
    { name: "wasm", missing: null, threads: 4 },
    { name: "native", missing: "native: a C compiler must be installed", threads: 1 },
  ]);
  app.get("/api/projects", () => state.projects);
  app.post<{ Body: { name: string } }>("/api/projects", ({ body }, reply) => {
    const project = {
      ...EXAMPLE,
      id: `new-${body.name}`,
      name: body.name,
      samples: 0,
      lastRun: null,
    };
    state.projects.push(project);
    return reply.code(201).send(project);
  });
  app.get<{ Params: { project: string } }>(
    "/api/projects/:project",
    ({ params }, reply) =>
      state.projects.find(({ id }) => id === params.project) ?? missing(reply, "project"),
  );
  app.get<{ Params: { project: string } }>(
    "/api/projects/:project/samples",
    ({ params }) => state.samples[params.project] ?? [],
  );
  app.post<{ Params: { project: string }; Body: Buffer }>(
    "/api/projects/:project/samples",
    ({ headers, body, params }) => {
      uploads.push({
        name: decodeURIComponent(String(headers["x-file-name"])),
        bytes: new Uint8Array(body),
      });
      state.samples[params.project] = state.added.added;
      return state.added;
    },
  );
  app.get<{ Params: { sample: string }; Querystring: { points: string } }>(
    "/api/projects/:project/samples/:sample/values",
    ({ params, query }, reply) =>
      valuesOf(params.sample, Number(query.points)) ?? missing(reply, "sample"),
  );
  app.patch<{ Params: { project: string; sample: string }; Body: SampleChange }>(
    "/api/projects/:project/samples/:sample",
    ({ params, body }) => {
      const change = (sample: SampleSummary): SampleSummary =>
        sample.id === params.sample ? { ...sample, ...body } : sample;
      const samples = state.samples[params.project]!.map(change);
      state.samples = { ...state.samples, [params.project]: samples };
      return samples.find(({ id }) => id === params.sample);
    },
  );
  app.delete<{ Params: { project: string; sample: string } }>(
    "/api/projects/:project/samples/:sample",
    ({ params }, reply) => {
      const rest = state.samples[params.project]!.filter(({ id }) => id !== params.sample);
      state.samples = { ...state.samples, [params.project]: rest };
      return reply.code(204).send();
    },
  );
  app.get("/api/projects/:project/recipe", () => ({ recipe: state.recipe }));
  app.put<{ Body: MockState["recipe"] }>("/api/projects/:project/recipe", ({ body }, reply) => {
    if (state.recipeError) return reply.code(400).send(state.recipeError);
    state.recipe = body;
    return { recipe: body };
  });
  app.delete("/api/projects/:project/recipe", (_, reply) => {
    state.recipe = null;
    return reply.code(204).send();
  });
  app.get<{ Params: { project: string } }>("/api/projects/:project/runs", ({ params }) =>
    state.runs.filter(({ project }) => project === params.project).map(summaryOf),
  );
  app.post<{ Params: { project: string } }>("/api/projects/:project/runs", ({ params }, reply) => {
    const { report: _, details: __, ...rest } = DONE;
    const run: RunResult = {
      ...rest,
      id: `run-${state.runs.length + 1}`,
      project: params.project,
      status: "queued",
      phase: null,
      createdAt: "2026-03-02T10:00:00.000Z",
      startedAt: null,
      endedAt: null,
    };
    state.runs.push(run);
    return reply.code(201).send(run);
  });
  app.get<{ Params: { run: string } }>(
    "/api/runs/:run",
    ({ params }, reply) => state.runs.find(({ id }) => id === params.run) ?? missing(reply, "run"),
  );
  app.post<{ Params: { run: string } }>("/api/runs/:run/cancel", ({ params }) => {
    const cancelled = (run: RunResult): RunResult =>
      run.id === params.run ? { ...run, status: "cancelled" } : run;
    state.runs = state.runs.map(cancelled);
    return summaryOf(state.runs.find(({ id }) => id === params.run)!);
  });
  app.get("/api/events", { websocket: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await app.listen({ host: "127.0.0.1", port: 0 });

  const dropSockets = (): void => {
    for (const socket of sockets) socket.terminate();
  };
  return {
    url: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    state,
    uploads,
    send: (event) => {
      for (const socket of sockets) socket.send(JSON.stringify(event));
    },
    dropSockets,
    close: async () => {
      dropSockets();
      await app.close();
    },
  };
}
