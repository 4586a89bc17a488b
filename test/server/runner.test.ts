/** The runner with threads that misbehave: what becomes of their runs, and of the next. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { ServerEvent } from "../../src/server/api.ts";
import { makeEvents } from "../../src/server/events.ts";
import { makeRunner } from "../../src/server/runner.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Run, Store } from "../../src/store/store.ts";
import { atEnd, temporaryFolder } from "./harness.ts";

/** A module for a thread; `end` sends how it ends, `say` whatever it says. */
function moduleOf(code: string): URL {
  const head = `
    import { parentPort } from "node:worker_threads";
    const say = (message) => parentPort.postMessage(message);
    const end = (end) => { say({ type: "end", end }); parentPort.close(); };`;
  return new URL(`data:text/javascript,${encodeURIComponent(head + code)}`);
}

async function runnerOf(t: TestContext, code: string, concurrency = 1) {
  const home = await temporaryFolder(t);
  const store = await openStore(home);
  const events = makeEvents();
  const heard: ServerEvent[] = [];
  events.subscribe((event) => heard.push(event));
  const runner = makeRunner({ store, home, events, concurrency, workerModule: moduleOf(code) });
  atEnd(t, async () => {
    await runner.close();
    await store.close();
  });
  const project = (await store.projects.create("a")).id;
  const queue = async (): Promise<Run> => {
    const run = await store.runs.create(project, { seed: 1, request: { recipe: null } });
    runner.wake();
    return run;
  };
  return { store, runner, heard, queue };
}

async function until(store: Store, id: string, status: string): Promise<Run> {
  for (;;) {
    const run = (await store.runs.get(id))!;
    if (run.status === status) return run;
    assert.ok(["queued", "running"].includes(run.status), `${run.status} instead of ${status}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("a thread that dies leaves its run interrupted, and the next begins", async (t) => {
  for (const code of ["process.exit(3);", "throw new Error('lost');", "Promise.reject(1);"]) {
    t.mock.method(process.stderr, "write", () => true);
    const { store, queue } = await runnerOf(t, code);
    const [first, second] = [await queue(), await queue()];
    await until(store, first.id, "interrupted");
    await until(store, second.id, "interrupted");
    t.mock.restoreAll();
  }
});

test("a thread that ends with an error gives it; a defect is told to the terminal only", async (t) => {
  const error = { code: "no-samples", message: "run: none", hint: "Add some." };
  const mended = await runnerOf(
    t,
    `say({ type: "progress", event: { phase: "train", done: 0.5, message: "half" } });
     end({ kind: "failed", error: ${JSON.stringify(error)} });`,
  );
  const failed = await until(mended.store, (await mended.queue()).id, "failed");
  assert.deepEqual(failed.error, error);
  assert.deepEqual([failed.phase, failed.done, failed.message], ["train", 0.5, "half"]);

  const { store, queue } = await runnerOf(t, `end({ kind: "defect", stack: "at secret.ts" });`);
  const write = t.mock.method(process.stderr, "write", () => true);
  const broken = await until(store, (await queue()).id, "failed");
  t.mock.restoreAll();
  assert.equal(broken.error?.code, "internal");
  assert.doesNotMatch(broken.error!.message, /secret/);
  assert.ok(write.mock.calls.some(({ arguments: [text] }) => String(text).includes("secret")));
});

test("a thread that does not listen is ended when its run is cancelled", async (t) => {
  const { store, runner, queue } = await runnerOf(t, "for (;;);");
  const { id } = await queue();
  while (!runner.live(id)) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(await runner.cancel(id), true);
  assert.equal((await store.runs.get(id))?.status, "cancelled");
  while (runner.live(id)) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(await runner.cancel(id), false);
});

const WAITS = `parentPort.once("message", () => end({ kind: "cancelled" }));
  say({ type: "epoch", epoch: { epoch: 1, loss: 0.5 } });`;

test("closing interrupts what runs and leaves what waits", async (t) => {
  const { store, runner, queue, heard } = await runnerOf(t, WAITS);
  const [first, second] = [await queue(), await queue()];
  while (!runner.live(first.id)?.history.length) await new Promise((r) => setTimeout(r, 5));
  assert.ok(heard.some((event) => event.type === "epoch" && event.run === first.id));
  await runner.close();
  assert.equal((await store.runs.get(first.id))?.status, "interrupted");
  assert.equal((await store.runs.get(second.id))?.status, "queued");
});

test("as many runs work at a time as were asked for", async (t) => {
  const { store, runner, queue } = await runnerOf(t, WAITS, 2);
  const runs = [await queue(), await queue(), await queue()];
  await until(store, runs[0]!.id, "running");
  await until(store, runs[1]!.id, "running");
  assert.equal((await store.runs.get(runs[2]!.id))?.status, "queued");
  await runner.cancel(runs[0]!.id);
  await until(store, runs[2]!.id, "running");
});

test("a run is held and let go on, and everybody hears of it", async (t) => {
  const code = `parentPort.on("message", (message) => message === "stop"
    ? end({ kind: "cancelled" })
    : say({ type: "progress", event: { phase: "train", done: 1, message } }));`;
  const { store, runner, heard, queue } = await runnerOf(t, code);
  const { id } = await queue();
  while (!runner.live(id)) await new Promise((resolve) => setTimeout(resolve, 5));
  const told = async (what: (event: ServerEvent) => boolean): Promise<void> => {
    while (!heard.some(what)) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  for (const [paused, order] of [
    [true, "pause"],
    [false, "resume"],
  ] as const) {
    assert.ok(await runner.pause(id, paused));
    assert.equal(runner.live(id)!.paused, paused);
    await told((event) => event.type === "progress" && event.message === order);
    await told((event) => event.type === "run" && event.run.paused === paused);
  }
  await runner.cancel(id);
  await until(store, id, "cancelled");
  while (runner.live(id)) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(!(await runner.pause(id, true)));
});
