// Breaks within long loops: how often, what ends them, and what holds them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CancelledError } from "../base/errors.ts";
import { pacer } from "./pacer.ts";
import { makePauseSwitch } from "./pause-switch.ts";

test("gives way whenever 20 ms have passed, and hears a cancel there", async (t) => {
  let nowMs = 0;
  t.mock.method(performance, "now", () => nowMs);
  const controller = new AbortController();
  const pause = pacer(controller.signal);
  const breaks: number[] = [];
  for (let step = 1; step <= 12; step++) {
    nowMs += 6;
    const turn = pause();
    if (turn) breaks.push(step);
    await turn;
  }
  assert.deepEqual(breaks, [4, 8, 12]);
  // Steps of 90 ms: the first break after the cancel hears it, before another step begins.
  setImmediate(() => controller.abort());
  let steps = 0;
  const run = async () => {
    for (;;) {
      nowMs += 90;
      steps++;
      await pause();
      if (controller.signal.aborted) steps = Number.NaN;
    }
  };
  await assert.rejects(run(), CancelledError);
  assert.ok(steps >= 1, "a step ran after the cancel");
  assert.throws(() => pacer(controller.signal), CancelledError);
});

test("a pause holds at once and without any event of its own; resume and cancel end it", async () => {
  const controller = new AbortController();
  const held = makePauseSwitch();
  const pause = pacer(controller.signal, held);
  assert.equal(pause(), undefined);
  held.pause();
  held.pause();
  let passed = false;
  const turn = pause()!.then(() => {
    passed = true;
  });
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(passed, false);
  held.resume();
  held.pause(); // Before the loop has gone on: it stays held.
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(passed, false);
  held.resume();
  await turn;
  assert.ok(passed && !held.paused && held.pausedMs >= 0);
  held.pause();
  const cancelled = pause()!;
  controller.abort();
  await assert.rejects(cancelled, CancelledError);
});
