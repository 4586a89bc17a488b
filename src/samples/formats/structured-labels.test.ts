/** Labels over time from all three places, and what is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readAcquisition } from "./acquisition.ts";
import { readFiles } from "./read-files.ts";
import { readStructuredLabels } from "./structured-labels.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const json = (value: unknown) => utf8(JSON.stringify(value));
const ROWS = utf8(`timestamp,x\n${[0, 10, 20, 30].map((t) => `${t},${t}`).join("\n")}`);

const entry = (startIndex: unknown, endIndex: unknown, label: unknown) => ({
  startIndex,
  endIndex,
  label,
});
const TWO = [entry(0, 1, "a"), entry(2, 3, "b")];
const SEGMENTS = [
  { startRow: 0, endRow: 2, label: "a" },
  { startRow: 2, endRow: 4, label: "b" },
];

function acquisition(structured_labels: unknown): Uint8Array {
  return json({
    protected: { ver: "v1", alg: "none" },
    signature: "0".repeat(64),
    payload: {
      device_type: "T",
      interval_ms: 10,
      sensors: [{ name: "x", units: "" }],
      values: [1, 2, 3, 4],
      structured_labels,
    },
  });
}

function source(files: { [path: string]: Uint8Array }) {
  const entries = Object.entries(files).map(([path, bytes]) => ({
    path,
    bytes: async () => bytes,
  }));
  return { name: "data", files: entries, problems: [], skipped: [] };
}

const infoOf = (labels: unknown, path = "t.csv") =>
  json({
    version: 1,
    files: [{ path, category: "testing", label: { type: "multi-label", labels } }],
  });

test("in the payload of an acquisition file", () => {
  const [sample] = readAcquisition("a.json", acquisition(TWO), {});
  assert.equal(sample!.label, undefined);
  assert.deepEqual(sample!.segments, SEGMENTS);
  const [same] = readAcquisition("a.json", acquisition([entry(0, 3, "a")]), {});
  assert.deepEqual([same!.label, same!.segments], ["a", undefined]);
});

test("in info.labels and in structured_labels.labels, which counts before it", async () => {
  const read = async (files: { [path: string]: Uint8Array }) =>
    (await readFiles(source({ "d/t.csv": ROWS, ...files }))).samples[0]!;
  const side = (labels: unknown) =>
    json({ version: 1, type: "structured-labels", structuredLabels: { "t.csv": labels } });
  const info = await read({ "d/info.labels": infoOf(TWO) });
  assert.deepEqual([info.segments, info.label, info.category], [SEGMENTS, undefined, "testing"]);
  const own = await read({ "d/structured_labels.labels": side(TWO) });
  assert.deepEqual([own.segments, own.category], [SEGMENTS, undefined]);
  const both = await read({
    "d/info.labels": infoOf([entry(0, 3, "c")]),
    "d/structured_labels.labels": side(TWO),
  });
  assert.deepEqual([both.segments, both.category], [SEGMENTS, "testing"]);
});

test("a side file counts before what the recording says of itself", async () => {
  const files = { "a.json": acquisition(TWO), "info.labels": infoOf([entry(0, 3, "c")], "a.json") };
  const [sample] = (await readFiles(source(files))).samples;
  assert.deepEqual([sample!.label, sample!.segments], ["c", undefined]);
});

test("intervals that do not fit are a problem of their recording", async () => {
  for (const [labels, problem] of [
    [[entry(0, 1, "a"), entry(3, 3, "b")], /every row a label, got none for row 2/],
    [[entry(0, 4, "a")], /must lie within rows 0 to 3, got 0 to 4/],
    [[entry(-1, 3, "a")], /got -1 to 3/],
    [[entry(2, 1, "a")], /got 2 to 1/],
    [[entry(0, 2.5, "a")], /got 0 to 2.5/],
  ] as const) {
    const data = await readFiles(
      source({ "info.labels": infoOf(labels), "t.csv": ROWS, "u.1.csv": ROWS }),
    );
    assert.equal(data.samples.length, 1);
    assert.equal(data.problems[0]!.file, "t.csv");
    assert.match(data.problems[0]!.message, problem);
  }
});

test("mistyped entries and side files are refused", () => {
  const parse = (labels: unknown) => () => readAcquisition("a.json", acquisition(labels), {});
  const code = "structured-labels";
  assert.throws(parse([]), { code, message: /must list at least one interval, got a list of 0/ });
  assert.throws(parse({}), { code });
  assert.throws(parse([null]), { code, message: /interval 1 .* must have a label as text/ });
  assert.throws(parse([entry(0, 3, 7)]), { code, message: /got 7$/ });
  assert.throws(parse([entry("0", 3, "a")]), { code, message: /got "0" and 3$/ });
  for (const text of [
    "[",
    "null",
    "{}",
    '{"structuredLabels":[]}',
    '{"structuredLabels":{"a":1}}',
  ]) {
    assert.throws(
      () => readStructuredLabels("structured_labels.labels", utf8(text)),
      { code },
      text,
    );
  }
  assert.throws(() => readStructuredLabels("x/structured_labels.labels", Uint8Array.of(0xff)), {
    code,
  });
});
