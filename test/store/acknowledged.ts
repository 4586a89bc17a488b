/** What a writer was told is stored, and the check that a store holds all of it, intact. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Store } from "../../src/store/store.ts";

type Files = readonly { readonly path: string; readonly sha256: string }[];

/** `will`: about to be done, may have happened or not; `did`: acknowledged. */
export type Entry =
  | { readonly did: "sample"; readonly id: string; readonly sha256: string }
  | { readonly will: "label" | "delete"; readonly id: string; readonly label?: string }
  | { readonly did: "label" | "delete"; readonly id: string; readonly label?: string }
  | { readonly did: "run"; readonly id: string }
  | { readonly did: "finish"; readonly id: string; readonly files: Files };

type ExpectedSample = {
  readonly sha256: string;
  /** Label or, for null, absence: any of these will do. */
  states: readonly (string | null)[];
};

export type Acknowledged = {
  readonly samples: Map<string, ExpectedSample>;
  /** Files of a finished run; undefined for one of which that is not known. */
  readonly runs: Map<string, Files | undefined>;
};

export const nothingYet = (): Acknowledged => ({ samples: new Map(), runs: new Map() });

/** Takes in one line of the writer. */
export function record({ samples, runs }: Acknowledged, entry: Entry): void {
  if ("will" in entry) {
    const sample = samples.get(entry.id);
    if (sample) sample.states = [...sample.states, entry.label ?? null];
  } else if (entry.did === "sample") {
    samples.set(entry.id, { sha256: entry.sha256, states: ["new"] });
  } else if (entry.did === "run") {
    runs.set(entry.id, undefined);
  } else if (entry.did === "finish") {
    runs.set(entry.id, entry.files);
  } else {
    const sample = samples.get(entry.id);
    if (sample) sample.states = [entry.label ?? null];
  }
}

/** Compares a store that nobody writes to with what was acknowledged, and with itself. */
export async function checkStore(home: string, store: Store, known: Acknowledged): Promise<void> {
  const database = new DatabaseSync(join(home, "tinsmith.sqlite"), { readOnly: true });
  const { integrity_check: verdict } = database.prepare("pragma integrity_check").get()!;
  database.close();
  assert.equal(verdict, "ok");

  for (const [id, { sha256, states }] of known.samples) {
    const sample = await store.samples.get(id);
    assert.ok(states.includes(sample?.label ?? null), `sample ${id}: ${sample?.label} ${states}`);
    if (sample) assert.equal(sample.blob, sha256);
  }
  for (const [id, files] of known.runs) {
    const run = await store.runs.get(id);
    assert.ok(run, `run ${id} is lost`);
    if (!files) continue;
    assert.equal(run.status, "done");
    assert.deepEqual((await store.runs.result(id))?.report, { files: files.length });
    assert.equal((await store.artefacts.list(id)).length, files.length);
    for (const { path, sha256 } of files) {
      assert.equal(sha256Of((await store.artefacts.read(id, path))!), sha256);
    }
  }
  // What was not acknowledged is either there with all its parts or not there at all.
  for (const project of await store.projects.list()) {
    for (const { id } of await store.samples.list(project.id)) await store.samples.values(id);
    for (const run of await store.runs.list(project.id)) {
      assert.notEqual(run.status, "running", `run ${run.id} runs without a worker`);
      if (run.status === "done") assert.ok(await store.runs.result(run.id));
    }
  }
}

const sha256Of = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
