import assert from "node:assert/strict";
import { test } from "node:test";
import { cos, PI, sin, tan } from "../base/math.ts";
import type { Biquad } from "../ir/routines/biquad.ts";
import { butterworth } from "./butterworth.ts";

/** |H| of a cascade at a frequency in units of the sampling rate. */
function gainAt(sections: readonly Biquad[], frequency: number): number {
  const w = 2 * PI * frequency;
  const size = (c0: number, c1: number, c2: number): number => {
    const re = c0 + c1 * cos(w) + c2 * cos(2 * w);
    const im = c1 * sin(w) + c2 * sin(2 * w);
    return Math.sqrt(re * re + im * im);
  };
  return sections.reduce(
    (gain, { b0, b1, b2, a1, a2 }) => (gain * size(b0, b1, b2)) / size(1, a1, a2),
    1,
  );
}

for (const order of [2, 4, 6, 8]) {
  test(`order ${order} has the magnitude of the warped Butterworth prototype`, () => {
    const [cutoff, rate] = [8, 62.5];
    const warped = (frequency: number): number => tan((PI * frequency) / rate);
    for (const kind of ["low", "high"] as const) {
      const sections = butterworth(kind, order, cutoff, rate);
      assert.equal(sections.length, order / 2);
      for (const frequency of [0.5, 3, 8, 12, 25]) {
        let ratio = warped(frequency) / warped(cutoff);
        if (kind === "high") ratio = 1 / ratio;
        let power = 1;
        for (let i = 0; i < 2 * order; i++) power *= ratio;
        const expected = 1 / Math.sqrt(1 + power);
        const got = gainAt(sections, frequency / rate);
        assert.ok(Math.abs(got - expected) < 2e-6, `${kind} ${frequency} Hz: ${got}, ${expected}`);
      }
    }
  });
}

test("coefficients are float32", () => {
  for (const section of butterworth("high", 8, 1, 100))
    for (const value of Object.values(section)) assert.equal(Math.fround(value), value);
});
