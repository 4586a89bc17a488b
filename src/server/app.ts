/** What routes share: the typed Fastify app and the things they act on. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import { UserError } from "../base/errors.ts";
import type { Project, Store, Run as StoredRun, StoredSample } from "../store/store.ts";
import type { Adder } from "./adder.ts";
import type { Events } from "./events.ts";
import type { Runner } from "./runner.ts";

export type App = FastifyInstance<
  Server,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

export type Context = {
  readonly store: Store;
  /** Folder of the store; uploads on their way lie in `tmp` below it. */
  readonly home: string;
  readonly events: Events;
  readonly runner: Runner;
  readonly adder: Adder;
  /** Most bytes of one upload. */
  readonly uploadBytes: number;
};

/** @throws UserError `project-missing` */
export async function findProject({ store }: Context, id: string): Promise<Project> {
  const project = await store.projects.get(id);
  if (project) return project;
  throw missing("project", id);
}

/** A sample of that project. @throws UserError `sample-missing` */
export async function findSample(
  { store }: Context,
  project: string,
  id: string,
): Promise<StoredSample> {
  const sample = await store.samples.get(id);
  if (sample && sample.project === project) return sample;
  throw missing("sample", id);
}

/** @throws UserError `run-missing` */
export async function findRun({ store }: Context, id: string): Promise<StoredRun> {
  const run = await store.runs.get(id);
  if (run) return run;
  throw missing("run", id);
}

function missing(noun: string, id: string): UserError {
  return new UserError(
    `${noun}-missing`,
    `request: the ${noun} must exist, got ${JSON.stringify(id)}`,
  );
}
