import assert from "node:assert/strict";
import { test } from "node:test";
import { type Lanes, nestBlocks, tileBlocks, vectorBlocks } from "./blocks.ts";

/** How often each column is computed. */
function visits(extent: number, lanes: Lanes, repeatable: boolean, full: number): number[] {
  const counts = new Array<number>(extent).fill(0);
  for (const { start, by, count, parts } of vectorBlocks(extent, lanes, repeatable, full))
    for (let block = 0; block < count; block++)
      for (const part of parts) {
        assert.ok(part.lanes <= lanes);
        for (let lane = 0; lane < part.lanes; lane++) {
          const column = start + block * by + part.offset + lane;
          assert.ok(column >= 0 && column < extent, `column ${column} of ${extent}`);
          counts[column]!++;
        }
      }
  return counts;
}

test("vector blocks compute every column, and only repeatable ones twice", () => {
  for (const lanes of [4, 8, 16] as const)
    for (let extent = 1; extent <= 100; extent++)
      for (const parts of [1, 2, 3, 8]) {
        assert.ok(visits(extent, lanes, false, parts).every((n) => n === 1));
        assert.ok(visits(extent, lanes, true, parts).every((n) => n >= 1));
      }
});

test("a rest joins the last block, and reaches back where it may", () => {
  const [only, ...more] = vectorBlocks(20, 8, false, 2);
  assert.deepEqual(more, []);
  assert.deepEqual(only!.parts, [
    { offset: 0, lanes: 8 },
    { offset: 8, lanes: 8 },
    { offset: 16, lanes: 4 },
  ]);
  assert.deepEqual(vectorBlocks(300, 16, true, 2)[1]!.parts, [
    { offset: 0, lanes: 16 },
    { offset: 16, lanes: 16 },
    { offset: 28, lanes: 16 },
  ]);
  assert.deepEqual(vectorBlocks(62, 16, true, 2)[1]!.parts, [
    { offset: 0, lanes: 16 },
    { offset: 14, lanes: 16 },
  ]);
});

test("tiles compute every row with no more accumulators than there are registers for", () => {
  for (const parts of [1, 2, 3])
    for (let extent = 1; extent <= 100; extent++) {
      let next = 0;
      const blocks = tileBlocks(extent, parts, 8, 64);
      const sizes = blocks.map(({ by }) => by);
      assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
      for (const { start, by, count } of blocks) {
        assert.equal(start, next);
        assert.ok(by * parts + parts + 1 <= 16);
        next += by * count;
      }
      assert.equal(next, extent);
    }
});

test("large products keep nearly all registers busy, with few vectors to load", () => {
  for (const rows of [128, 256, 4000])
    for (const { parts, tiles } of nestBlocks(rows, 256, 16, true, 256).blocks) {
      assert.equal(parts.length, 2);
      for (const { by } of tiles) assert.ok(by >= 12, `${by} rows`);
    }
});
