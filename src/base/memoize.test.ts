import assert from "node:assert/strict";
import { test } from "node:test";
import { memoize } from "./memoize.ts";

test("memoize() computes once for each object, undefined too", () => {
  const asked: object[] = [];
  const answer = memoize((key: { n: number }) => {
    asked.push(key);
    return key.n > 0 ? key.n : undefined;
  });
  const [a, b] = [{ n: 1 }, { n: 0 }];
  assert.deepEqual([answer(a), answer(b), answer(a), answer(b)], [1, undefined, 1, undefined]);
  assert.deepEqual(asked, [a, b]);
});
