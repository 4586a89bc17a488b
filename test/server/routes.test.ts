/** Every route: what it gives, and what it refuses. */
import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import {
  type Added,
  addedSchema,
  type BackendState,
  backendStateSchema,
  type Project,
  projectSchema,
  type SampleSummary,
  type SampleValues,
  sampleSummarySchema,
  sampleValuesSchema,
} from "../../src/server/api.ts";
import { folderOf } from "../e2e/cli.ts";
import { csvOf, filesOf, gestures, QUICK } from "../e2e/recordings.ts";
import { findProgram } from "../requirements.ts";
import { newProject, served, upload, uploadOf } from "./harness.ts";

const SAMPLES = gestures(1);
const WAVE = SAMPLES.find(({ label }) => label === "wave")!;

/** Asserts that a value has exactly the shape the document promises. */
function assertShape(schema: TSchema, value: unknown): void {
  const compiled = Compile(schema);
  assert.ok(compiled.Check(value), JSON.stringify(compiled.Errors(value)[0]));
}

test("health", async (t) => {
  const { client } = await served(t);
  const health = await client.ok<{ ok: boolean; version: string }>("/api/health");
  assert.equal(health.ok, true);
  assert.match(health.version, /^\d+\.\d+\.\d+/);
});

test("back ends: WebAssembly is there, one without its compiler says what to do", async (t) => {
  const { client } = await served(t);
  const states = await client.ok<readonly BackendState[]>("/api/backends");
  for (const state of states) assertShape(backendStateSchema, state);
  assert.deepEqual(states[0], { name: "wasm", missing: null, threads: availableParallelism() });
  assert.equal(states.find(({ name }) => name === "interpreter")!.threads, 1);
  const native = states.find(({ name }) => name === "native")!;
  const hasCompiler = ["gcc", "clang"].some((name) => findProgram(name) !== undefined);
  if (hasCompiler) assert.equal(native.missing, null);
  else assert.match(native.missing!, /a C compiler must be installed.*install gcc or clang/);
});

test("the OpenAPI document lists every route", async (t) => {
  const { client } = await served(t);
  const document = await client.ok<{
    openapi: string;
    paths: { [path: string]: { [method: string]: { responses: object } } };
  }>("/api/openapi.json");
  assert.equal(document.openapi, "3.1.0");
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  assert.deepEqual(routes.sort(), [
    "DELETE /api/projects/{project}",
    "DELETE /api/projects/{project}/recipe",
    "DELETE /api/projects/{project}/samples/{sample}",
    "GET /api/backends",
    "GET /api/design-choices",
    "GET /api/health",
    "GET /api/projects",
    "GET /api/projects/{project}",
    "GET /api/projects/{project}/recipe",
    "GET /api/projects/{project}/runs",
    "GET /api/projects/{project}/samples",
    "GET /api/projects/{project}/samples/{sample}/values",
    "GET /api/runs/{run}",
    "GET /api/runs/{run}/files/{*}",
    "GET /api/runs/{run}/library.zip",
    "PATCH /api/projects/{project}/samples/{sample}",
    "POST /api/projects",
    "POST /api/projects/{project}/import",
    "POST /api/projects/{project}/runs",
    "POST /api/projects/{project}/samples",
    "POST /api/runs/{run}/cancel",
    "POST /api/runs/{run}/pause",
    "POST /api/runs/{run}/resume",
    "PUT /api/projects/{project}/recipe",
  ]);
  for (const methods of Object.values(document.paths))
    for (const { responses } of Object.values(methods))
      assert.ok("4XX" in responses || "4xx" in responses, JSON.stringify(responses));
});

test("projects: create, list, show, delete", async (t) => {
  const { client } = await served(t);
  assert.deepEqual(await client.ok("/api/projects"), []);
  const project = await newProject(client, "  Büro 7 ");
  assertShape(projectSchema, project);
  assert.equal(project.name, "Büro 7");
  assert.deepEqual([project.samples, project.lastRun], [0, null]);
  assert.ok(Math.abs(Date.parse(project.createdAt) - Date.now()) < 60_000);
  assert.deepEqual(await client.ok(`/api/projects/${project.id}`), project);
  assert.deepEqual(await client.ok("/api/projects"), [project]);
  await client.refused(409, "project-exists", "/api/projects", {
    method: "POST",
    body: { name: "Büro 7" },
  });
  await client.ok(`/api/projects/${project.id}`, { method: "DELETE" });
  await client.refused(404, "project-missing", `/api/projects/${project.id}`);
  assert.deepEqual(await client.ok("/api/projects"), []);
});

