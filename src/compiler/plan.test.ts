import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../base/rng.ts";
import { type Block, lowerBound, planMemory } from "./plan.ts";

const overlap = (a: Block, b: Block): boolean => a.from <= b.to && b.from <= a.to;

/** By its definition: the sum of what is alive, step by step. */
const mostAlive = (blocks: readonly Block[]): number =>
  Math.max(
    ...Array.from({ length: 12 }, (_, step) =>
      blocks
        .filter(({ from, to }) => from <= step && step <= to)
        .reduce((sum, { bytes }) => sum + 16 * Math.ceil(bytes / 16), 0),
    ),
  );

test("lowerBound() counts what is alive at once", () => {
  const blocks = [
    { bytes: 10, from: 0, to: 1 },
    { bytes: 20, from: 1, to: Number.MAX_SAFE_INTEGER },
    { bytes: 30, from: 2, to: 2 },
  ];
  assert.equal(lowerBound(blocks, 4), 52);
  assert.equal(lowerBound([], 4), 0);
});

test("planMemory() lets blocks with separate lives share memory", () => {
  const plan = planMemory(
    [
      { bytes: 100, from: 0, to: 1 },
      { bytes: 100, from: 2, to: 3 },
      { bytes: 40, from: 1, to: 2 },
    ],
    4,
  );
  assert.equal(plan.bytes, 140);
});

test("planMemory() never overlaps blocks that live together, and aligns offsets", () => {
  const rng = makeRng(1);
  for (let round = 0; round < 200; round++) {
    const blocks = Array.from({ length: 1 + rng.int(12) }, (): Block => {
      const from = rng.int(8);
      return { bytes: 1 + rng.int(50), from, to: from + rng.int(4) };
    });
    const plan = planMemory(blocks, 16);
    assert.equal(plan.bound, mostAlive(blocks));
    assert.ok(plan.bytes >= plan.bound);
    blocks.forEach((a, i) => {
      assert.equal(plan.offsets[i]! % 16, 0);
      assert.ok(plan.offsets[i]! + a.bytes <= plan.bytes);
      blocks.forEach((b, j) => {
        if (i === j || !overlap(a, b)) return;
        const apart =
          plan.offsets[i]! + a.bytes <= plan.offsets[j]! ||
          plan.offsets[j]! + b.bytes <= plan.offsets[i]!;
        assert.ok(apart, `blocks ${i} and ${j} overlap in round ${round}`);
      });
    });
  }
});

test("planMemory() begins large blocks on cache lines, whatever lies below them for good", () => {
  const lasting = [16, 64 * 30, 48, 64 * 7].map((bytes) => ({ bytes, from: 0, to: 9 }));
  const others = [64 * 5, 64 * 9].map((bytes, i) => ({ bytes, from: i, to: i + 1 }));
  const blocks = [...lasting, ...others];
  const { offsets } = planMemory(blocks, 16);
  for (const [i, { bytes }] of blocks.entries())
    if (bytes >= 64) assert.equal(offsets[i]! % 64, 0, `block ${i}`);
  assert.equal(planMemory(lasting, 16).bytes, lowerBound(lasting, 16));
});
