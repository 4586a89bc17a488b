/**
 * The HTTP server: every route, what guards them, the OpenAPI document and the Studio's files, as
 * one Fastify app that does not listen yet. `serve.ts` gives it a store and a port.
 */
import type { Socket } from "node:net";
import swagger from "@fastify/swagger";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import websocket from "@fastify/websocket";
import fastify from "fastify";
import type { Store } from "../store/store.ts";
import { makeAdder } from "./adder.ts";
import type { App, Context } from "./app.ts";
import { addErrorHandlers, refuseMalformed } from "./errors.ts";
import type { Events } from "./events.ts";
import { addPage } from "./page.ts";
import { backendRoutes } from "./routes/backends.ts";
import { eventRoutes } from "./routes/events.ts";
import { healthRoutes, VERSION } from "./routes/health.ts";
import { projectRoutes } from "./routes/projects.ts";
import { recipeRoutes } from "./routes/recipes.ts";
import { runRoutes } from "./routes/runs.ts";
import { sampleRoutes } from "./routes/samples.ts";
import type { Runner } from "./runner.ts";
import { addSecurity } from "./security.ts";
import { UPLOAD_BYTES } from "./upload.ts";
import { addValidation } from "./validation.ts";

export type ServerOptions = {
  readonly store: Store;
  /** Folder of the store. */
  readonly home: string;
  readonly runner: Runner;
  readonly events: Events;
  /** The built Studio. */
  readonly studioDirectory?: string | undefined;
  /** Most bytes of one upload. @default 256 MiB */
  readonly uploadBytes?: number;
};

const JSON_BYTES = 1024 * 1024;
const EVENT_BYTES = 1024;

/** Answers under way may take so long to end when the server closes. */
const GRACE_MS = 500;

const ROUTES = [
  healthRoutes,
  backendRoutes,
  projectRoutes,
  sampleRoutes,
  recipeRoutes,
  runRoutes,
  eventRoutes,
];

export function makeServer(options: ServerOptions): App {
  const { store, home, runner, events, uploadBytes = UPLOAD_BYTES } = options;
  const app: App = fastify({
    bodyLimit: JSON_BYTES,
    routerOptions: { maxParamLength: 1000 },
    forceCloseConnections: true,
    frameworkErrors: refuseMalformed,
  }).withTypeProvider<TypeBoxTypeProvider>();
  const context: Context = { store, home, runner, events, uploadBytes, adder: makeAdder(home) };
  app.addHook("onClose", () => context.adder.close());
  endConnections(app);

  addSecurity(app);
  addErrorHandlers(app);
  addValidation(app);
  app.removeContentTypeParser("text/plain");
  // Uploads stay a stream, and have a limit of their own.
  app.addContentTypeParser(
    "application/octet-stream",
    { bodyLimit: uploadBytes },
    (_, body, done) => done(null, body),
  );
  app.register(websocket, { options: { maxPayload: EVENT_BYTES } });
  app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Tinsmith",
        version: VERSION,
        description: "Recordings of sensors to verified C, on your own machine.",
      },
    },
  });
  app.register(async (scope) => {
    for (const addRoutes of ROUTES) addRoutes(scope as unknown as App, context);
    scope.get("/api/openapi.json", { schema: { hide: true } }, async () => app.swagger());
  });
  addPage(app, options.studioDirectory);
  return app;
}

/** Ends what is still connected a moment after closing began: a browser keeps lines open. */
function endConnections(app: App): void {
  const sockets = new Set<Socket>();
  app.server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  app.addHook("preClose", async () => {
    setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, GRACE_MS).unref();
  });
}
