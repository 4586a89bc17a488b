import assert from "node:assert/strict";
import { test } from "node:test";
import { type Part, wholeOf } from "../samples/part.ts";
import type { Sample } from "../samples/sample.ts";
import { makeFolds } from "./folds.ts";

const recording = (name: string, label: string, rows = 600): Sample => ({
  name,
  label,
  category: undefined,
  axes: [{ name: "x", units: "g" }],
  intervalMs: 10,
  values: new Float32Array(rows),
  signatureValidates: null,
  metadata: {},
});

const overlap = (a: Part, b: Part): boolean =>
  a.sample.name === b.sample.name && a.startRow < b.endRow && b.startRow < a.endRow;

const options = { folds: 3, windowMs: 1000, seed: 1 };

test("makeFolds() validates every recording of a label with several exactly once", () => {
  const parts = ["a.1", "a.2", "a.3", "b.1", "b.2"].map((n) =>
    wholeOf(recording(n, n.slice(0, 1))),
  );
  const folds = makeFolds(parts, options);
  assert.deepEqual(folds.flatMap((f) => f.validation.map((p) => p.sample.name)).sort(), [
    "a.1",
    "a.2",
    "a.3",
    "b.1",
    "b.2",
  ]);
  for (const fold of folds)
    for (const held of fold.validation) assert.ok(!fold.training.some((p) => overlap(p, held)));
});

test("makeFolds() cuts a single recording by time with a gap of one window", () => {
  const parts = [wholeOf(recording("a.1", "a")), wholeOf(recording("b.1", "b"))];
  for (const fold of makeFolds(parts, options)) {
    assert.equal(fold.validation.length, 2);
    for (const held of fold.validation)
      for (const part of fold.training)
        if (part.sample.name === held.sample.name)
          assert.ok(part.endRow <= held.startRow - 100 || part.startRow >= held.endRow + 100);
  }
});

test("makeFolds() keeps a recording that is too short to be cut in training", () => {
  const folds = makeFolds(
    [wholeOf(recording("a.1", "a", 150)), wholeOf(recording("b.1", "b"))],
    options,
  );
  for (const fold of folds) assert.ok(fold.training.some((p) => p.sample.name === "a.1"));
});
