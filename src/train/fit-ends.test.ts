// How a training ends early: cancelled, held for a while, or diverged.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CancelledError, UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";
import type { Program } from "../compiler/program.ts";
import { type Instance, wasmInstance } from "../engine/instance.ts";
import { type FitOptions, fit, type TrainingData } from "./fit.ts";
import { makePauseSwitch } from "./pause-switch.ts";
import { denseOf, network, rectify } from "./test-networks.ts";

const MODEL = network([2], [denseOf(2, 8), rectify, denseOf(8, 2)]);

function points(samples: number): TrainingData {
  const rng = makeRng(2);
  const x = Float32Array.from({ length: 2 * samples }, rng.normal);
  const y = Int32Array.from({ length: samples }, (_, i) => (x[2 * i]! > 0 ? 1 : 0));
  const rows = Array.from({ length: samples }, (_, i) => i);
  return { x, y, outputs: 2, train: rows.slice(10), validation: rows.slice(0, 10) };
}

const OPTIONS: FitOptions = { epochs: 8, learningRate: 0.02, batchSize: 4 };

/** An engine that tells of each run. */
const watched =
  (onRun: (entry: string) => void) =>
  (program: Program): Instance => {
    const instance = wasmInstance(program);
    return {
      ...instance,
      run: (entry) => {
        onRun(entry);
        instance.run(entry);
      },
    };
  };

test("no step or evaluation begins after the break that hears a cancel", async (t) => {
  // Each run seems to take 30 ms, so that each is followed by a break.
  let nowMs = 0;
  t.mock.method(performance, "now", () => nowMs);
  for (const last of [1, 9, 12, 14]) {
    const controller = new AbortController();
    let runs = 0;
    const engine = watched(() => {
      nowMs += 30;
      // The event comes from outside, while the loop waits in its break.
      if (++runs === last) setImmediate(() => controller.abort());
    });
    // Eight steps of training, then three of validation.
    const running = fit(MODEL, points(42), { ...OPTIONS, engine }, { signal: controller.signal });
    await assert.rejects(running, CancelledError);
    assert.ok(runs >= last && runs <= last + 2, `${runs} runs, cancelled in the ${last}th`);
  }
});

test("a pause holds the training between steps and changes nothing", async () => {
  const pause = makePauseSwitch();
  let runs = 0;
  const engine = watched(() => {
    if (++runs === 5) pause.pause();
  });
  const running = fit(MODEL, points(42), { ...OPTIONS, engine }, { pause });
  for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(runs, 5);
  pause.resume();
  const held = await running;
  const free = await fit(MODEL, points(42), OPTIONS);
  assert.deepEqual(held.history, free.history);
  assert.ok(runs > 60);
});

test("a training that diverges keeps the last good epoch and says what helps", async () => {
  // Squared error doubles with each epoch at this rate, until it is no number.
  const data = points(30);
  const y = Float32Array.from({ length: 60 }, (_, i) => i % 5);
  const model = network([2], [denseOf(2, 2)]);
  const options: FitOptions = {
    ...OPTIONS,
    ...{ epochs: 500, learningRate: 2, optimizer: { name: "sgd" }, keep: "last" },
  };
  const saved: Uint8Array[] = [];
  const checkpoint = { every: 1, save: (bytes: Uint8Array) => void saved.push(bytes) };
  const seen: number[] = [];
  const result = await fit(
    model,
    { ...data, y },
    { ...options, checkpoint },
    { onEpoch: ({ epoch }) => seen.push(epoch) },
  );
  const { diverged, best, history } = result;
  assert.ok(diverged && diverged.epoch > 1 && diverged.epoch < 500, JSON.stringify(diverged));
  assert.equal(history.length, diverged.epoch);
  assert.deepEqual(
    seen,
    history.map(({ epoch }) => epoch),
  );
  assert.equal(best.epoch, diverged.epoch - 1);
  assert.equal(saved.length, diverged.epoch - 1, "a checkpoint of what diverged was saved");
  assert.ok(!Number.isFinite(diverged.loss));
  assert.match(diverged.cure, /clipNorm: 1, or use a lower learning rate, such as 0\.2/);
  assert.ok(result.parameters.every(({ data: values }) => values.every(Number.isFinite)));
  const bounded = await fit(model, { ...data, y }, { ...options, epochs: 20, clipNorm: 1 });
  assert.equal(bounded.diverged, undefined);
});

test("without any good epoch it is refused with the epoch and the cure", async () => {
  const data = points(30);
  const numbers = { ...data, x: data.x.map(() => 3e38), y: new Float32Array(60) };
  const large = fit(MODEL, numbers, OPTIONS);
  await assert.rejects(large, (error) => {
    assert.ok(error instanceof UserError && error.code === "training-diverged");
    assert.match(error.message, /the loss must stay finite, got (NaN|Infinity) in epoch 1/);
    assert.match(error.hint!, /Standardize the features: the largest is 3\.0e\+38/);
    return true;
  });
});
