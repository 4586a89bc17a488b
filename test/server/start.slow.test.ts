/**
 * `tinsmith start` as a person meets it: processes of their own, ports that are taken, homes that
 * are in use, signals, and a process that is killed while it works.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Project, Run, RunResult } from "../../src/server/api.ts";
import { folderOf, tinsmith } from "../e2e/cli.ts";
import { QUICK } from "../e2e/recordings.ts";
import {
  atEnd,
  type Client,
  clientOf,
  ENDLESS,
  gestureProject,
  hasEnded,
  startRun,
  temporaryFolder,
  untilRun,
} from "./harness.ts";

const BIN = fileURLToPath(new URL("../../bin/tinsmith.mjs", import.meta.url));
const LIMIT = { timeout: 60_000 };
const SIGNALS = { ...LIMIT, skip: process.platform === "win32" && "Windows has no signals" };

type Started = {
  readonly child: ChildProcess;
  readonly client: Client;
  readonly said: () => { readonly stdout: string; readonly stderr: string };
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
};

/** Starts a server and waits for its URL. */
async function start(t: TestContext, cwd: string, ...args: string[]): Promise<Started> {
  const child = spawn(process.execPath, [BIN, "start", ...args], { cwd });
  let [stdout, stderr] = ["", ""];
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  atEnd(t, async () => {
    child.kill("SIGKILL");
    await ended;
  });
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (text) => {
      stdout += text;
      const [found] = /http:\/\/127\.0\.0\.1:\d+/.exec(stdout) ?? [];
      if (found) resolve(found);
    });
    ended.then(() => reject(new Error(`no URL: ${stdout}${stderr}`)));
  });
  return { child, client: clientOf(url), said: () => ({ stdout, stderr }), ended };
}

async function exampleRun({ ok }: Client): Promise<Run> {
  for (;;) {
    const [project] = await ok<Project[]>("/api/projects");
    if (project?.lastRun) return project.lastRun;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("--once runs the example, prints its report and ends", LIMIT, async (t) => {
  const cwd = await temporaryFolder(t);
  const { exitCode, stdout, stderr } = await tinsmith(["start", "--once", "--home", "home"], {
    cwd,
  });
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^Tinsmith is at http:\/\/127\.0\.0\.1:\d+\n/);
  for (const part of [/accuracy on test/, /true \\ predicted/, /RAM \d+ B, flash \d+ B/])
    assert.match(stdout, part);
  assert.match(stdout, /The C library lies in tinsmith-out\/example-gestures\/c\n/);
  assert.match(stderr, /1\/9 read .*25 recordings/);
  for (const file of ["report.json", "tinsmith.json", "c/Makefile"])
    assert.ok(existsSync(join(cwd, "tinsmith-out/example-gestures", file)), file);

  // Again, in the same home, as one document.
  const again = await tinsmith(["start", "--once", "--home", "home", "--json", "--out", "out"], {
    cwd,
  });
  const report = JSON.parse(again.stdout);
  assert.deepEqual(
    [report.project, report.artefact.directory],
    ["example-gestures", join(await realpath(cwd), "out/c")],
  );
  assert.ok(report.test.int8.accuracy > 0.5);
});

test("a home and a port serve one at a time; Ctrl-C ends it", SIGNALS, async (t) => {
  const cwd = await temporaryFolder(t);
  const first = await start(t, cwd, "--home", "home", "--port", "0");
  const { port } = new URL(first.client.url);
  assert.equal((await exampleRun(first.client)).seed, 1);

  const sameHome = await tinsmith(["start", "--home", "home", "--port", "0"], { cwd });
  assert.equal(sameHome.exitCode, 1);
  assert.match(sameHome.stderr, /^tinsmith: home: one server at a time, got one with process id/m);
  assert.ok(sameHome.stderr.includes(first.client.url), sameHome.stderr);
  const samePort = await tinsmith(["start", "--home", "other", "--port", port], { cwd });
  assert.equal(samePort.exitCode, 1);
  assert.match(samePort.stderr, /^tinsmith: start: the port must be free, got \d+/m);
  assert.match(samePort.stderr, /--port/);
  for (const { stdout, stderr } of [sameHome, samePort]) {
    assert.equal(stdout, "");
    assert.doesNotMatch(stderr, /^\s+at /m);
  }
  assert.equal(
    (await untilRun(first.client, (await exampleRun(first.client)).id, hasEnded)).status,
    "done",
  );
  while (!first.said().stderr.includes("until Ctrl-C"))
    await new Promise((resolve) => setTimeout(resolve, 20));

  first.child.kill("SIGINT");
  assert.deepEqual(await first.ended, { code: 0, signal: null });
  assert.match(first.said().stdout, /The C library lies in/);
  // What a failed start left of its own home does not keep it from being used.
  const next = await start(t, cwd, "--home", "other", "--port", port);
  await next.client.ok("/api/health");
});

test("killed while it works: nothing is lost, and the run can be run again", SIGNALS, async (t) => {
  const cwd = await temporaryFolder(t);
  const first = await start(t, cwd, "--home", "home", "--port", "0");
  const example = await untilRun(first.client, (await exampleRun(first.client)).id, hasEnded);
  const project = await gestureProject(first.client, ENDLESS);
  const { id } = await startRun(first.client, project);
  await untilRun(first.client, id, ({ details }) => !!details?.history.length);
  first.child.kill("SIGKILL");
  assert.equal((await first.ended).signal, "SIGKILL");

  const second = await start(t, cwd, "--home", "home", "--port", "0");
  const { client } = second;
  assert.equal((await client.ok<Run>(`/api/runs/${id}`)).status, "interrupted");
  assert.deepEqual(await client.ok<RunResult>(`/api/runs/${example.id}`), example);
  assert.equal((await client.ok<Project>(`/api/projects/${project.id}`)).samples, 13);
  await client.ok(`/api/projects/${project.id}/recipe`, { method: "PUT", body: { recipe: QUICK } });
  assert.match(second.said().stderr, /A run was interrupted/);
  const again = await startRun(client, project);
  assert.equal((await untilRun(client, again.id, hasEnded)).status, "done");
});

test(
  "SIGTERM while a run works ends the process, and the run is interrupted",
  SIGNALS,
  async (t) => {
    const cwd = await temporaryFolder(t);
    const first = await start(t, cwd, "--home", "home", "--port", "0");
    await untilRun(first.client, (await exampleRun(first.client)).id, hasEnded);
    const { id } = await startRun(first.client, await gestureProject(first.client, ENDLESS));
    await untilRun(first.client, id, ({ details }) => !!details?.history.length);
    first.child.kill("SIGTERM");
    assert.equal((await first.ended).signal, null);
    const second = await start(t, cwd, "--home", "home", "--port", "0");
    assert.equal((await second.client.ok<Run>(`/api/runs/${id}`)).status, "interrupted");
  },
);

test("options that are wrong are refused", async (t) => {
  const cwd = await temporaryFolder(t);
  for (const port of ["65536", "http"]) {
    const { exitCode, stderr } = await tinsmith(["start", "--port", port], { cwd });
    assert.equal(exitCode, 1);
    assert.match(stderr, /must be an integer from 0 to 65535/);
  }
  const file = await folderOf(t, { file: "" });
  const { exitCode, stderr } = await tinsmith(["start", "--home", join(file, "file")], { cwd });
  assert.equal(exitCode, 1);
  assert.match(stderr, /^tinsmith: home: it must be a folder/m);
});
