/**
 * Carries out queued runs, each in a thread of its own (`run-worker.ts`), so that the server answers
 * meanwhile. It keeps the lease of a job alive, tells everybody where a run is, and sees to its end:
 * done, failed, cancelled, or interrupted when the thread died.
 */
import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { ProgressEvent } from "../pipeline/progress.ts";
import type { Claim, Job, Store } from "../store/store.ts";
import type { EpochReport } from "../train/fit.ts";
import type { ApiError, Run, ServerEvent } from "./api.ts";
import { toApiError } from "./errors.ts";
import type { Events } from "./events.ts";
import type { RunEnd, RunMessage, RunOrder, RunTask } from "./run-worker.ts";
import type { RunRequest } from "./start-run.ts";
import { throttle } from "./throttle.ts";
import { viewRun } from "./views.ts";

/** Where a run is that has not ended. */
export type LiveRun = {
  readonly progress: ProgressEvent;
  readonly history: readonly EpochReport[];
  readonly paused: boolean;
};

export type Runner = {
  /** Looks for queued runs; to be called whenever one was queued. */
  readonly wake: () => void;
  readonly live: (run: string) => LiveRun | undefined;
  /** Cancels a queued or running run. @returns false when it had ended already */
  readonly cancel: (run: string) => Promise<boolean>;
  /** Holds the training of a run, or lets it go on. @returns false when it is not running */
  readonly pause: (run: string, paused: boolean) => Promise<boolean>;
  /** Stops what is running, which becomes `interrupted`, and takes on nothing more. */
  readonly close: () => Promise<void>;
};

export type RunnerOptions = {
  readonly store: Store;
  readonly home: string;
  readonly events: Events;
  /** Runs at the same time. @default 1 */
  readonly concurrency?: number;
  /** What a thread runs; it speaks `RunMessage`. @default `run-worker.ts` */
  readonly workerModule?: URL;
};

type Active = {
  readonly thread: Worker;
  progress: ProgressEvent;
  readonly history: EpochReport[];
  paused: boolean;
  readonly stop: () => void;
  readonly ended: Promise<void>;
};

const LEASE_MS = 15_000;
const HEARTBEAT_MS = 1000;
/** A thread that was told to stop and has not after this time is ended. */
const STOP_MS = 1500;
/** What is said of failures that nobody but us can mend. */
const DEFECT: ApiError = {
  code: "internal",
  message: "run: it failed by a defect of ours; the terminal of the server says more",
};
const PROGRESS_EVENT_MS = 200;
const EPOCH_EVENT_MS = 50;

