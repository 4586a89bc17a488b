/**
 * A process that works on a store until it is killed: takes over the home as a server does, then
 * adds, edits and deletes samples, and carries runs to their results. Each line of its output is
 * one JSON `Entry`: before an operation what it is about to change, after it what was acknowledged.
 *
 *   node test/store/writer.ts HOME SEED
 */
import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { makeRng } from "../../src/base/rng.ts";
import type { Sample } from "../../src/samples/sample.ts";
import { lockHome } from "../../src/store/home-lock.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Entry } from "./acknowledged.ts";

const LEASE_MS = 60_000;
const MAX_ROWS = 30_000;
const PROJECT = "soak";

const [home, seed] = process.argv.slice(2);
const random = makeRng(Number(seed));
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Writes at once: what is in the pipe is read even after a kill. */
function say(entry: Entry): void {
  writeSync(1, `${JSON.stringify(entry)}\n`);
}

const store = await openStore(home!);
await lockHome(home!);
const project =
  (await store.projects.findByName(PROJECT)) ?? (await store.projects.create(PROJECT));
await store.jobs.interruptAll();
for (const job of await store.jobs.list("interrupted")) await store.jobs.requeue(job.id);
const ids = (await store.samples.list(project.id)).map((sample) => sample.id);

const OPERATIONS: readonly (() => Promise<void>)[] = [
  addSamples,
  addSamples,
  editLabel,
  deleteSample,
  createRun,
  workOnRun,
  workOnRun,
  async () => void (await store.collectGarbage({ graceMs: 0 })),
];
for (;;) await OPERATIONS[random.int(OPERATIONS.length)]!();

async function addSamples(): Promise<void> {
  const samples = Array.from({ length: 1 + random.int(3) }, (): Sample => {
    const values = Float32Array.from({ length: 1 + random.int(MAX_ROWS) }, random.float);
    return {
      ...{ name: `${random.u32()}`, label: "new", category: undefined, intervalMs: 10, values },
      ...{ axes: [{ name: "x", units: "g" }], signatureValidates: null, metadata: {} },
    };
  });
  const outcomes = await store.samples.add(project.id, samples);
  for (const [i, outcome] of outcomes.entries()) {
    if ("problem" in outcome) throw outcome.problem;
    const { id } = outcome.sample;
    say({ did: "sample", id, sha256: sha256(new Uint8Array(samples[i]!.values.buffer)) });
    ids.push(id);
  }
}

async function editLabel(): Promise<void> {
  if (ids.length === 0) return;
  const id = ids[random.int(ids.length)]!;
  const label = `${random.int(5)}`;
  say({ will: "label", id, label });
  await store.samples.update(id, { label });
  say({ did: "label", id, label });
}

async function deleteSample(): Promise<void> {
  if (ids.length === 0) return;
  const [id] = ids.splice(random.int(ids.length), 1);
  say({ will: "delete", id: id! });
  await store.samples.delete(id!);
  say({ did: "delete", id: id! });
}

async function createRun(): Promise<void> {
  const { id } = await store.runs.create(project.id, { seed: random.u32() });
  say({ did: "run", id });
}

async function workOnRun(): Promise<void> {
  const job = await store.jobs.claim(`${process.pid}`, LEASE_MS);
  if (!job) return;
  for (let done = 0; done < 3; done++) {
    await store.jobs.heartbeat(job, LEASE_MS, { phase: "train", done: done / 3, message: "" });
  }
  const artefacts = Array.from({ length: 1 + random.int(4) }, (_, i) => ({
    path: `c/file-${i}`,
    bytes: Uint8Array.from({ length: random.int(MAX_ROWS) }, random.u32),
  }));
  const result = { report: { files: artefacts.length }, details: [random.float()], artefacts };
  if (!(await store.runs.finish(job, result))) throw new Error("finish: the job was not ours");
  const files = artefacts.map(({ path, bytes }) => ({ path, sha256: sha256(bytes) }));
  say({ did: "finish", id: job.id, files });
}
