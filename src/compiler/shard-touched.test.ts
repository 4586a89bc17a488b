import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../base/rng.ts";
import { areDisjoint, byteSet } from "./shard-touched.ts";

type Dimensions = Parameters<typeof byteSet>[2];

/** Every byte, one by one. */
function bytesOf(start: number, bytes: number, dimensions: Dimensions): Set<number> {
  let starts = [start];
  for (const { step, low, high } of dimensions)
    starts = starts.flatMap((at) =>
      Array.from({ length: high - low + 1 }, (_, n) => at + step * (low + n)),
    );
  return new Set(starts.flatMap((at) => Array.from({ length: bytes }, (_, i) => at + i)));
}

test("sets that are said to be disjoint are", () => {
  const rng = makeRng(5);
  let disjoint = 0;
  let known = 0;
  for (let i = 0; i < 3000; i++) {
    const strides = [4, 4, 8, 12, 24, 48, 96];
    const one = () => {
      const start = 4 * rng.int(40);
      const dimensions = Array.from({ length: rng.int(3) }, () => {
        const low = rng.int(3) - 1;
        return {
          step: strides[rng.int(7)]! * (rng.int(4) === 0 ? -1 : 1),
          low,
          high: low + rng.int(4),
        };
      });
      return { set: byteSet(start, 4, dimensions), bytes: bytesOf(start, 4, dimensions) };
    };
    const [a, b] = [one(), one()];
    const meet = [...a.bytes].some((byte) => b.bytes.has(byte));
    if (areDisjoint(a.set, b.set)) {
      assert.ok(!meet, JSON.stringify([a.set, b.set]));
      known++;
    }
    if (!meet) disjoint++;
  }
  assert.ok(known > 0.8 * disjoint, `most must be recognized, got ${known} of ${disjoint}`);
});

test("columns of the same rows are disjoint, rows that meet are not", () => {
  const columns = (first: number) =>
    byteSet(4 * first, 4, [
      { step: 4, low: 0, high: 15 },
      { step: 256, low: 0, high: 31 },
    ]);
  assert.ok(areDisjoint(columns(0), columns(16)));
  assert.ok(!areDisjoint(columns(0), columns(15)));
  const rows = (first: number, count: number) =>
    byteSet(256 * first, 4, [
      { step: 4, low: 0, high: 63 },
      { step: 256, low: 0, high: count - 1 },
    ]);
  assert.ok(areDisjoint(rows(0, 16), rows(16, 16)));
  assert.ok(!areDisjoint(rows(0, 17), rows(16, 16)));
});
