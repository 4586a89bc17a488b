/** The names of predicted numbers: given, or those of the columns that samples were read from. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readCsv } from "../samples/formats/csv.ts";
import type { ReadOptions } from "../samples/formats/reader.ts";
import type { Sample } from "../samples/sample.ts";
import { draftRecipe } from "./draft-recipe.ts";
import { splitProject } from "./split-project.ts";

const TABLE = `x,"t, °C",flow\n${Array.from({ length: 9 }, (_, i) => `${i},${i}.5,${i * i}`).join("\n")}`;
const read = (options: ReadOptions): Sample[] =>
  readCsv("t.csv", new TextEncoder().encode(TABLE), options);

const namesOf = (
  samples: readonly Sample[],
  targets: readonly string[] = [],
): readonly string[] => {
  const draft = draftRecipe({ name: "n", source: ".", seed: 1, reading: {}, samples, targets });
  return splitProject(samples, draft).labels;
};

test("numbers are named after their columns, whatever else knows of them", () => {
  const two = read({ targetColumns: ["flow", "t, °C"] });
  assert.deepEqual(namesOf(two), ["flow", "t, °C"]);
  assert.deepEqual(namesOf(two.toReversed(), ["a", "b"]), ["a", "b"]);
  assert.deepEqual(namesOf(read({ labelColumn: "t, °C" })), ["t, °C"]);
});

test("without one name for all of them they are values", () => {
  const samples = read({ targetColumns: ["flow"] }).map((s) => ({ ...s, label: `${s.label}.5` }));
  assert.deepEqual(namesOf(samples), ["flow"]);
  const mixed = samples.map((s, i) => (i > 3 ? { ...s, metadata: {} } : s));
  assert.deepEqual(namesOf(mixed), ["value"]);
  for (const text of ["[", "{}", "[1]", '[""]', '["a","b"]', '["a","a"]', "null"]) {
    const metadata = { "label columns": text };
    assert.deepEqual(namesOf(samples.map((s) => ({ ...s, metadata }))), ["value"], text);
  }
});
