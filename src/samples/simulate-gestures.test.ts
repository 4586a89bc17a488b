/** The simulated gestures: reproducible, physical, and separable. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { log } from "../base/math.ts";
import { rowsOf, type Sample, sampleRateHz } from "./sample.ts";
import { simulateGestures } from "./simulate-gestures.ts";
import { splitSamples } from "./split.ts";

const samples = simulateGestures(1);

function column(sample: Sample, axis: number): Float32Array {
  return sample.values.filter((_, i) => i % 3 === axis);
}

function deviation(values: Float32Array): number {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) * (v - mean), 0) / values.length);
}

const deviations = (sample: Sample) => [0, 1, 2].map((axis) => deviation(column(sample, axis)));

test("25 recordings of 10 s at 62.5 Hz, six of each gesture and one shake", () => {
  const counts = Map.groupBy(samples, (sample) => sample.label);
  assert.deepEqual(
    [...counts].map(([label, group]) => [label, group.length]),
    [
      ["idle", 6],
      ["snake", 6],
      ["updown", 6],
      ["wave", 6],
      ["shake", 1],
    ],
  );
  for (const sample of samples) {
    assert.equal(sampleRateHz(sample), 62.5);
    assert.equal(rowsOf(sample), 625);
  }
});

test("the same seed gives the same bits, another seed others", () => {
  assert.deepEqual(simulateGestures(1), samples);
  assert.notDeepEqual(simulateGestures(2)[0]!.values, samples[0]!.values);
});

test("values are quantized to 16 bits over ±4 g, and hardly ever clipped", () => {
  const quantum = (4 * 9.80665) / 32768;
  let clipped = 0;
  for (const { values } of samples) {
    for (const value of values) {
      const steps = value / quantum;
      assert.ok(Math.abs(steps - Math.round(steps)) < 0.01);
      assert.ok(steps >= -32768.01 && steps <= 32767.01);
      if (Math.abs(steps) > 32766) clipped++;
    }
  }
  assert.ok(clipped < 100, `${clipped} clipped`);
});

test("a hand at rest feels gravity alone, in whatever direction the device is held", () => {
  for (const sample of samples.filter(({ label }) => label === "idle")) {
    const [x, y, z] = [0, 1, 2].map((axis) => {
      const values = column(sample, axis);
      return values.reduce((sum, v) => sum + v, 0) / values.length;
    }) as [number, number, number];
    assert.ok(Math.abs(Math.sqrt(x * x + y * y + z * z) - 9.80665) < 0.05);
    assert.ok(Math.max(...deviations(sample)) < 0.5);
  }
});

test("gestures can be told apart by recording: the nearest other one has the same label", () => {
  const known = samples.filter(({ label }) => label !== "shake");
  const points = known.map((sample) => deviations(sample).map((d) => log(d)));
  const distance = (a: number[], b: number[]) =>
    a.reduce((sum, v, i) => sum + (v - b[i]!) * (v - b[i]!), 0);
  const right = known.filter((sample, i) => {
    let best = -1;
    for (const [j, point] of points.entries()) {
      if (
        j !== i &&
        (best < 0 || distance(points[i]!, point) < distance(points[i]!, points[best]!))
      )
        best = j;
    }
    return known[best]!.label === sample.label;
  });
  assert.ok(right.length >= 0.9 * known.length, `${right.length} of ${known.length}`);
});

test("shake lies outside the known gestures, and the split holds it out as unseen", () => {
  const [, , lift] = deviations(samples.at(-1)!);
  assert.ok(samples.slice(0, -1).every((sample) => deviations(sample)[2]! < 0.8 * lift!));
  const split = splitSamples(samples, { seed: 1, windowMs: 2000 });
  assert.deepEqual(
    split.unseen.map(({ label }) => label),
    ["shake"],
  );
  assert.deepEqual(split.labels, ["idle", "snake", "updown", "wave"]);
});
