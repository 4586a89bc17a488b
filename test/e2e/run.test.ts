/**
 * The main job from end to end: recordings in, a verified C library out. One run of simulated
 * gestures serves most assertions; others bring the same recordings in every packing, and the real
 * recordings of the shared folder.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import type { Recipe } from "../../src/pipeline/recipe.ts";
import type { Report } from "../../src/pipeline/report.ts";
import { findProgram, requirement, SHARED } from "../requirements.ts";
import { type Files, folderOf, snapshot, tinsmith, writeFiles } from "./cli.ts";
import { filesOf, gestures, QUICK, tarOf } from "./recordings.ts";

const SAMPLES = gestures();

const inFolder = (folder: string, files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([path, bytes]) => [`${folder}/${path}`, bytes]));

const root = await folderOf({ after }, inFolder("my gestures", filesOf(SAMPLES)));
const first = await tinsmith(["run", "my gestures", "--out", "first/", "--json"], { cwd: root });

/** Without compilers on the PATH a run is short. */
const BARE = { PATH: "" };

/** What `report.json` must hold: the type of each value. */
const SCORES = { accuracy: "number", loss: "number", f1: "number", confusion: "array" };
const CONTRACT = {
  project: "string",
  seed: "number",
  recipe: {
    name: "string",
    source: "string",
    input: { windowMs: "number", strideMs: "number" },
    block: { type: "string", params: "object" },
    layers: "array",
    training: { epochs: "number", learningRate: "number" },
  },
  data: {
    samples: "number",
    seconds: "number",
    labels: { idle: "number", shake: "number", snake: "number", updown: "number", wave: "number" },
    windows: { train: "number", validation: "number", test: "number" },
    notes: "array",
    problems: "array",
  },
  features: { blocks: "array", perWindow: "number", seconds: "number" },
  training: {
    backend: "string",
    epochs: "number",
    steps: "number",
    seconds: "number",
    stepsPerSecond: "number",
    best: { epoch: "number", validationLoss: "number", validationAccuracy: "number" },
    diagnosis: {
      verdict: "string",
      sentences: "array",
      remedies: "array",
      evidence: { trainingAccuracy: "number", validationAccuracy: "number", bestEpoch: "number" },
    },
  },
  test: { labels: "array", float32: SCORES, int8: SCORES },
  regression: "null",
  anomaly: { threshold: "number", knownFlagged: "number", unseen: { shake: "number" } },
  artefact: { directory: "string", files: "array" },
  device: {
    target: "string",
    basis: "string",
    ramBytes: "number",
    constantBytes: "number",
    codeBytes: "number",
    stackBytes: "number",
    macs: "number",
  },
};
const PARITY = {
  compiler: "string",
  windows: "number",
  int8Mismatches: "number",
  float32MaxUlp: "number",
  featureMaxUlp: "number",
  anomalyMaxUlp: "number",
};

type Pattern = string | { readonly [key: string]: Pattern };

function assertShape(value: unknown, pattern: Pattern, path: string): void {
  const type = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  if (typeof pattern === "string") {
    assert.equal(type, pattern, path);
    if (type === "number") assert.ok(Number.isFinite(value), path);
    return;
  }
  assert.equal(type, "object", path);
  for (const [key, part] of Object.entries(pattern))
    assertShape((value as { [key: string]: unknown })[key], part, `${path}.${key}`);
}

const reportOf = (folder: string): Report =>
  JSON.parse(readFileSync(join(folder, "report.json"), "utf8"));

test("--json prints one document, which report.json holds too and the contract describes", () => {
  assert.equal(first.exitCode, 0, first.stderr);
  const report: Report = JSON.parse(first.stdout);
  assert.deepEqual(report, reportOf(join(root, "first")));
  assertShape(report, CONTRACT, "report");
  assert.equal(report.project, "my gestures");
  assert.deepEqual(report.data.labels, { idle: 6, shake: 1, snake: 6, updown: 6, wave: 6 });
  assert.equal(report.data.samples, 25);
  for (const { accuracy, confusion } of [report.test.float32!, report.test.int8!]) {
    const rows: readonly (readonly number[])[] = confusion;
    assert.equal(
      rows.flat().reduce((a, b) => a + b),
      report.data.windows.test,
    );
    const right = rows.reduce((sum, row, i) => sum + row[i]!, 0);
    assert.ok(Math.abs(accuracy - right / report.data.windows.test) < 1e-9);
    assert.equal(rows.length, report.test.labels.length);
  }
  assert.ok(report.test.int8!.accuracy > 0.8, `accuracy ${report.test.int8!.accuracy}`);
  assert.equal(
    first.stderr.split("\n").filter((line) => line !== "").length,
    9,
    "a line of progress for each phase, and nothing else",
  );
});

