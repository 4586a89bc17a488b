/** Splits of recordings whose labels are numbers, and which labels count as numbers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../base/errors.ts";
import { readTable } from "./formats/table.ts";
import { areQuantities, numbersOf } from "./number-labels.ts";
import type { Category, Sample } from "./sample.ts";
import { splitNumbers } from "./split-numbers.ts";

const OPTIONS = { seed: 1, windowMs: 1000 };

const recording = (name: string, label: string | undefined, category?: Category): Sample => ({
  name,
  label,
  category,
  axes: [{ name: "x", units: "" }],
  intervalMs: 100,
  values: new Float32Array(100),
  signatureValidates: null,
  metadata: {},
});

test("labels are numbers, one or several, or they are not", () => {
  assert.deepEqual(numbersOf("21.5"), [21.5]);
  assert.deepEqual(numbersOf("-3e2, .5"), [-300, 0.5]);
  for (const label of ["", "idle", "1, b", "1,", "NaN", "1e99", "0x10"])
    assert.equal(numbersOf(label), undefined, label);
});

test("fractions and more than 20 whole numbers are quantities, few whole numbers are classes", () => {
  const of = (labels: readonly string[]): boolean =>
    areQuantities(labels.map((label, i) => recording(`${i}`, label)));
  assert.ok(!of(["0", "1", "9", "5", "5"]));
  assert.ok(of(["0", "1.5", "9"]));
  assert.ok(of(["0, 1", "2, 3"]));
  assert.ok(of(Array.from({ length: 21 }, (_, i) => `${i}`)));
  assert.ok(!of(Array.from({ length: 20 }, (_, i) => `${i}`)));
  assert.ok(!of(["0.5", "idle"]));
  assert.ok(!of([]));
});

test("recordings are drawn, at least one a side, whatever their order", () => {
  const samples = Array.from({ length: 20 }, (_, i) => recording(`r${i}`, `${i / 4}`));
  const split = splitNumbers(samples, ["value"], OPTIONS);
  assert.deepEqual(
    [split.training.length, split.validation.length, split.testing.length],
    [13, 3, 4],
  );
  const all = [...split.training, ...split.validation, ...split.testing];
  assert.equal(new Set(all.map(({ sample }) => sample.name)).size, 20);
  assert.deepEqual(splitNumbers(samples.toReversed(), ["value"], OPTIONS), split);
  assert.deepEqual(split.labels, ["value"]);
});

test("a given split stays; one recording is cut by time", () => {
  const given = [
    recording("a", "1", "training"),
    recording("b", "2", "validation"),
    recording("c", "3", "testing"),
  ];
  const kept = splitNumbers(given, ["value"], OPTIONS);
  const names = (parts: typeof kept.training): string =>
    parts.map(({ sample }) => sample.name).join();
  assert.deepEqual([kept.training, kept.validation, kept.testing].map(names), ["a", "b", "c"]);
  const cut = splitNumbers([recording("a", "1")], ["value"], OPTIONS);
  assert.ok(cut.byTime && cut.testing[0]!.startRow - cut.training[0]!.endRow >= 10);
});

test("labels that are no numbers, or too many of them, are refused", () => {
  const refused = (samples: readonly Sample[], rule: RegExp): void =>
    assert.throws(
      () => splitNumbers(samples, ["value"], OPTIONS),
      (error) => error instanceof UserError && rule.test(error.message),
    );
  refused([recording("a", "1"), recording("b", "warm")], /must be a number, got "warm" in "b"/);
  refused([recording("a", "1, 2")], /must be a number, got "1, 2" in "a"/);
  refused([recording("a", undefined)], /must have labels, got 1 without/);
});

test("columns to predict are the label of a row and no axes", () => {
  const table = {
    titles: ["a", "u", "b", "v"],
    rows: [
      ["1", "0.5", "2", "7"],
      ["3", "1.5", "4", "8"],
    ],
  };
  const samples = readTable("t.csv", table, { targetColumns: ["v", "u"] });
  assert.deepEqual(
    samples.map(({ label, axes, values }) => [label, axes.map((a) => a.name), [...values]]),
    [
      ["7, 0.5", ["a", "b"], [1, 2]],
      ["8, 1.5", ["a", "b"], [3, 4]],
    ],
  );
});
