/** Uploads: what is kept, and everything hostile that is not. */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { strToU8, zipSync } from "fflate";
import type { Project, SampleSummary } from "../../src/server/api.ts";
import { csvOf, filesOf, gestures, tarOf } from "../e2e/recordings.ts";
import { type Client, newProject, served, upload, uploadOf } from "./harness.ts";

const SAMPLES = gestures(1);
const CSV = csvOf(SAMPLES[0]!);

const samplesOf = (client: Client, project: Project) =>
  client.ok<SampleSummary[]>(`/api/projects/${project.id}/samples`);

/** Names below `tmp` of a home: uploads that are still there. */
const leftovers = (home: string) => readdir(join(home, "tmp")).catch(() => []);

test("a file, a gzipped file, an archive and a folder's path", async (t) => {
  const { client, home } = await served(t);
  const project = await newProject(client);
  const names = async (name: string, body: Uint8Array | string) =>
    (await upload(client, project, name, body)).added.map((s) => [s.name, s.label, s.category]);
  assert.deepEqual(await names("testing/idle.7.csv", CSV), [
    ["testing/idle.7.csv", "idle", "testing"],
  ]);
  assert.deepEqual(await names("train/wäve.1.csv.gz", gzipSync(csvOf(SAMPLES[1]!))), [
    ["train/wäve.1.csv", "wäve", "training"],
  ]);
  const files = { "a/one.csv": csvOf(SAMPLES[2]!), "b/one.csv": csvOf(SAMPLES[3]!) };
  assert.deepEqual(await names("some/where.tar", tarOf(files)), [
    ["a/one.csv", "a", null],
    ["b/one.csv", "b", null],
  ]);
  assert.equal((await samplesOf(client, project)).length, 4);
  assert.deepEqual(await leftovers(home), []);
});

test("headers give label, category and rate", async (t) => {
  const { client } = await served(t);
  const project = await newProject(client);
  const { added } = await upload(client, project, "a.csv", "x,y\n1,2\n3,4\n5,6\n", {
    "x-label": encodeURIComponent("Ärger"),
    "x-category": "validation",
    "x-reading": encodeURIComponent('{"sampleRateHz": 50, "ignoreColumns": ["y"]}'),
  });
  assert.deepEqual(
    [added[0]!.label, added[0]!.category, added[0]!.sampleRateHz, added[0]!.axes.length],
    ["Ärger", "validation", 50, 1],
  );
  const path = `/api/projects/${project.id}/samples`;
  await client.refused(400, "request-value", path, uploadOf("b.csv", CSV, { "x-category": "b" }));
  for (const reading of ["{", "[]", '{"sampleRateHz": 0}', '{"rate": 1}', "%"])
    await client.refused(400, "reading", path, uploadOf("b.csv", CSV, { "x-reading": reading }));
});

test("the same again adds nothing; another signal of that name is a problem", async (t) => {
  const { client } = await served(t);
  const project = await newProject(client);
  const first = await upload(client, project, "wave.1.csv", CSV);
  const again = await upload(client, project, "wave.1.csv", CSV);
  assert.deepEqual([again.added, again.unchanged, again.problems], [[], ["wave.1.csv"], []]);
  const other = await upload(client, project, "wave.1.csv", csvOf(SAMPLES[1]!));
  assert.deepEqual(
    [other.added.length, other.problems.map(({ file }) => file)],
    [0, ["wave.1.csv"]],
  );
  assert.deepEqual(await samplesOf(client, project), first.added);
});

test("a file that cannot be read does not stop the others", async (t) => {
  const { client } = await served(t);
  const project = await newProject(client);
  const files = { ...filesOf(SAMPLES), "broken.1.csv": "timestamp,x\n0,1\n1,zwei\n", "a.md": "" };
  const answer = await upload(client, project, "data.tar", tarOf(files));
  assert.equal(answer.added.length, SAMPLES.length);
  assert.deepEqual(answer.skipped, ["a.md"]);
  assert.match(answer.problems[0]!.message, /^read broken\.1\.csv: .*zwei/);
});

test("names that lead out are refused", async (t) => {
  const { client, home } = await served(t);
  const project = await newProject(client);
  const path = `/api/projects/${project.id}/samples`;
  for (const name of [
    "../evil.csv",
    "a/../../evil.csv",
    "/etc/evil.csv",
    "C:\\evil.csv",
    "a\\..\\evil.csv",
    "a\0.csv",
    "..",
    ".",
    "a\n.csv",
    `${"x".repeat(300)}.csv`,
    "x/".repeat(600),
  ])
    await client.refused(400, "file-name", path, uploadOf(name, CSV));
  await client.refused(400, "file-name", path, { method: "POST", body: Buffer.from(CSV) });
  const broken = { method: "POST", body: Buffer.from(CSV), headers: { "x-file-name": "%E0%A4%A" } };
  await client.refused(400, "file-name", path, broken);
  assert.deepEqual(await samplesOf(client, project), []);
  assert.deepEqual(await leftovers(home), []);
});

test("hostile archives are refused whole", async (t) => {
  const { client, home } = await served(t);
  const project = await newProject(client);
  const path = `/api/projects/${project.id}/samples`;
  const zip = (name: string) => zipSync({ [name]: strToU8(CSV) });
  await client.refused(400, "archive-path", path, uploadOf("a.zip", zip("../evil.csv")));
  await client.refused(400, "archive-path", path, uploadOf("a.zip", zip("/etc/evil.csv")));
  await client.refused(400, "archive-kind", path, uploadOf("a.zip", CSV));
  await client.refused(400, "archive-corrupt", path, uploadOf("a.zip", zip("a.csv").slice(0, 90)));
  const bomb = zipSync({ "bomb.csv": new Uint8Array(20 * 1024 * 1024) });
  assert.ok(bomb.length < 100_000);
  await client.refused(413, "archive-too-large", path, uploadOf("bomb.zip", bomb));
  assert.deepEqual(await samplesOf(client, project), []);
  assert.deepEqual(await leftovers(home), []);
});

test("a body above the limit is refused, with its length stated or not", async (t) => {
  const { client, home } = await served(t, { uploadBytes: 1000 });
  const project = await newProject(client);
  const path = `/api/projects/${project.id}/samples`;
  const stated = uploadOf("a.csv", CSV);
  await client.refused(413, "body-too-large", path, stated);
  // Chunked: nobody says how long it is.
  await client.refused(413, "body-too-large", path, { ...stated, chunked: true });
  assert.deepEqual(await samplesOf(client, project), []);
  assert.deepEqual(await leftovers(home), []);
});

test("an upload that breaks off leaves nothing", async (t) => {
  const { client, home } = await served(t);
  const project = await newProject(client);
  const { hostname, port } = new URL(client.url);
  await new Promise<void>((resolve) => {
    const sending = request({
      hostname,
      port,
      path: `/api/projects/${project.id}/samples`,
      method: "POST",
      headers: {
        "content-type": "application/octet-stream",
        "content-length": CSV.length,
        "x-file-name": "a.csv",
      },
    });
    sending.on("error", () => resolve());
    sending.write(CSV.slice(0, 1000));
    const look = async (): Promise<void> => {
      // Once the server has begun to write, the line is cut.
      if ((await leftovers(home)).length > 0) sending.destroy();
      else setTimeout(look, 5);
    };
    look();
  });
  while ((await leftovers(home)).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(await samplesOf(client, project), []);
});
