/** The registry and the way from files to labelled samples. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { encode } from "cborg";
import { readInfoLabels } from "./info-labels.ts";
import { isReadable, readFile } from "./read-file.ts";
import { readFiles } from "./read-files.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const CSV = utf8("timestamp,x\n0,1\n10,2\n");
const MESSAGE = {
  protected: { ver: "v1", alg: "none" },
  signature: "0".repeat(64),
  payload: {
    device_type: "T",
    interval_ms: 10,
    sensors: [{ name: "x", units: "" }],
    values: [1, 2],
  },
};

function source(files: { [path: string]: Uint8Array }) {
  const entries = Object.entries(files).map(([path, bytes]) => ({
    path,
    bytes: async () => bytes,
  }));
  return { name: "data", files: entries, problems: [], skipped: [] };
}

test("extensions propose, content decides between JSON and CBOR", () => {
  assert.equal(readFile("a.cbor", utf8(JSON.stringify(MESSAGE)))[0]!.values.length, 2);
  assert.equal(readFile("a.json", encode(MESSAGE))[0]!.values.length, 2);
  assert.equal(readFile("a.TXT", CSV)[0]!.values.length, 2);
  assert.throws(() => readFile("a.cbor", CSV), {
    code: "file-content",
    message: /first byte of 0x74$/,
  });
  assert.throws(() => readFile("a.csv", new Uint8Array(0)), { code: "file-empty" });
});

test("side files, hidden files and unknown extensions are not readable", () => {
  for (const path of ["a/wave.1.csv", "x.cbor", "x.WAV", "readme.csv"])
    assert.ok(isReadable(path), path);
  for (const path of [
    "README.txt",
    "d/LICENSE.bsd.txt",
    "tinsmith.json",
    ".x.csv",
    "x.mp3",
    "csv",
  ]) {
    assert.ok(!isReadable(path), path);
  }
});

test("samples, problems and skipped files are reported apart", async () => {
  const progress: number[] = [];
  const data = await readFiles(
    source({
      "training/wave.1.csv": CSV,
      "training/wave.2.csv": utf8("timestamp,x\n0,1\n10\n"),
      "testing/idle.1.cbor": encode(MESSAGE),
      "notes.md": CSV,
    }),
    { onProgress: (done) => progress.push(done) },
  );
  assert.deepEqual(
    data.samples.map((s) => [s.name, s.label, s.category]),
    [
      ["training/wave.1.csv", "wave", "training"],
      ["testing/idle.1.cbor", "idle", "testing"],
    ],
  );
  assert.deepEqual(data.problems, [
    {
      file: "training/wave.2.csv",
      message: "read training/wave.2.csv: row 3 must have 2 columns like the header, got 1",
    },
  ]);
  assert.deepEqual(data.skipped, ["notes.md"]);
  assert.deepEqual(progress, [1, 2, 3]);
});

test("info.labels gives labels and categories, relative to itself, in both its forms", async () => {
  const entry = (path: string, label: object) => ({ path, category: "testing", label });
  const files = [
    entry("1.csv", { type: "label", label: "said" }),
    entry("./2.csv", { type: "unlabeled" }),
    entry("3.csv", { type: "keyvalue-labels", labels: { a: "b" } }),
  ];
  const whole = utf8(JSON.stringify({ version: 1, files }));
  const data = await readFiles(
    source({
      "d/info.labels": whole,
      "d/1.csv": CSV,
      "d/2.csv": CSV,
      "d/3.csv": CSV,
      "4.csv": CSV,
    }),
  );
  assert.deepEqual(
    data.samples.map((s) => s.label),
    ["said", undefined, undefined, "4"],
  );
  assert.deepEqual(
    data.samples.map((s) => s.category),
    ["testing", "testing", "testing", undefined],
  );
  assert.match(data.notes[0]!, /1 of 3 recordings have labels of an unknown kind/);

  const lines = [
    '{"__ndjson":true,"version":1}',
    ...files.map((file) => JSON.stringify({ __key: "files", __item: file })),
  ];
  const streamed = readInfoLabels("d/info.labels", utf8(lines.join("\n")));
  assert.deepEqual(streamed, readInfoLabels("d/info.labels", whole));
});

test("a broken info.labels is a problem of that file", async () => {
  for (const text of [
    "[",
    "{}",
    '{"files":[1]}',
    '{"files":[{"path":1}]}',
    '{"files":[{"path":"a"}]}',
    "null",
  ]) {
    const data = await readFiles(source({ "info.labels": utf8(text), "a.1.csv": CSV }));
    assert.equal(data.problems.length, 1, text);
    assert.equal(data.samples.length, 1);
  }
});

test("nothing to read, or nothing readable, is one sentence", async () => {
  await assert.rejects(readFiles(source({})), { name: "UserError", code: "source-empty" });
  await assert.rejects(readFiles(source({ "a.csv": utf8("x") })), {
    code: "source-unreadable",
    message:
      /^read data: at least one of 1 files must be readable, got none; the first problem: read a\.csv: /,
  });
});

test("a signal stops the reading between files", async () => {
  const abort = new AbortController();
  const files = source({ "a.1.csv": CSV, "b.1.csv": CSV });
  const reading = readFiles(files, { signal: abort.signal, onProgress: () => abort.abort() });
  await assert.rejects(reading, { name: "CancelledError" });
});

test("a table without labels takes the label of its file; notes of many files are one", async () => {
  const table = utf8("id,timestamp,x\n1,0,1\n1,10,2\n2,0,1\n2,10,2\n");
  const data = await readFiles(source({ "wave.1.csv": table, "idle.1.csv": table }));
  assert.deepEqual(
    data.samples.map((s) => [s.name, s.label]),
    [
      ["wave.1.csv#1", "wave"],
      ["wave.1.csv#2", "wave"],
      ["idle.1.csv#1", "idle"],
      ["idle.1.csv#2", "idle"],
    ],
  );
  assert.equal(data.notes.length, 2);
  assert.match(data.notes[1]!, /^wave\.1\.csv and 1 more: no label column was found/);
});

test("labels of a table stay beside folders that give labels to others", async () => {
  const labelled = utf8("sample,timestamp,x,label\n1,0,1,own\n1,10,2,own\n");
  const data = await readFiles(
    source({ "test/wave/1.csv": CSV, "train/idle/1.csv": CSV, "train/t.csv": labelled }),
  );
  assert.deepEqual(
    data.samples.map((s) => [s.label, s.category]),
    [
      ["wave", "testing"],
      ["idle", "training"],
      ["own", "training"],
    ],
  );
});
