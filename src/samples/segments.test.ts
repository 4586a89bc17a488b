/** Intervals become segments, and the labels of recordings and parts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../base/rng.ts";
import { makeSample, makeSegmented } from "./fixtures.ts";
import { labelsOf, labelsOfPart, runsOf, segmentsFrom, withSegments } from "./segments.ts";

const interval = (startIndex: number, endIndex: number, label: string) => ({
  startIndex,
  endIndex,
  label,
});

test("the end is included, neighbors of one label are one segment", () => {
  assert.deepEqual(
    segmentsFrom([interval(2, 3, "a"), interval(0, 1, "a"), interval(4, 4, "b")], 5, "x"),
    [
      { startRow: 0, endRow: 4, label: "a" },
      { startRow: 4, endRow: 5, label: "b" },
    ],
  );
});

test("later intervals win: as painting row by row", () => {
  const rng = makeRng(5);
  for (let round = 0; round < 300; round++) {
    const rows = 1 + rng.int(40);
    const intervals = [interval(0, rows - 1, "z")];
    for (let n = rng.int(8); n > 0; n--) {
      const start = rng.int(rows);
      intervals.push(interval(start, start + rng.int(rows - start), "abc"[rng.int(3)]!));
    }
    const painted = new Array<string>(rows);
    for (const { startIndex, endIndex, label } of intervals) {
      painted.fill(label, startIndex, endIndex + 1);
    }
    assert.deepEqual(
      segmentsFrom(intervals, rows, "x"),
      runsOf(rows, (row) => painted[row]!),
    );
  }
});

test("a hundred thousand nested intervals are no burden", () => {
  const rows = 200_000;
  const nested = Array.from({ length: 100_000 }, (_, i) => interval(0, rows - 1 - i, `${i}`));
  assert.equal(segmentsFrom(nested, rows, "x").length, 100_000);
});

test("labels of a recording and of a part, in order of appearance", () => {
  const sample = makeSegmented("s.csv", ["b", "a", "b", "c"], 10);
  assert.deepEqual(labelsOf(sample), ["b", "a", "c"]);
  assert.deepEqual(labelsOfPart({ sample, startRow: 10, endRow: 21 }), ["a", "b"]);
  assert.deepEqual(labelsOfPart({ sample, startRow: 10, endRow: 20 }), ["a"]);
  assert.deepEqual(labelsOf(makeSample("x.csv", undefined)), []);
  assert.deepEqual(labelsOfPart({ sample: makeSample("x.csv", "a"), startRow: 0, endRow: 5 }), [
    "a",
  ]);
});

test("one segment is the label", () => {
  const sample = withSegments(makeSegmented("s.csv", ["b", "a"], 10), [
    { startRow: 0, endRow: 20, label: "c" },
  ]);
  assert.equal(sample.label, "c");
  assert.ok(!("segments" in sample));
});
