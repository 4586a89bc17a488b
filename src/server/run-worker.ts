/**
 * The thread that carries out one run: loads the project's samples from the store, runs the
 * pipeline, and stores report, details and files. It tells the server where it is and stops when
 * told; a thread that dies leaves a run without a result, never half of one.
 */
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { CancelledError } from "../base/errors.ts";
import { openBackend } from "../host/backends.ts";
import { nodeHost } from "../host/node-host.ts";
import type { ProgressEvent } from "../pipeline/progress.ts";
import type { Recipe } from "../pipeline/recipe.ts";
import type { Report } from "../pipeline/report.ts";
import { type RunDetails, runPipeline } from "../pipeline/run.ts";
import { splitProject } from "../pipeline/split-project.ts";
import { alignSamples } from "../samples/layout.ts";
import type { Part } from "../samples/part.ts";
import type { Sample } from "../samples/sample.ts";
import { openStore } from "../store/open-store.ts";
import type { ArtefactFile, Claim } from "../store/store.ts";
import type { EpochReport } from "../train/fit.ts";
import { makePauseSwitch } from "../train/pause-switch.ts";
import type { ApiError, Side } from "./api.ts";
import { toApiError } from "./errors.ts";
import type { RunRequest } from "./start-run.ts";

export type RunTask = {
  readonly home: string;
  readonly claim: Claim;
  readonly project: { readonly id: string; readonly name: string };
  readonly seed: number;
  readonly request: RunRequest;
  /** Folder for what the run writes; the server removes it. */
  readonly folder: string;
};

export type RunMessage =
  | { readonly type: "progress"; readonly event: ProgressEvent }
  | { readonly type: "epoch"; readonly epoch: EpochReport }
  | { readonly type: "end"; readonly end: RunEnd };

/** What the server says to the thread. */
export type RunOrder = "stop" | "pause" | "resume";

export type RunEnd =
  /** `stored` is false when the run was cancelled meanwhile. */
  | { readonly kind: "done"; readonly stored: boolean }
  | { readonly kind: "cancelled" }
  | { readonly kind: "failed"; readonly error: ApiError }
  | { readonly kind: "defect"; readonly stack: string };

/** What the store keeps as the details of a run: what the API gives, and the sides of samples. */
export type StoredDetails = RunDetails & { readonly sides: { readonly [name: string]: Side } };

const task = workerData as RunTask;
const controller = new AbortController();
const send = (message: RunMessage): void => parentPort!.postMessage(message);
const pause = makePauseSwitch();
parentPort!.on("message", (message: RunOrder) => {
  if (message === "pause") pause.pause();
  else if (message === "resume") pause.resume();
  else controller.abort();
});

async function carryOut(): Promise<RunEnd> {
  const { signal } = controller;
  const began = performance.now();
  const onProgress = (event: ProgressEvent): void => send({ type: "progress", event });
  onProgress({ phase: "read", done: 0 });
  const store = await openStore(task.home);
  try {
    const samples = await store.samples.load(task.project.id);
    if (signal.aborted) throw new CancelledError();
    onProgress({ phase: "read", done: 1, message: `${samples.length} recordings` });
    const host = nodeHost(signal);
    const outputDirectory = join(task.folder, "out");
    const { name } = task.project;
    const { recipe, source = `project:${name}`, backend, threads } = task.request;
    const { report, details } = await runPipeline(
      { name, samples },
      {
        ...(recipe ? { recipe: { ...recipe, seed: task.seed } } : {}),
        seed: task.seed,
        source,
        outputDirectory,
        host,
        backend: openBackend(backend ?? "wasm", threads),
        signal,
        pause,
        onProgress,
        onEpoch: (epoch) => send({ type: "epoch", epoch }),
        readSeconds: (performance.now() - began) / 1000,
      },
    );
    const kept: Report = { ...report, artefact: { ...report.artefact, directory: "c" } };
    const paths = [...report.artefact.files.map(({ path }) => path), "tinsmith.json"];
    const artefacts: ArtefactFile[] = [
      { path: "report.json", bytes: Buffer.from(`${JSON.stringify(kept, null, 2)}\n`) },
    ];
    for (const path of paths)
      artefacts.push({ path, bytes: await host.readFile(join(outputDirectory, path)) });
    const stored = await store.runs.finish(task.claim, {
      report: kept,
      details: { ...details, sides: sidesOf(samples, report.recipe) } satisfies StoredDetails,
      artefacts,
    });
    return { kind: "done", stored };
  } finally {
    await store.close();
  }
}

/** Where the runner put each recording; for one that is cut by time, where most of it lies. */
function sidesOf(samples: readonly Sample[], recipe: Recipe): { readonly [name: string]: Side } {
  // As the runner does it, so that the split is the runner's.
  const split = splitProject(alignSamples(samples).samples, recipe);
  const places = new Map<string, { readonly side: Side; readonly rows: number }>();
  const place = (side: Side, parts: readonly Part[]): void => {
    for (const { sample, startRow, endRow } of parts) {
      const rows = endRow - startRow;
      if (rows > (places.get(sample.name)?.rows ?? 0)) places.set(sample.name, { side, rows });
    }
  };
  place("training", split.training);
  place("validation", split.validation);
  place("testing", split.testing);
  for (const { parts } of split.unseen) place("unseen", parts);
  return Object.fromEntries([...places].map(([name, { side }]) => [name, side]));
}

async function endOf(work: Promise<RunEnd>): Promise<RunEnd> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof CancelledError || controller.signal.aborted) return { kind: "cancelled" };
    const told = toApiError(error);
    if (told) return { kind: "failed", error: told };
    return { kind: "defect", stack: error instanceof Error ? (error.stack ?? "") : String(error) };
  }
}

send({ type: "end", end: await endOf(carryOut()) });
parentPort!.close();
