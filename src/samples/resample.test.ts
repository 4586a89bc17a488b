/** Resampling against SciPy, the choice of ratios, and what happens to labels over time. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { makeSample } from "./fixtures.ts";
import { ratioOf, resampleRows, resampleSample } from "./resample.ts";
import { rowsOf } from "./sample.ts";

type Golden = {
  readonly cases: readonly {
    readonly up: number;
    readonly down: number;
    readonly input: readonly number[];
    readonly output: readonly number[];
  }[];
};

const golden: Golden = JSON.parse(
  readFileSync(new URL("../../test/golden/samples/resample.json", import.meta.url), "utf8"),
);

test("equals SciPy's resample_poly to 1e-13", () => {
  for (const { up, down, input, output } of golden.cases) {
    const got = resampleRows(input, 1, { up, down });
    assert.equal(got.length, output.length, `${up}/${down}`);
    for (const [i, value] of output.entries()) {
      assert.ok(Math.abs(got[i]! - value) < 1e-13, `${up}/${down} [${i}]: ${got[i]} ${value}`);
    }
  }
});

test("axes are independent, a common factor does not matter, and 1 to 1 is a copy", () => {
  const { input, output } = golden.cases[1]!; // 8 / 5
  const two = input.flatMap((value) => [value, -2 * value]);
  const got = resampleRows(two, 2, { up: 16, down: 10 });
  assert.equal(got.length, 2 * output.length);
  for (let row = 0; row < output.length; row++) {
    assert.ok(Math.abs(got[2 * row]! - output[row]!) < 1e-13);
    assert.equal(got[2 * row + 1], -2 * got[2 * row]!);
  }
  assert.deepEqual([...resampleRows(input, 1, { up: 3, down: 3 })], input);
});

test("ratios are the smallest integers within 1e-5", () => {
  assert.deepEqual(ratioOf(44100, 16000), { up: 160, down: 441 });
  assert.deepEqual(ratioOf(62.5, 100), { up: 8, down: 5 });
  assert.deepEqual(ratioOf(100, 50), { up: 1, down: 2 });
  assert.deepEqual(ratioOf(50, 100.0004), { up: 2, down: 1 });
  const { up, down } = ratioOf(198.6132, 200);
  assert.ok(Math.abs((up / down) * (198.6132 / 200) - 1) <= 1e-5 && Math.max(up, down) < 1000);
  for (const [from, to] of [
    [0, 100],
    [100, 0],
    [100, Number.NaN],
    [1, 1e6],
    [1e6, 1],
  ]) {
    assert.throws(() => ratioOf(from!, to!), { name: "UserError", code: "resample-rate" });
  }
});

test("a sample gets the rate, and its segments go with it", () => {
  const sample = {
    ...makeSample("a.csv", undefined, { rows: 100 }), // 100 Hz
    segments: [
      { startRow: 0, endRow: 33, label: "a" },
      { startRow: 33, endRow: 34, label: "b" },
      { startRow: 34, endRow: 100, label: "c" },
    ],
  };
  assert.equal(resampleSample(sample, 100), sample);
  const half = resampleSample(sample, 50);
  assert.equal(half.intervalMs, 20);
  assert.equal(rowsOf(half), 50);
  assert.deepEqual(half.segments, [
    { startRow: 0, endRow: 17, label: "a" },
    { startRow: 17, endRow: 50, label: "c" },
  ]);
  const more = resampleSample(sample, 160);
  assert.deepEqual(
    more.segments!.map((segment) => segment.endRow),
    [53, 55, rowsOf(more)],
  );
  assert.throws(() => resampleSample(makeSample("t#2", "a", { rows: 1, intervalMs: 0 }), 10), {
    code: "resample-rate",
  });
});
