// The split that a training makes itself: shares, classes, groups, seeds, and what cannot be split.
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";
import { splitRows } from "./split-rows.ts";

const rows = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test("every row is on one side, in order; the seed decides which", () => {
  const given = rows(50).map((i) => 3 * i + 1);
  const { train, validation } = splitRows(given, { share: 0.2, seed: 3 });
  assert.equal(validation.length, 10);
  assert.deepEqual(
    [...train, ...validation].toSorted((a, b) => a - b),
    given,
  );
  assert.deepEqual(
    [...validation],
    [...validation].toSorted((a, b) => a - b),
  );
  assert.deepEqual(splitRows(given, { share: 0.2, seed: 3 }), { train, validation });
  assert.notDeepEqual(splitRows(given, { share: 0.2, seed: 4 }).validation, validation);
});

test("each class has its share, and small classes do not shrink the whole", () => {
  const classes = rows(100).map((i) => (i < 70 ? 0 : i < 90 ? 1 : 2));
  const { validation } = splitRows(rows(100), { share: 0.3, seed: 1, classes });
  const counts = [0, 1, 2].map((c) => validation.filter((row) => classes[row] === c).length);
  assert.deepEqual(counts, [21, 6, 3]);
  // Ten classes of two rows each: a fifth of all, and no class without a row to train on.
  const pairs = rows(20).map((i) => i >> 1);
  const small = splitRows(rows(20), { share: 0.2, seed: 1, classes: pairs });
  assert.equal(small.validation.length, 4);
  assert.equal(new Set([...small.validation].map((row) => pairs[row])).size, 4);
  const single = splitRows(rows(9), { share: 0.3, seed: 1, classes: [0, 0, 0, 0, 1, 1, 1, 1, 2] });
  assert.ok(!single.validation.includes(8), "the only row of its class trains");
});

test("no group is on both sides, and classes still come near their shares", () => {
  const rng = makeRng(5);
  const groups = rows(400).map(() => `user ${rng.int(25)}`);
  const classes = groups.map((group, i) => (Number(group.slice(5)) + (i % 2)) % 4);
  for (const seed of [1, 2, 3]) {
    const { train, validation } = splitRows(rows(400), { share: 0.25, seed, classes, groups });
    const sides = [train, validation].map((side) => new Set([...side].map((row) => groups[row])));
    assert.ok([...sides[0]!].every((group) => !sides[1]!.has(group)));
    assert.ok(Math.abs(validation.length - 100) <= 15, `${validation.length} rows`);
    for (let c = 0; c < 4; c++) {
      const of = (side: ArrayLike<number>) =>
        Array.from(side).filter((row) => classes[row] === c).length;
      const share = of(validation) / of(rows(400));
      assert.ok(share > 0.1 && share < 0.4, `class ${c}: ${share}`);
    }
  }
});

test("what leaves a side empty is refused", () => {
  const refused = (count: number, options: Parameters<typeof splitRows>[1]) =>
    assert.throws(
      () => splitRows(rows(count), options),
      (error) => error instanceof UserError && /must leave rows on both sides/.test(error.message),
    );
  refused(1, { share: 0.5, seed: 1 });
  refused(10, { share: 0.2, seed: 1, groups: rows(10).map(() => "one") });
  refused(2, { share: 0.01, seed: 1 });
});
