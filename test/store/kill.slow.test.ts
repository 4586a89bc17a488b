/** A sample of the soak test `store`: what a store acknowledged survives kill -9. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { killAgain } from "./kill.ts";

test("a store holds what it acknowledged after its process was killed", async () => {
  const figures = await killAgain(3, 7);
  assert.ok(figures.acknowledged > 0, JSON.stringify(figures));
});