test("bodies that are wrong are refused and change nothing", async (t) => {
  const { client } = await served(t);
  const post = (body: object | string | null) => ({ method: "POST", body });
  for (const body of [
    {},
    { name: 5 },
    { name: "" },
    { name: "   " },
    { name: "a", id: "b" },
    [],
    null,
  ])
    await client.refused(400, "body-value", "/api/projects", post(body));
  await client.refused(400, "body-value", "/api/projects", post({ name: "a".repeat(101) }));
  await client.refused(400, "body-json", "/api/projects", post("{"));
  await client.refused(400, "body-json", "/api/projects", post(""));
  await client.refused(400, "body-json", "/api/projects", post('{"__proto__": {"name": "a"}}'));
  await client.refused(413, "body-too-large", "/api/projects", post({ name: "a".repeat(2 ** 20) }));
  await client.refused(415, "media-type", "/api/projects", {
    ...post({ name: "a" }),
    headers: { "content-type": "text/plain" },
  });
  assert.deepEqual(await client.ok("/api/projects"), []);
});

test("ids that nothing has are 404 on every route", async (t) => {
  const { client } = await served(t);
  const project = await newProject(client);
  const other = await newProject(client, "other");
  const [sample] = (await upload(client, other, "wave.1.csv", csvOf(WAVE))).added;
  const body = { name: "a", path: ".", recipe: null };
  for (const [method, path, code, sent] of [
    ["GET", "/api/projects/no", "project-missing"],
    ["DELETE", "/api/projects/no", "project-missing"],
    ["GET", "/api/projects/no/samples", "project-missing"],
    ["POST", "/api/projects/no/samples", "project-missing", Buffer.from("x")],
    ["POST", "/api/projects/no/import", "project-missing", { path: body.path }],
    ["GET", "/api/projects/no/recipe", "project-missing"],
    ["PUT", "/api/projects/no/recipe", "project-missing", { recipe: null }],
    ["DELETE", "/api/projects/no/recipe", "project-missing"],
    ["GET", "/api/projects/no/runs", "project-missing"],
    ["POST", "/api/projects/no/runs", "project-missing", {}],
    // The sample of another project is not one of this.
    ["GET", `/api/projects/${project.id}/samples/${sample!.id}/values`, "sample-missing"],
    [
      "PATCH",
      `/api/projects/${project.id}/samples/${sample!.id}`,
      "sample-missing",
      { label: "a" },
    ],
    ["DELETE", `/api/projects/${project.id}/samples/${sample!.id}`, "sample-missing"],
    ["GET", "/api/runs/no", "run-missing"],
    ["POST", "/api/runs/no/cancel", "run-missing"],
    ["GET", "/api/runs/no/files/report.json", "run-missing"],
    ["GET", "/api/runs/no/library.zip", "run-missing"],
    ["GET", "/api/nothing", "route-missing"],
    ["PUT", "/api/projects", "route-missing"],
    ["POST", "/", "route-missing"],
  ] as const)
    await client.refused(404, code, path, {
      method,
      ...(sent ? { body: sent } : {}),
      headers: { "x-file-name": "wave.1.csv" },
    });
  assert.equal((await client.ok<Project>(`/api/projects/${other.id}`)).samples, 1);
});

test("URLs that cannot be read are refused in the same form", async (t) => {
  const { client } = await served(t);
  await client.refused(400, "url", "/api/projects/%zz");
  await client.refused(414, "url", `/api/projects/${"a".repeat(3000)}`);
  await client.refused(400, "request-value", "/api/runs//files/report.json");
  for (const method of ["OPTIONS", "TRACE", "PROPFIND"])
    await client.refused(404, "route-missing", "/api/projects", { method });
});

test("samples: list, values, change, delete", async (t) => {
  const { client } = await served(t);
  const project = await newProject(client);
  const base = `/api/projects/${project.id}/samples`;
  const answer = await upload(client, project, "wave.1.csv", csvOf(WAVE));
  assertShape(addedSchema, answer);
  const [added] = answer.added;
  assert.deepEqual(await client.ok(base), [added]);
  assert.deepEqual(
    [added!.name, added!.label, added!.category, added!.rows, added!.seconds, added!.sampleRateHz],
    ["wave.1.csv", "wave", null, 625, 10, 62.5],
  );
  assert.deepEqual(
    added!.axes.map(({ name }) => name),
    ["accX", "accY", "accZ"],
  );

  const all = await client.ok<SampleValues>(`${base}/${added!.id}/values`);
  assertShape(sampleValuesSchema, all);
  assert.equal(all.intervalMs, 16);
  assert.deepEqual(
    all.columns.map((column) => column.slice(0, 2)),
    [0, 1, 2].map((axis) => [WAVE.values[axis], WAVE.values[3 + axis]]),
  );
  const few = await client.ok<SampleValues>(`${base}/${added!.id}/values?points=100`);
  assert.deepEqual(
    few.columns.map((column) => column.length),
    [100, 100, 100],
  );
  assert.equal(few.intervalMs, 100);
  for (const [axis, column] of few.columns.entries()) {
    assert.equal(Math.max(...column), Math.max(...all.columns[axis]!));
    assert.equal(Math.min(...column), Math.min(...all.columns[axis]!));
  }
  for (const points of ["1", "0", "-3", "1.5", "many", "100001"])
    await client.refused(400, "request-value", `${base}/${added!.id}/values?points=${points}`);

  const patch = (body: object) =>
    client.ok<SampleSummary>(`${base}/${added!.id}`, { method: "PATCH", body });
  const changed = await patch({ label: "flat", category: "testing" });
  assertShape(sampleSummarySchema, changed);
  assert.deepEqual([changed.label, changed.category], ["flat", "testing"]);
  assert.deepEqual(await patch({}), changed);
  assert.equal((await patch({ category: null })).category, null);
  assert.equal((await patch({ label: null })).label, null);
  for (const body of [{ label: 3 }, { label: "" }, { category: "else" }, { rows: 3 }, []])
    await client.refused(400, "body-value", `${base}/${added!.id}`, { method: "PATCH", body });

  await client.ok(`${base}/${added!.id}`, { method: "DELETE" });
  await client.refused(404, "sample-missing", `${base}/${added!.id}/values`);
  assert.deepEqual(await client.ok(base), []);
});

