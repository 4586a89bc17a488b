/** Cuts by time: what goes to which side. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cutEnds } from "./cut.ts";
import { makeRows, makeSample, makeSegmented } from "./fixtures.ts";
import { type Part, wholeOf } from "./part.ts";

const ranges = (parts: readonly Part[]) => parts.map((part) => [part.startRow, part.endRow]);

test("a recording loses its end after a gap of one window, if it is long enough", () => {
  const cuts = cutEnds(wholeOf(makeSample("a.csv", "a")), 0.5, 200);
  assert.deepEqual([ranges(cuts.heads), ranges(cuts.tails)], [[[0, 40]], [[60, 100]]]);
  const short = cutEnds(wholeOf(makeSample("a.csv", "a", { rows: 59 })), 0.5, 200);
  assert.deepEqual([ranges(short.heads), ranges(short.tails)], [[[0, 59]], []]);
  const row = cutEnds(wholeOf(makeRows({ a: 1 })[0]!), 0.5, 0);
  assert.deepEqual([ranges(row.heads), ranges(row.tails)], [[[0, 1]], []]);
});

test("segments are cut one by one, and heads that touch are one part", () => {
  const sample = makeSegmented("s.csv", ["a", "a", "b", "b", "b", "c", "c"], 20);
  // 40 rows of a, 60 of b and 40 of c; a window of 20 fits three times into b only.
  const cuts = cutEnds(wholeOf(sample), 0.2, 200);
  assert.deepEqual(ranges(cuts.heads), [
    [0, 60],
    [100, 140],
  ]);
  assert.deepEqual(ranges(cuts.tails), [[80, 100]]);
});
