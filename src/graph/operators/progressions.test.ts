/** Which items are gathered to a loop. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { progressionsOf } from "./progressions.ts";

const gather = (items: readonly (readonly [key: string, ...places: number[]])[]) =>
  progressionsOf(
    items,
    ([key]) => key,
    ([, ...places]) => places as number[],
  ).map(({ item, count, step }) => [item[0], count, ...step]);

test("items with one key and equal steps are one progression", () => {
  assert.deepEqual(
    gather([
      ["a", 0, 2],
      ["b", 7, 7],
      ["a", 3, 1],
      ["a", 6, 0],
    ]),
    [
      ["a", 3, 3, -1],
      ["b", 1, 0, 0],
    ],
  );
});

test("an item that does not follow begins a new one", () => {
  assert.deepEqual(
    gather([
      ["a", 0],
      ["a", 2],
      ["a", 5],
      ["a", 9],
    ]),
    [
      ["a", 2, 2],
      ["a", 2, 4],
    ],
  );
  assert.deepEqual(gather([]), []);
});
