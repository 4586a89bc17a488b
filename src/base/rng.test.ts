// The generator's saved places; its sequence is pinned by the goldens of math.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "./rng.ts";

test("a saved place gives the same sequence again, also in another generator", () => {
  const rng = makeRng(7).fork("first");
  for (let i = 0; i < 1000; i++) {
    const state = rng.save();
    for (const word of state) assert.ok(word === word >>> 0, `${word} is no unsigned word`);
    const drawn = [rng.u32(), rng.normal(), rng.int(5)];
    const other = makeRng(8);
    other.restore(JSON.parse(JSON.stringify(state)));
    assert.deepEqual([other.u32(), other.normal(), other.int(5)], drawn);
    assert.deepEqual(other.save(), rng.save());
  }
  assert.equal(rng.fork("x").u32(), makeRng(7).fork("first").fork("x").u32());
});
