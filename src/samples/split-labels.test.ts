/** Splits of recordings with several labels, and of rows of tables. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRows, makeSample, makeSegmented } from "./fixtures.ts";
import type { Part } from "./part.ts";
import type { Category, Sample } from "./sample.ts";
import { labelsOfPart } from "./segments.ts";
import { type Split, splitSamples } from "./split.ts";

const options = { seed: 1, windowMs: 200 }; // 20 rows
const labelsIn = (parts: readonly Part[]) => [...new Set(parts.flatMap(labelsOfPart))].sort();
const namesIn = (parts: readonly Part[]) => [...new Set(parts.map((part) => part.sample.name))];

function said(split: Split, pattern: RegExp): void {
  assert.ok(
    split.notes.some((note) => pattern.test(note)),
    split.notes.join(" "),
  );
}

function recordings(labels: readonly string[], count: number, category?: Category): Sample[] {
  return Array.from({ length: count }, (_, i) =>
    makeSegmented(
      `${category ?? "all"}/${labels.join("")}.${i}.json`,
      labels,
      100,
      category ? { category } : {},
    ),
  );
}

test("afresh by file: every label trains, validates and tests, no recording twice", () => {
  const samples = [
    ...recordings(["idle", "grind", "idle"], 5),
    ...recordings(["idle", "pump"], 5),
    makeSample("all/idle.9.json", "idle"),
  ];
  const split = splitSamples(samples, options);
  assert.deepEqual(split.labels, ["grind", "idle", "pump"]);
  const sides = [split.training, split.validation, split.testing];
  for (const side of sides) assert.deepEqual(labelsIn(side), ["grind", "idle", "pump"]);
  assert.equal(sides.flatMap(namesIn).length, 11);
  assert.equal(new Set(sides.flatMap(namesIn)).size, 11);
  assert.deepEqual(splitSamples(samples.toReversed(), options), split);
});

test("a label that one recording of several labels has trains, and the note says so", () => {
  const samples = [...recordings(["a", "b"], 4), ...recordings(["a", "rare"], 1)];
  const split = splitSamples(samples, options);
  assert.deepEqual(split.labels, ["a", "b", "rare"]);
  assert.deepEqual(labelsIn(split.testing), ["a", "b"]);
  said(split, /no test data for "rare": its 1 recording must train/);
  assert.deepEqual(split.unseen, []);
});

test("a given split is kept, and an unseen label is cut out of its test recordings", () => {
  const samples = [
    ...recordings(["a", "b"], 3, "training"),
    ...recordings(["a", "new", "b", "a", "new"], 1, "testing"),
  ];
  const split = splitSamples(samples, options);
  assert.deepEqual(split.labels, ["a", "b"]);
  const ranges = (parts: readonly Part[]) => parts.map((part) => [part.startRow, part.endRow]);
  assert.deepEqual(ranges(split.testing), [
    [0, 100],
    [200, 400],
  ]);
  assert.deepEqual(
    split.unseen.map((unseen) => unseen.label),
    ["new"],
  );
  assert.deepEqual(ranges(split.unseen[0]!.parts), [
    [100, 200],
    [400, 500],
  ]);
  said(split, /"new" has test data but no training data/);
});

test("one recording of several labels is cut by time, segment by segment", () => {
  const samples = recordings(["a", "b", "a"], 1);
  const split = splitSamples(samples, options);
  assert.equal(split.byTime, true);
  for (const side of [split.training, split.validation, split.testing]) {
    assert.deepEqual(labelsIn(side), ["a", "b"]);
  }
  const ranges = [...split.training, ...split.validation, ...split.testing]
    .map((part) => [part.startRow, part.endRow] as const)
    .sort(([a], [b]) => a - b);
  for (const [i, [start]] of ranges.entries()) {
    if (i > 0) assert.ok(start >= ranges[i - 1]![1], String(ranges));
  }
  // 80 usable rows of each segment: 20 test after a gap of 20.
  assert.deepEqual(
    split.testing.map((part) => [part.startRow, part.endRow]),
    [
      [80, 100],
      [180, 200],
      [280, 300],
    ],
  );
  assert.throws(() => splitSamples(samples, { seed: 1, windowMs: 400 }), {
    code: "recording-too-short",
    message: /a stretch of "a" that is cut by time .* \(1200 ms\), got 1000 ms/,
  });
});

test("recordings that cannot be spared are cut by time", () => {
  const samples = [...recordings(["a", "b", "c"], 1), ...recordings(["a", "b", "d"], 1)];
  const split = splitSamples(samples, options);
  assert.equal(split.byTime, true);
  assert.deepEqual(labelsIn(split.testing), ["a", "b", "c", "d"]);
  said(split, /No recording can test without taking the last one/);
});

test("rows of a table: a fifth tests, stratified, whatever the window", () => {
  for (const windowMs of [0, 1000, 60000]) {
    const split = splitSamples(makeRows({ a: 50, b: 100, c: 5 }), { seed: 1, windowMs });
    const count = (label: string, parts: readonly Part[]) =>
      parts.filter((part) => part.sample.label === label).length;
    assert.deepEqual(
      ["a", "b", "c"].map((label) => [
        count(label, split.testing),
        count(label, split.validation),
        count(label, split.training),
      ]),
      [
        [10, 8, 32],
        [20, 16, 64],
        [1, 1, 3],
      ],
    );
    said(split, /Rows were drawn for the test at random/);
  }
  assert.throws(() => splitSamples(makeRows({ a: 1, b: 1 }), options), {
    code: "too-few-recordings",
  });
});

test("many rows of a table are split with work that grows with their number", () => {
  let reads = 0;
  const rows = makeRows({ a: 6000, b: 4000 }).map((sample) => ({
    ...sample,
    get label() {
      reads++;
      return sample.label;
    },
  }));
  assert.equal(splitSamples(rows, options).testing.length, 2000);
  assert.ok(reads < 100 * rows.length, `${reads} reads of labels`);
});
