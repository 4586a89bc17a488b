/**
 * The thread that adds recordings: reads a folder, archive or table and stores its samples, so that
 * parsing and hashing hold up nobody. Requests are answered in order, one at a time.
 */
import { parentPort, workerData } from "node:worker_threads";
import { readSource } from "../host/read-source.ts";
import { readFiles } from "../samples/formats/read-files.ts";
import type { Category, Sample } from "../samples/sample.ts";
import { openStore } from "../store/open-store.ts";
import type { Store, StoredSample } from "../store/store.ts";
import type { ApiError, TableReading } from "./api.ts";
import { toApiError } from "./errors.ts";

export type AddRequest = {
  readonly id: number;
  readonly project: string;
  readonly path: string;
  readonly category?: Category;
  readonly label?: string;
  readonly reading?: TableReading;
};

/** What was added, as the store has it. */
export type AddResult = {
  readonly added: readonly StoredSample[];
  readonly unchanged: readonly string[];
  readonly problems: readonly { readonly file: string; readonly message: string }[];
  readonly skipped: readonly string[];
  readonly notes: readonly string[];
};

export type AddAnswer = { readonly id: number } & (
  | { readonly result: AddResult }
  | { readonly error: ApiError }
  | { readonly defect: string }
);

const { home } = workerData as { readonly home: string };

async function add(store: Store, request: AddRequest): Promise<AddResult> {
  const { path, reading, category, label } = request;
  const read = await readFiles(await readSource(path), reading);
  const given = read.samples.map(
    (sample): Sample => ({
      ...sample,
      ...(category ? { category } : {}),
      ...(label ? { label } : {}),
    }),
  );
  const outcomes = await store.samples.add(request.project, given);
  const added: StoredSample[] = [];
  const unchanged: string[] = [];
  const problems = [...read.problems];
  for (const [i, outcome] of outcomes.entries()) {
    if ("problem" in outcome)
      problems.push({ file: given[i]!.name, message: outcome.problem.message });
    else if (outcome.added) added.push(outcome.sample);
    else unchanged.push(outcome.sample.name);
  }
  return { added, unchanged, problems, skipped: read.skipped, notes: read.notes };
}

async function answer(store: Store, request: AddRequest): Promise<AddAnswer> {
  const { id } = request;
  try {
    return { id, result: await add(store, request) };
  } catch (error) {
    const told = toApiError(error);
    if (told) return { id, error: told };
    return { id, defect: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

const store = await openStore(home);
let last: Promise<void> = Promise.resolve();
parentPort!.on("message", (request: AddRequest | "close") => {
  last = last.then(async () => {
    if (request === "close") {
      await store.close();
      parentPort!.close();
    } else {
      parentPort!.postMessage(await answer(store, request));
    }
  });
});
