/** The stratified draw: exact with one label each, and within its promises with several. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../base/rng.ts";
import { drawStratified } from "./stratify.ts";

const draw = (items: readonly string[], wanted: (count: number) => number, seed = 1) =>
  drawStratified(items, {
    // "ab" is an item with labels a and b; what follows a dot tells items apart.
    labelsOf: (item) => [...item.split(".")[0]!],
    wanted,
    shuffle: (label, group) => makeRng(seed).fork(label).shuffle(group),
  });

const make = (labels: string, count: number) =>
  Array.from({ length: count }, (_, i) => `${labels}.${i}`);

test("with one label each, every label gets what is wanted", () => {
  const drawn = draw([...make("a", 10), ...make("b", 4), ...make("c", 1)], (n) =>
    Math.floor(n / 2),
  );
  const counts = (label: string) => [...drawn].filter((item) => item.startsWith(label)).length;
  assert.deepEqual([counts("a"), counts("b"), counts("c")], [5, 2, 0]);
});

test("recordings of several labels serve several at once", () => {
  assert.equal(draw(make("abcd", 9), () => 2).size, 2);
  // The rare label comes first and takes one that has both; a needs no other then.
  const drawn = draw([...make("ab", 3), ...make("a", 3)], () => 1);
  assert.deepEqual(
    [...drawn].map((item) => item.split(".")[0]),
    ["ab"],
  );
});

test("the last recording of a label is never drawn", () => {
  const rng = makeRng(2);
  for (let round = 0; round < 200; round++) {
    const items = Array.from({ length: 2 + rng.int(12) }, (_, i) => {
      const labels = [..."abcde"].filter(() => rng.int(2) === 0).join("");
      return `${labels === "" ? "a" : labels}.${i}`;
    });
    const drawn = draw(items, (n) => Math.ceil(n / 3), round);
    for (const label of new Set(items.flatMap((item) => [...item.split(".")[0]!]))) {
      const left = items.filter((item) => !drawn.has(item) && item.split(".")[0]!.includes(label));
      assert.ok(left.length > 0, `${label} of ${items}`);
    }
  }
});

test("a label that has enough is spared, and the scarce are served first", () => {
  const enough = draw([...make("ab", 3), ...make("a", 3)], (n) => (n > 4 ? 2 : 0));
  assert.deepEqual(
    [...enough].map((item) => item.split(".")[0]),
    ["a", "a"],
  );
  for (let seed = 0; seed < 20; seed++) {
    const drawn = draw([...make("ra", 2), ...make("ab", 4), ...make("b", 4)], () => 1, seed);
    assert.deepEqual([...drawn].map((item) => item.split(".")[0]).sort(), ["b", "ra"]);
  }
});
