/** One rate and one set of axes for a data set. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRows, makeSample } from "./fixtures.ts";
import { alignSamples, commonLayout } from "./layout.ts";
import { rowsOf, sampleRateHz } from "./sample.ts";

const SAMPLES = [
  makeSample("slow.csv", "a", { intervalMs: 20, rows: 50 }),
  makeSample("b.csv", "b"),
  makeSample("near.csv", "b", { intervalMs: 10.05 }),
  makeSample("c.csv", "b"),
];

test("recordings are resampled to the rate that most are near to", () => {
  const { samples, layout } = alignSamples(SAMPLES);
  assert.equal(layout.sampleRateHz, 100);
  assert.deepEqual(
    samples.map((sample) => [sample.intervalMs, rowsOf(sample)]),
    [
      [10, 100],
      [10, 100],
      [10.05, 100],
      [10, 100],
    ],
  );
  assert.equal(samples[1], SAMPLES[1]);
  assert.match(
    layout.notes[0]!,
    /^1 of 4 recordings were resampled to 100 Hz, first "slow.csv" \(50 Hz\)/,
  );
  assert.match(layout.notes[1]!, /^Rates within 1 % of 100 Hz .* 1 of 4 recordings/);
  assert.equal(commonLayout(samples).sampleRateHz, 100);
});

test("a recipe may fix the rate", () => {
  const { samples, layout } = alignSamples(SAMPLES, { sampleRateHz: 62.5 });
  assert.equal(layout.sampleRateHz, 62.5);
  assert.ok(samples.every((sample) => sampleRateHz(sample) === 62.5));
});

test("rates that are all a little different: the one with most neighbors", () => {
  const rates = [50, 99.5, 100, 100.5, 200];
  const samples = rates.map((rate) => makeSample(`${rate}.csv`, "a", { intervalMs: 1000 / rate }));
  assert.equal(alignSamples(samples).layout.sampleRateHz, 100);
  assert.match(alignSamples(samples).layout.notes[0]!, /^2 of 5/);
});

test("rows of a table have no rate, and do not go with recordings", () => {
  const rows = makeRows({ a: 2, b: 2 });
  assert.deepEqual(alignSamples(rows, { sampleRateHz: 62.5 }), {
    samples: rows,
    layout: { axes: rows[0]!.axes, sampleRateHz: 1, isTable: true, notes: [] },
  });
  assert.equal(commonLayout(rows).isTable, true);
  for (const share of [alignSamples, commonLayout]) {
    assert.throws(() => share([...rows, makeSample("b.csv", "b")]), {
      code: "samples-differ",
      message: /got a recording "b.csv" and a row "t.csv#a0"/,
    });
    assert.throws(() => share([...SAMPLES, makeSample("odd.csv", "b", { axes: ["x"] })]), {
      code: "samples-differ",
      message: /axes \(x, y\), got x in "odd.csv"/,
    });
    assert.throws(() => share([]), { code: "no-samples" });
  }
});