test("the output folder holds the recipe, the report and the files that it lists", () => {
  const out = join(root, "first");
  assert.deepEqual(readdirSync(root).sort(), ["first", "my gestures"]);
  assert.deepEqual(readdirSync(out).sort(), ["c", "report.json", "tinsmith.json"]);
  const { artefact } = reportOf(out);
  assert.equal(artefact.directory, join(out, "c"));
  const onDisk = readdirSync(out, { recursive: true, encoding: "utf8" })
    .filter((path) => path.startsWith("c/") && statSync(join(out, path)).isFile())
    .sort();
  assert.deepEqual(artefact.files.map(({ path }) => path).sort(), onDisk);
  assert.ok(onDisk.length >= 5);
  for (const { path, bytes, sha256 } of artefact.files) {
    const content = readFileSync(join(out, path));
    assert.equal(bytes, content.length, path);
    assert.equal(sha256, createHash("sha256").update(content).digest("hex"), path);
  }
});

test("every test window through the compiled library: every bit equal", requirement("cc"), () => {
  const { parity, data } = reportOf(join(root, "first"));
  assertShape(parity, PARITY, "parity");
  const { compiler, ...figures } = parity!;
  assert.deepEqual(figures, {
    windows: data.windows.test,
    int8Mismatches: 0,
    float32MaxUlp: 0,
    featureMaxUlp: 0,
    anomalyMaxUlp: 0,
  });
  assert.ok(data.windows.test > 0 && compiler !== "");
});

test("the written recipe gives the same library again, another seed another one", async () => {
  const recipe = join("first", "tinsmith.json");
  const rerun = async (out: string, ...args: string[]) => {
    const run = await tinsmith(["run", recipe, "--out", out, ...args], { cwd: root, env: BARE });
    assert.equal(run.exitCode, 0, run.stderr);
    return snapshot(join(root, out, "c"));
  };
  const library = snapshot(join(root, "first", "c"));
  assert.deepEqual(await rerun("second"), library);
  assert.equal(
    readFileSync(join(root, "second", "tinsmith.json"), "utf8"),
    readFileSync(join(root, recipe), "utf8"),
  );
  assert.equal(reportOf(join(root, "second")).parity, null);
  assert.notDeepEqual(await rerun("third", "--seed", "2"), library);
  assert.equal(reportOf(join(root, "third")).seed, 2);
  // Over an earlier result, and over that which the recipe itself is part of.
  assert.deepEqual(await rerun("third"), library);
  assert.deepEqual(await rerun("first"), library);
});

test(
  "the library is clean under strict warnings, and its self-test passes",
  requirement("cc"),
  async (t) => {
    const copy = await folderOf(t, snapshotFiles(join(root, "first", "c")));
    const compiler = findProgram("cc") ?? findProgram("gcc") ?? findProgram("clang")!;
    const run = (command: string, ...args: string[]) => {
      const { status, stdout, stderr } = spawnSync(command, args, { cwd: copy, encoding: "utf8" });
      assert.equal(status, 0, `${command} ${args.join(" ")}\n${stdout}${stderr}`);
      return stdout;
    };
    const strict = "-std=c99 -Wall -Wextra -Werror -Wconversion -pedantic -fsyntax-only".split(" ");
    const headers = readdirSync(copy).filter((name) => name.endsWith(".h"));
    assert.ok(headers.length > 0);
    const includes = headers.map((name) => `#include "${name}"\n`).join("");
    await writeFiles(copy, { "only_headers.c": `${includes}int main(void) { return 0; }\n` });
    const sources = readdirSync(copy).filter((name) => name.endsWith(".c"));
    run(compiler, ...strict, ...sources);
    if (findProgram("make") === undefined) t.diagnostic("no make on PATH: self-test not run");
    else
      assert.match(
        run("make", "test", `CC=${compiler}`),
        /^my_gestures: [1-9]\d* windows, 0 values differ$/m,
      );
  },
);

