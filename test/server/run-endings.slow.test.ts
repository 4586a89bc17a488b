/** Every other way a run can end: cancelled, deleted with its project, interrupted by a restart. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Run } from "../../src/server/api.ts";
import { QUICK } from "../e2e/recordings.ts";
import {
  ENDLESS,
  gestureProject,
  hasEnded,
  listen,
  newProject,
  served,
  startRun,
  untilRun,
} from "./harness.ts";

test("cancelling: a running one stops, a queued one never begins, an ended one cannot", async (t) => {
  const { client } = await served(t);
  const { events } = await listen(t, client.url);
  const project = await gestureProject(client, ENDLESS);
  const running = await startRun(client, project);
  const queued = await startRun(client, project);
  const training = await untilRun(client, running.id, ({ details }) => !!details?.history.length);
  assert.deepEqual([training.status, training.phase], ["running", "train"]);
  assert.equal((await client.ok<Run>(`/api/runs/${queued.id}`)).status, "queued");
  await client.refused(409, "run-not-done", `/api/runs/${running.id}/library.zip`);

  const cancel = (id: string) => client.ok<Run>(`/api/runs/${id}/cancel`, { method: "POST" });
  assert.equal((await cancel(queued.id)).status, "cancelled");
  assert.equal((await cancel(running.id)).status, "cancelled");
  const told = events.findIndex(
    (e) => e.type === "run" && e.run.id === running.id && e.run.status === "cancelled",
  );
  assert.ok(told >= 0);
  await client.refused(409, "run-ended", `/api/runs/${running.id}/cancel`, { method: "POST" });

  // The thread is free again for the next.
  await client.ok(`/api/projects/${project.id}/recipe`, { method: "PUT", body: { recipe: QUICK } });
  const next = await startRun(client, project);
  assert.equal((await untilRun(client, next.id, hasEnded)).status, "done");
  assert.equal((await client.ok<Run>(`/api/runs/${queued.id}`)).status, "cancelled");
  // Nothing makes a page believe that a cancelled run goes on.
  const after = events.slice(told).filter((e) => "run" in e && e.run === running.id);
  assert.deepEqual(after, []);
});

test("a project can be deleted while it runs", async (t) => {
  const { client } = await served(t);
  const project = await gestureProject(client, ENDLESS);
  const { id } = await startRun(client, project);
  await untilRun(client, id, ({ phase }) => phase === "train");
  await client.ok(`/api/projects/${project.id}`, { method: "DELETE" });
  await client.refused(404, "run-missing", `/api/runs/${id}`);
  const next = await startRun(client, await newProject(client));
  assert.equal((await untilRun(client, next.id, hasEnded)).status, "failed");
});

test("a restart keeps everything; what ran is interrupted, what waited is done", async (t) => {
  const first = await served(t);
  const { home, client } = first;
  const project = await gestureProject(client);
  const done = await startRun(client, project);
  await untilRun(client, done.id, hasEnded);
  await client.ok(`/api/projects/${project.id}/recipe`, {
    method: "PUT",
    body: { recipe: ENDLESS },
  });
  const running = await startRun(client, project);
  await client.ok(`/api/projects/${project.id}/recipe`, { method: "PUT", body: { recipe: QUICK } });
  const waiting = await startRun(client, project);
  await untilRun(client, running.id, ({ phase }) => phase === "train");
  const paths = [
    `/api/projects/${project.id}/samples`,
    `/api/projects/${project.id}/recipe`,
    `/api/runs/${done.id}`,
  ];
  const before = await Promise.all(paths.map((path) => client.ok(path)));
  const zip = (await client.send(`/api/runs/${done.id}/library.zip`)).bytes;
  await first.serving.close();

  const second = await served(t, { home });
  assert.deepEqual(await Promise.all(paths.map((path) => second.client.ok(path))), before);
  assert.deepEqual((await second.client.send(`/api/runs/${done.id}/library.zip`)).bytes, zip);
  assert.equal((await second.client.ok<Run>(`/api/runs/${running.id}`)).status, "interrupted");
  assert.equal((await untilRun(second.client, waiting.id, hasEnded)).status, "done");
});