test("import reads a folder of this machine, and again adds nothing", async (t) => {
  const { client } = await served(t);
  const project = await newProject(client);
  const folder = await folderOf(t, { ...filesOf(SAMPLES), "notes.md": "hello", "bad.csv": "a\nb" });
  const path = `/api/projects/${project.id}/import`;
  const first = await client.ok<Added>(path, { method: "POST", body: { path: folder } });
  assertShape(addedSchema, first);
  assert.equal(first.added.length, SAMPLES.length);
  assert.deepEqual(first.skipped, ["notes.md"]);
  assert.deepEqual(
    first.problems.map(({ file }) => file),
    ["bad.csv"],
  );
  const again = await client.ok<Added>(path, { method: "POST", body: { path: folder } });
  assert.deepEqual([again.added.length, again.unchanged.length], [0, SAMPLES.length]);
  const rows = "gewicht,sorte\n1,süß\n2,sauer\n3,süß\n";
  const tables = await folderOf(t, { "fruit.csv": rows });
  const reading = { labelColumn: "sorte" };
  const table = { path: join(tables, "fruit.csv"), reading };
  const { added } = await client.ok<Added>(path, { method: "POST", body: table });
  assert.deepEqual(
    added.map(({ label, rows }) => [label, rows]),
    [
      ["süß", 1],
      ["sauer", 1],
      ["süß", 1],
    ],
  );
  const unknown = { ...table, reading: { column: "sorte" } };
  await client.refused(400, "body-value", path, { method: "POST", body: unknown });
  for (const [code, given] of [
    ["source-missing", join(folder, "nothing")],
    ["source-missing", "/dev/null"],
    ["source-unreadable", join(folder, "bad.csv")],
    ["body-value", ""],
  ] as const)
    await client.refused(400, code, path, { method: "POST", body: { path: given } });
});

test("recipes: none, a person's, and none again", async (t) => {
  const { client } = await served(t);
  const project = await newProject(client);
  const path = `/api/projects/${project.id}/recipe`;
  assert.deepEqual(await client.ok(path), { recipe: null });
  const put = (recipe: unknown) => ({ method: "PUT", body: { recipe } });
  assert.deepEqual(await client.ok(path, put(QUICK)), { recipe: QUICK });
  await client.refused(400, "recipe-key", path, put({ ...QUICK, sed: 1 }));
  await client.refused(400, "recipe-value", path, put({ ...QUICK, seed: -1 }));
  await client.refused(400, "body-value", path, put("text"));
  await client.refused(400, "body-value", path, { method: "PUT", body: QUICK });
  assert.deepEqual(await client.ok(path), { recipe: QUICK });
  assert.deepEqual(await client.ok(path, { method: "DELETE" }), { recipe: null });
  assert.deepEqual(await client.ok(path), { recipe: null });
  await client.ok(path, put(QUICK));
  assert.deepEqual(await client.ok(path, put(null)), { recipe: null });
});

test("what a run is asked must be a seed, a back end and its threads, or nothing", async (t) => {
  const { client } = await served(t);
  const project = await newProject(client);
  const path = `/api/projects/${project.id}/runs`;
  for (const body of [{ seed: -1 }, { seed: 1.5 }, { seed: "1" }, { seeds: 1 }, [], { threads: 0 }])
    await client.refused(400, "body-value", path, { method: "POST", body });
  const interpreter = { backend: "interpreter", threads: 2 };
  await client.refused(400, "threads", path, { method: "POST", body: interpreter });
  assert.deepEqual(await client.ok(path), []);
  await client.refused(415, "media-type", path, uploadOf("a", "b", { "content-type": "a/b" }));
});
