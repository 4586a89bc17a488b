/**
 * A server for tests: on loopback, on a free port, with a home that is gone after the test; and
 * requests to it, with any headers, as programs, pages and attackers send them.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { WebSocket } from "ws";
import type {
  Added,
  ApiError,
  Project,
  Run,
  RunResult,
  ServerEvent,
} from "../../src/server/api.ts";
import { type ServeOptions, type Serving, serve } from "../../src/server/serve.ts";
import { filesOf, gestures, QUICK, tarOf } from "../e2e/recordings.ts";

export type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** The body as JSON; undefined when it is none. */
  readonly json: unknown;
};

export type Sent = {
  readonly method?: string;
  /** An object is sent as JSON, bytes as an upload. */
  readonly body?: object | Uint8Array | string | null;
  readonly headers?: { readonly [name: string]: string };
  /** Sends the body without saying how long it is. */
  readonly chunked?: boolean;
};

export type Client = {
  readonly url: string;
  /** Sends a request to a path that is not normalised. */
  readonly send: (path: string, sent?: Sent) => Promise<Answer>;
  /** The JSON of an answer with a status of 2xx. */
  readonly ok: <T>(path: string, sent?: Sent) => Promise<T>;
  /** Asserts a refusal. */
  readonly refused: (
    status: number,
    code: string | RegExp,
    path: string,
    sent?: Sent,
  ) => Promise<ApiError>;
};

const endings = new WeakMap<TestContext, (() => unknown)[]>();

/** Does something after the test; what was asked for last is done first. */
export function atEnd(t: TestContext, work: () => unknown): void {
  const before = endings.get(t);
  if (before) before.push(work);
  else {
    const all = [work];
    endings.set(t, all);
    t.after(async () => {
      for (let next = all.pop(); next; next = all.pop()) await next();
    });
  }
}

/** A folder that is gone after the test. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tinsmith-server-"));
  atEnd(t, () => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** A server that is closed after the test, and a client of it. */
export async function served(
  t: TestContext,
  options: Partial<ServeOptions> = {},
): Promise<{ readonly serving: Serving; readonly home: string; readonly client: Client }> {
  const home = options.home ?? (await temporaryFolder(t));
  const serving = await serve({ port: 0, ...options, home });
  atEnd(t, () => serving.close());
  return { serving, home, client: clientOf(serving.url) };
}

export function clientOf(url: string): Client {
  const send = (path: string, { method = "GET", body, headers = {}, chunked = false }: Sent = {}) =>
    new Promise<Answer>((resolve, reject) => {
      const isJson = body !== undefined && !(body instanceof Uint8Array);
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const bytes = body === undefined ? undefined : isJson ? Buffer.from(text) : body;
      const { hostname, port } = new URL(url);
      const type = isJson ? "application/json" : "application/octet-stream";
      const request = httpRequest(
        {
          hostname,
          port,
          path,
          method,
          headers: {
            ...(bytes ? { "content-type": type } : {}),
            ...(bytes && !chunked ? { "content-length": bytes.length } : {}),
            ...headers,
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const all = Buffer.concat(chunks);
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              bytes: all,
              json: parsed(all),
            });
          });
        },
      );
      request.on("error", reject);
      request.end(bytes);
    });
  return {
    url,
    send,
    ok: async <T>(path: string, sent?: Sent) => {
      const { status, json, bytes } = await send(path, sent);
      assert.ok(status >= 200 && status < 300, `${path}: ${status} ${bytes}`);
      return json as T;
    },
    refused: async (status, code, path, sent) => {
      const answer = await send(path, sent);
      const error = answer.json as ApiError;
      assert.equal(answer.status, status, `${path}: ${answer.bytes}`);
      if (typeof code === "string") assert.equal(error.code, code);
      else assert.match(error.code, code);
      assert.match(error.message, /\S/);
      assert.doesNotMatch(answer.bytes.toString(), /\bat .*:\d+:\d+|node_modules/, "a stack");
      for (const key of Object.keys(error)) assert.match(key, /^(?:code|message|hint)$/);
      return error;
    },
  };
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

export async function newProject({ ok }: Client, name = "gestures"): Promise<Project> {
  return ok<Project>("/api/projects", { method: "POST", body: { name } });
}

export function upload(
  { ok }: Client,
  project: Project,
  name: string,
  body: Uint8Array | string,
  headers: { readonly [name: string]: string } = {},
): Promise<Added> {
  return ok<Added>(`/api/projects/${project.id}/samples`, uploadOf(name, body, headers));
}

/** The request of an upload. */
export function uploadOf(
  name: string,
  body: Uint8Array | string,
  headers: { readonly [name: string]: string } = {},
): Sent {
  return {
    method: "POST",
    body: Buffer.from(body),
    headers: { "x-file-name": encodeURIComponent(name), ...headers },
  };
}

/** A project with simulated gestures and, unless told otherwise, a recipe that is quick to run. */
export async function gestureProject(client: Client, recipe: object = QUICK): Promise<Project> {
  const project = await newProject(client);
  const added = await upload(client, project, "gestures.tar", tarOf(filesOf(gestures(3))));
  assert.equal(added.added.length, 13);
  await client.ok(`/api/projects/${project.id}/recipe`, { method: "PUT", body: { recipe } });
  return project;
}

/** A recipe that trains for minutes unless it is stopped. */
export const ENDLESS: object = { ...QUICK, training: { ...QUICK.training, epochs: 100_000 } };

export function startRun({ ok }: Client, project: Project, body: object = {}): Promise<Run> {
  return ok<Run>(`/api/projects/${project.id}/runs`, { method: "POST", body });
}

/** Asks until a run has a status. */
export async function untilRun(
  { ok }: Client,
  id: string,
  hasIt: (run: RunResult) => boolean,
): Promise<RunResult> {
  for (;;) {
    const run = await ok<RunResult>(`/api/runs/${id}`);
    if (hasIt(run)) return run;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export const hasEnded = ({ status }: Run): boolean => status !== "queued" && status !== "running";

export type Listener = {
  readonly events: readonly ServerEvent[];
  /** Waits for an event, one of the past included. */
  readonly until: (isIt: (event: ServerEvent) => boolean) => Promise<ServerEvent>;
};

/** Connects to the events of a server. */
export async function listen(t: TestContext, url: string): Promise<Listener> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/events`);
  atEnd(t, () => socket.terminate());
  const events: ServerEvent[] = [];
  const waiting = new Set<() => void>();
  socket.on("message", (data) => {
    events.push(JSON.parse(String(data)) as ServerEvent);
    for (const look of [...waiting]) look();
  });
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return {
    events,
    until: (isIt) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = events.find(isIt);
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}
