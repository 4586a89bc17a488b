import assert from "node:assert/strict";
import { test } from "node:test";
import { decimate } from "./decimate.ts";

test("decimate() gives short signals as they are, one list an axis", () => {
  const values = Float32Array.of(1, 10, 2, 20, 3, 30);
  assert.deepEqual(decimate(values, 2, 3), [
    [1, 2, 3],
    [10, 20, 30],
  ]);
  assert.deepEqual(decimate(new Float32Array(0), 2, 10), [[], []]);
});

test("decimate() keeps each stretch's extremes, in the order they occur", () => {
  const values = Float32Array.of(0, 5, -1, 2, /**/ 3, 3, 3, 3, /**/ 9, 1, 2, 8);
  assert.deepEqual(decimate(values, 1, 6), [[5, -1, 3, 3, 9, 1]]);
  // An odd number of points is rounded down to whole stretches.
  assert.deepEqual(decimate(values, 1, 7), [[5, -1, 3, 3, 9, 1]]);
});

test("decimate() loses no peak, whatever the length", () => {
  for (let rows = 11; rows < 60; rows++)
    for (let peak = 0; peak < rows; peak++) {
      const values = new Float32Array(rows);
      values[peak] = 1;
      const [column] = decimate(values, 1, 10);
      assert.equal(column!.length, 10);
      assert.ok(column!.includes(1), `${peak} of ${rows}`);
    }
});
