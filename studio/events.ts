/**
 * Live events: one WebSocket that keeps the query cache true while runs go on. It reconnects by
 * itself, with growing pauses; after a gap everything is asked for again, since events were missed.
 * Events come faster than a screen draws, so they are applied together, a few times a second.
 */
import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import type { Project, Run, RunResult, ServerEvent } from "../src/server/api.ts";
import type { EpochReport } from "../src/train/fit.ts";
import { isActive, keys } from "./queries.ts";

const APPLY_MS = 80;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8000;

export type Connection = "connecting" | "open" | "lost";

let connection: Connection = "connecting";
const listeners = new Set<() => void>();

function setConnection(next: Connection): void {
  if (next === connection) return;
  connection = next;
  for (const listener of listeners) listener();
}

/** Whether live events arrive. */
export function useConnection(): Connection {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => connection,
  );
}

/**
 * Connects and stays connected.
 * @returns a function that ends it
 */
export function connectEvents(client: QueryClient): () => void {
  let socket: WebSocket | undefined;
  let pauseMs = FIRST_PAUSE_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let waiting: ServerEvent[] = [];
  let ended = false;

  const flush = (): void => {
    const events = waiting;
    waiting = [];
    applyEvents(client, events);
  };
  const open = (): void => {
    socket = new WebSocket(`${window.location.origin.replace(/^http/, "ws")}/api/events`);
    socket.onopen = () => {
      const missed = connection === "lost";
      pauseMs = FIRST_PAUSE_MS;
      setConnection("open");
      if (missed) client.invalidateQueries();
    };
    socket.onmessage = ({ data }) => {
      const event = parseEvent(data);
      if (event === undefined) return;
      if (waiting.length === 0) setTimeout(flush, APPLY_MS);
      waiting.push(event);
    };
    socket.onclose = () => {
      if (ended) return;
      setConnection("lost");
      timer = setTimeout(open, pauseMs);
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    };
  };
  open();
  return () => {
    ended = true;
    clearTimeout(timer);
    socket?.close();
  };
}

function parseEvent(data: unknown): ServerEvent | undefined {
  try {
    return JSON.parse(String(data)) as ServerEvent;
  } catch {
    return undefined;
  }
}

/** Brings the cache up to date with events, oldest first. */
export function applyEvents(client: QueryClient, events: readonly ServerEvent[]): void {
  const epochs = new Map<string, EpochReport[]>();
  for (const event of events) {
    switch (event.type) {
      case "progress": {
        const { phase, done, message } = event;
        changeRun(client, event.run, { status: "running", phase, done, message });
        break;
      }
      case "epoch": {
        const { type: _, run, ...epoch } = event;
        epochs.set(run, [...(epochs.get(run) ?? []), epoch]);
        break;
      }
      case "run":
        applyRun(client, event.run);
        break;
      case "samples":
        client.invalidateQueries({ queryKey: keys.samples(event.project) });
        client.invalidateQueries({ queryKey: keys.project(event.project) });
        client.invalidateQueries({ queryKey: keys.projects });
        break;
    }
  }
  for (const [run, news] of epochs) {
    client.setQueryData<readonly EpochReport[]>(keys.epochs(run), (old) => mergeEpochs(old, news));
  }
}

/** Two histories as one: a later report of an epoch stands, in the order of epochs. */
export function mergeEpochs(
  old: readonly EpochReport[] | undefined,
  news: readonly EpochReport[] | undefined,
): readonly EpochReport[] {
  const byEpoch = new Map<number, EpochReport>();
  for (const report of [...(old ?? []), ...(news ?? [])]) byEpoch.set(report.epoch, report);
  return [...byEpoch.values()].sort((a, b) => a.epoch - b.epoch);
}

function changeRun(client: QueryClient, id: string, change: Partial<Run>): void {
  // A late progress event must not wake a run that has ended, nor make what is stale look fresh:
  // undefined leaves a query as it is.
  const concerns = (run: Run): boolean => run.id === id && isActive(run.status);
  client.setQueryData<RunResult>(keys.run(id), (run) =>
    run && concerns(run) ? { ...run, ...change } : undefined,
  );
  client.setQueriesData<readonly Run[]>({ queryKey: ["runs"] }, (runs) =>
    runs?.some(concerns)
      ? runs.map((run) => (concerns(run) ? { ...run, ...change } : run))
      : undefined,
  );
}

function applyRun(client: QueryClient, run: Run): void {
  client.setQueryData<RunResult>(keys.run(run.id), (old) => old && { ...old, ...run });
  client.setQueryData<readonly Run[]>(keys.runs(run.project), (runs) =>
    runs?.some(({ id }) => id === run.id)
      ? runs.map((old) => (old.id === run.id ? run : old))
      : runs && [run, ...runs],
  );
  const latest = (project: Project): Project =>
    project.id === run.project && (project.lastRun?.createdAt ?? "") <= run.createdAt
      ? { ...project, lastRun: run }
      : project;
  client.setQueryData<Project>(keys.project(run.project), (project) => project && latest(project));
  client.setQueryData<readonly Project[]>(keys.projects, (projects) => projects?.map(latest));
  if (isActive(run.status)) return;
  // The report, the sides of the recordings and the recipe's source come with the end of a run.
  client.invalidateQueries({ queryKey: keys.run(run.id) });
  client.invalidateQueries({ queryKey: keys.samples(run.project) });
}
