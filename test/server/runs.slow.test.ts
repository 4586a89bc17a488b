/** Runs on a server: from an upload to a library that compiles, and one that cannot be done. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { unzipSync } from "fflate";
import { Compile } from "typebox/compile";
import {
  type Project,
  type Run,
  type RunResult,
  runResultSchema,
  runSchema,
  type SampleSummary,
} from "../../src/server/api.ts";
import { folderOf } from "../e2e/cli.ts";
import { QUICK } from "../e2e/recordings.ts";
import { requirement } from "../requirements.ts";
import {
  gestureProject,
  hasEnded,
  listen,
  newProject,
  served,
  startRun,
  untilRun,
} from "./harness.ts";

const execute = promisify(execFile);

test("upload, run, watch, download: the whole loop", async (t) => {
  const { client, home } = await served(t);
  const listener = await listen(t, client.url);
  const project = await gestureProject(client);
  const started = await startRun(client, project, { seed: 5 });
  assert.ok(Compile(runSchema).Check(started));
  assert.equal(started.seed, 5);
  await listener.until((event) => event.type === "run" && event.run.status === "done");

  await t.test("events tell of samples, states, phases and epochs", () => {
    const { events } = listener;
    assert.ok(events.some((e) => e.type === "samples" && e.project === project.id));
    const states = events.flatMap((e) => (e.type === "run" ? [e.run.status] : []));
    assert.deepEqual(states, ["queued", "running", "done"]);
    const phases = events.flatMap((e) => (e.type === "progress" && e.done === 1 ? [e.phase] : []));
    assert.deepEqual(
      [...new Set(phases)],
      ["read", "window", "design", "features", "train", "quantize", "test", "generate", "verify"],
    );
    const epochs = events.flatMap((e) => (e.type === "epoch" ? [e.epoch] : []));
    assert.equal(epochs.at(-1), QUICK.training.epochs);
  });

  const run = await client.ok<RunResult>(`/api/runs/${started.id}`);
  await t.test("the result has report and details", async () => {
    assert.ok(Compile(runResultSchema).Check(run));
    assert.deepEqual([run.status, run.done, run.report?.seed], ["done", 1, 5]);
    assert.equal(run.report?.artefact.directory, "c");
    assert.equal(run.details?.history.length, QUICK.training.epochs);
    const windows = run.report!.data.windows;
    assert.equal(run.details?.scatter.length, windows.train + windows.validation + windows.test);
    const stored = await client.ok<Project>(`/api/projects/${project.id}`);
    assert.deepEqual([stored.lastRun?.id, stored.lastRun?.status], [run.id, "done"]);
  });

  await t.test("samples say on which side they were", async () => {
    const samples = await client.ok<SampleSummary[]>(`/api/projects/${project.id}/samples`);
    const sides = new Map<string | undefined, number>();
    for (const { side } of samples) sides.set(side, (sides.get(side) ?? 0) + 1);
    assert.deepEqual(Object.fromEntries(sides), {
      training: 8,
      testing: 4,
      unseen: 1,
    });
  });

  await t.test("files are given as text; a path that is none of the run's is not", async () => {
    for (const { path, bytes, sha256 } of run.report!.artefact.files) {
      const file = await client.send(`/api/runs/${run.id}/files/${path}`);
      assert.equal(file.bytes.length, bytes, path);
      assert.match(String(file.headers["content-type"]), /^(?:text\/plain|application\/json)/);
      const { createHash } = await import("node:crypto");
      assert.equal(createHash("sha256").update(file.bytes).digest("hex"), sha256);
    }
    assert.deepEqual(await client.ok(`/api/runs/${run.id}/files/report.json`), run.report);
    for (const path of [
      "c",
      "c/no.c",
      "../report.json",
      "..%2freport.json",
      "c/../report.json",
      "%00",
    ])
      await client.refused(404, "file-missing", `/api/runs/${run.id}/files/${path}`);
  });

  const zip = (await client.send(`/api/runs/${run.id}/library.zip`)).bytes;
  await t.test("the zip holds the library, and is the same for the same seed", async () => {
    const paths = run.report!.artefact.files.map(({ path }) => path.slice(2));
    assert.deepEqual(Object.keys(unzipSync(zip)).sort(), paths.sort());
    const again = await startRun(client, project, { seed: 5 });
    await untilRun(client, again.id, hasEnded);
    assert.deepEqual((await client.send(`/api/runs/${again.id}/library.zip`)).bytes, zip);
    const runs = await client.ok<Run[]>(`/api/projects/${project.id}/runs`);
    assert.deepEqual(
      runs.map(({ id }) => id),
      [again.id, run.id],
    );
  });

  await t.test(
    "the downloaded library compiles and passes its own test",
    {
      ...requirement("cc"),
    },
    async (t) => {
      const folder = await folderOf(t, unzipSync(zip));
      const { stdout } = await execute("make", ["test"], { cwd: folder });
      assert.match(stdout, / 0 values differ/);
    },
  );

  assert.deepEqual(await readdir(join(home, "tmp")), []);
});

test("a run that cannot be done says why", async (t) => {
  const { client } = await served(t);
  const project = await newProject(client);
  const { id } = await startRun(client, project);
  const { status, error, report } = await untilRun(client, id, hasEnded);
  assert.deepEqual([status, error?.code, report], ["failed", "no-samples", undefined]);
  await client.refused(404, "file-missing", `/api/runs/${id}/files/report.json`);
});