/** The files of a folder as bytes. */
function snapshotFiles(folder: string): Files {
  return Object.fromEntries(
    Object.entries(snapshot(folder))
      .filter((entry): entry is [string, string] => entry[1] !== null)
      .map(([path, text]) => [path, Buffer.from(text, "latin1")]),
  );
}

test("the same recordings in every packing give the same library", {
  concurrency: 2,
}, async (t) => {
  const files = filesOf(gestures(3));
  const bytes = Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, Buffer.from(text)]),
  );
  const run = async (t: TestContext, packed: Files, source = "recordings") => {
    const recipe: Recipe = { ...QUICK, source };
    const cwd = await folderOf(t, { ...packed, "quick.json": JSON.stringify(recipe) });
    const args = ["run", "quick.json", "--out", "out", "--json"];
    const { exitCode, stdout, stderr } = await tinsmith(args, { cwd, env: BARE });
    assert.equal(exitCode, 0, stderr);
    const { data } = JSON.parse(stdout);
    assert.deepEqual(data.problems, []);
    assert.deepEqual(data.labels, { idle: 3, shake: 1, snake: 3, updown: 3, wave: 3 });
    return snapshot(join(cwd, "out", "c"));
  };
  const library = await run(t, inFolder("recordings", files));
  const tar = gzipSync(tarOf(files));
  t.test("a zip within a folder", async (t) => {
    assert.deepEqual(await run(t, { "recordings/all.zip": zipSync(bytes) }), library);
  });
  t.test("a zip", async (t) => {
    assert.deepEqual(await run(t, { "all.zip": zipSync(bytes) }, "all.zip"), library);
  });
  t.test("a tar.gz", async (t) => {
    assert.deepEqual(await run(t, { "all.tar.gz": tar }, "all.tar.gz"), library);
  });
  t.test("CBOR, which differs in units only", async (t) => {
    const cbor = await run(t, inFolder("recordings", filesOf(gestures(3), "cbor")));
    const stripped = (text: string | null) => text?.replaceAll(/\s*\(?m\/s2\)?/g, "");
    const data = "quick_gestures_data.c";
    assert.ok(library[data]);
    assert.equal(stripped(cbor[data]!), stripped(library[data]!));
  });
});

test("recordings of real gestures", requirement("shared", "cc", "arm"), async (t) => {
  const cwd = await folderOf(t);
  const source = join(SHARED, "data", "ei-gestures");
  const { exitCode, stdout, stderr } = await tinsmith(["run", source, "--out", "out", "--json"], {
    cwd,
  });
  assert.equal(exitCode, 0, stderr);
  const report: Report = JSON.parse(stdout);
  const { anomaly, parity, device, computed } = report;
  assert.ok(report.test.int8!.accuracy >= 0.95, `accuracy ${report.test.int8!.accuracy}`);
  assert.ok(anomaly!.unseen["shake"]! >= 0.95, `shake flagged ${anomaly!.unseen["shake"]}`);
  assert.ok(anomaly!.knownFlagged <= 0.05, `known flagged ${anomaly!.knownFlagged}`);
  const { compiler: _, ...figures } = parity!;
  assert.deepEqual(figures, {
    windows: report.data.windows.test,
    int8Mismatches: 0,
    float32MaxUlp: 0,
    featureMaxUlp: 0,
    anomalyMaxUlp: 0,
  });
  assert.ok(report.data.windows.test > 0);
  assert.equal(device.basis, "linked");
  assert.equal(computed.basis, "computed");
  assert.equal(computed.ramBytes, device.ramBytes);
  assert.equal(computed.constantBytes, device.constantBytes);
  const off = Math.abs(computed.codeBytes - device.codeBytes);
  assert.ok(
    off <= 0.03 * device.codeBytes + 256,
    `code computed ${computed.codeBytes}, linked ${device.codeBytes}`,
  );
  assert.ok(device.ramBytes <= 4096, `RAM ${device.ramBytes}`);
  const flash = device.constantBytes + device.codeBytes;
  assert.ok(flash <= 20_480, `flash ${flash}`);
});
