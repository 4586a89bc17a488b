// Learning-rate schedules at the places where their formulas are plain.
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../base/errors.ts";
import { cos, PI, pow } from "../base/math.ts";
import { type LearningRateSchedule, learningRateFactor } from "./schedules.ts";

const factors = (schedule: LearningRateSchedule, steps: number): number[] =>
  Array.from({ length: steps }, (_, step) => learningRateFactor(schedule, steps)(step));

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual}, not ${expected}`);

test("constant and cosine, to the bit", () => {
  assert.deepEqual(factors("constant", 3), [1, 1, 1]);
  assert.deepEqual(
    factors("cosine", 7),
    Array.from({ length: 7 }, (_, step) => (1 + cos((PI * step) / 7)) / 2),
  );
});

test("step and exponential", () => {
  const steps = factors({ name: "step", stages: 2, decay: 0.5 }, 6);
  assert.deepEqual(steps, [1, 1, 1, 0.5, 0.5, 0.5]);
  factors({ name: "exponential", final: 0.25 }, 8).forEach((factor, step) => {
    near(factor, pow(0.25, step / 8));
  });
});

test("one cycle rises to 1 and falls towards its end", () => {
  const cycle = factors({ name: "oneCycle", rise: 0.5, start: 0.1, final: 0 }, 40);
  near(cycle[0]!, 0.1);
  near(cycle[10]!, 0.55);
  assert.equal(cycle[20], 1);
  near(cycle[30]!, 0.5);
  assert.ok(cycle[39]! < 0.01 && cycle[39]! > 0);
  assert.ok(cycle.every((factor, i) => i === 0 || i > 20 || factor > cycle[i - 1]!));
});

test("a warm-up grows in equal steps, then the schedule fills the rest", () => {
  const warm = factors({ name: "cosine", warmup: 0.3 }, 10);
  warm.slice(0, 3).forEach((factor, i) => {
    near(factor, (i + 1) / 4);
  });
  assert.deepEqual(warm.slice(3), factors("cosine", 7));
  assert.deepEqual(factors({ name: "constant", warmup: 0.99 }, 1), [1]);
});

test("unknown schedules and values are refused", () => {
  const refused = (schedule: LearningRateSchedule) =>
    assert.throws(
      () => learningRateFactor(schedule, 10),
      (error) => error instanceof UserError && error.code === "training-options",
    );
  refused("cosinus");
  refused({ name: "step", decay: 1 });
  refused({ name: "cosine", warmup: 1 });
  refused({ name: "constant", stages: 2 });
});