export function makeRunner(options: RunnerOptions): Runner {
  const { store, home, events, concurrency = 1 } = options;
  const { workerModule = new URL("./run-worker.ts", import.meta.url) } = options;
  const name = `server-${process.pid}-${randomUUID()}`;
  const active = new Map<string, Active>();
  let claiming: Promise<void> = Promise.resolve();
  let closed = false;

  const publish = async (id: string): Promise<void> => {
    const run = await store.runs.get(id);
    if (run) events.publish({ type: "run", run: withLive(viewRun(run), active.get(id)) });
  };
  const claimNext = async (): Promise<void> => {
    while (!closed && active.size < concurrency) {
      const job = await store.jobs.claim(name, LEASE_MS, ["run"]);
      if (!job) return;
      await begin(job).catch((error: unknown) => giveUp(job, error));
    }
  };
  const wake = (): void => {
    claiming = claiming.then(claimNext).catch(logDefect);
  };

  /** Ends a run that cannot even begin: there is no room for its folder, or no more memory. */
  const giveUp = async (job: Job, error: unknown): Promise<void> => {
    const told = toApiError(error);
    if (!told) logDefect(error);
    await store.jobs.fail(job, told ?? DEFECT);
    await publish(job.id);
  };

  const begin = async (job: Job): Promise<void> => {
    const project = await store.projects.get(job.project);
    const run = await store.runs.get(job.id);
    if (!project || !run || closed) return;
    const claim: Claim = { id: job.id, worker: job.worker, attempts: job.attempts };
    const folder = join(home, "tmp", `run-${job.id}`);
    await mkdir(folder, { recursive: true });
    const thread = new Worker(workerModule, {
      workerData: {
        home,
        claim,
        project: { id: project.id, name: project.name },
        seed: run.seed,
        request: job.request as RunRequest,
        folder,
      } satisfies RunTask,
    });
    active.set(job.id, follow(claim, thread, folder));
    await publish(job.id);
  };

  /** Listens to a thread until it has ended, and then settles its run. */
  const follow = (claim: Claim, thread: Worker, folder: string): Active => {
    const { id } = claim;
    let end: RunEnd | undefined;
    let stopped = false;
    const stop = (): void => {
      stopped = true;
      thread.postMessage("stop" satisfies RunOrder);
      setTimeout(() => thread.terminate(), STOP_MS).unref();
    };
    const beat = async (): Promise<void> => {
      const { phase, done, message = "" } = state.progress;
      if (!(await store.jobs.heartbeat(claim, LEASE_MS, { phase, done, message }))) stop();
    };
    const timer = setInterval(() => {
      beat().catch(logDefect);
    }, HEARTBEAT_MS);
    /** What still comes from a run that has been cancelled is no news. */
    const tell = (event: ServerEvent): void => {
      if (!stopped) events.publish(event);
    };
    const tellProgress = throttle(PROGRESS_EVENT_MS, ({ phase, done, message }: ProgressEvent) =>
      tell({ type: "progress", run: id, phase, done, message: message ?? null }),
    );
    const tellEpoch = throttle(EPOCH_EVENT_MS, (epoch: EpochReport) =>
      tell({ type: "epoch", run: id, ...epoch }),
    );
    thread.on("message", (message: RunMessage) => {
      if (message.type === "end") end = message.end;
      else if (message.type === "progress") {
        const { event } = message;
        // The end of a phase, and the sentence that goes with it, are never left out.
        tellProgress(event, event.done >= 1 || event.phase !== state.progress.phase);
        state.progress = event;
      } else {
        state.history.push(message.epoch);
        tellEpoch(message.epoch);
      }
    });
    thread.on("error", (error) => {
      logDefect(error);
    });
    const ended = new Promise<void>((resolve) => {
      thread.once("exit", () => {
        clearInterval(timer);
        tellProgress.flush();
        tellEpoch.flush();
        settle(claim, end, state.progress)
          .catch(logDefect)
          .then(() => rm(folder, { recursive: true, force: true }))
          .catch(logDefect)
          .then(() => {
            active.delete(id);
            resolve();
            return publish(id);
          })
          .catch(logDefect)
          .then(wake);
      });
    });
    const state: Active = {
      thread,
      progress: { phase: "read", done: 0 },
      history: [],
      paused: false,
      stop,
      ended,
    };
    return state;
  };

  const settle = async (
    claim: Claim,
    end: RunEnd | undefined,
    progress: ProgressEvent,
  ): Promise<void> => {
    const { phase, done, message = "" } = progress;
    const beat = (leaseMs: number) =>
      store.jobs.heartbeat(claim, leaseMs, { phase, done, message });
    if (end?.kind === "done" || end?.kind === "cancelled") return;
    await beat(LEASE_MS);
    if (end?.kind === "failed") await store.jobs.fail(claim, end.error);
    else if (end?.kind === "defect") {
      logDefect(end.stack);
      await store.jobs.fail(claim, DEFECT);
    } else if (end === undefined && !closed) {
      // The thread died. Its lease is given up, and so the job counts as interrupted.
      await beat(-1);
      await store.jobs.expire();
    }
  };

  return {
    wake,
    live: (run) => active.get(run),
    cancel: async (run) => {
      const cancelled = await store.jobs.cancel(run);
      active.get(run)?.stop();
      if (cancelled) await publish(run);
      return cancelled;
    },
    pause: async (run, paused) => {
      const state = active.get(run);
      if (!state) return false;
      state.thread.postMessage((paused ? "pause" : "resume") satisfies RunOrder);
      state.paused = paused;
      await publish(run);
      return true;
    },
    close: async () => {
      closed = true;
      await claiming;
      for (const { stop } of active.values()) stop();
      await Promise.all([...active.values()].map(({ ended }) => ended));
      await store.jobs.interruptAll();
    },
  };
}

/** A run as the API shows it, with the progress it has now. */
export function withLive(run: Run, live: LiveRun | undefined): Run {
  if (!live || run.status !== "running") return run;
  const { phase, done, message } = live.progress;
  return { ...run, phase, done, message: message ?? null, paused: live.paused };
}

function logDefect(error: unknown): void {
  const text = error instanceof Error ? error.stack : String(error);
  process.stderr.write(`tinsmith: run: ${text}\n`);
}
