import assert from "node:assert/strict";
import { test } from "node:test";
import { CancelledError, UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";
import type { Program } from "../compiler/program.ts";
import { type Instance, wasmInstance } from "../engine/instance.ts";
import { type FitControl, fit } from "./fit.ts";
import type { FitOptions, TrainingData } from "./fit-options.ts";
import { denseOf, network, rectify } from "./test-networks.ts";

/** An engine that notes the programs it was given and the instances that are not released. */
function watched() {
  const programs: Program[] = [];
  const held = new Set<Program>();
  const engine = (program: Program): Instance => {
    programs.push(program);
    held.add(program);
    const instance = wasmInstance(program);
    const release = (): void => {
      instance.release!();
      held.delete(program);
    };
    return { ...instance, release };
  };
  return { programs, held, engine };
}

function dataOf(seed: number): TrainingData {
  const rng = makeRng(seed);
  const x = Float32Array.from({ length: 40 * 3 }, () => rng.uniform(-1, 1));
  const y = Int32Array.from({ length: 40 }, (_, i) => (x[3 * i]! > 0 ? 1 : 0));
  const rows = Array.from({ length: 40 }, (_, i) => i);
  return { x, y, outputs: 2, train: rows.slice(0, 30), validation: rows.slice(30) };
}

const model = (seed: number, units = 4) =>
  network([3], [denseOf(3, units), rectify, denseOf(units, 2)], seed);
const options: FitOptions = { epochs: 3, learningRate: 0.01, batchSize: 8 };

test("fit() on other data and weights runs the same code, to the bits of a first run", async () => {
  const { programs, held, engine } = watched();
  const alone = await fit(model(2), dataOf(2), { ...options, optimizer: { name: "adam" } });
  await fit(model(1), dataOf(1), { ...options, engine });
  const second = await fit(model(2), dataOf(2), { ...options, engine });
  assert.equal(programs[1]!.entries, programs[0]!.entries);
  assert.deepEqual(second.history, alone.history);
  assert.deepEqual(second.parameters, alone.parameters);
  assert.equal(held.size, 0);
});

test("fit() releases its instance also when it is cancelled", async () => {
  const { held, engine } = watched();
  const controller = new AbortController();
  const control: FitControl = {
    signal: controller.signal,
    onEpoch: () => controller.abort(),
  };
  await assert.rejects(
    fit(model(1), dataOf(1), { ...options, epochs: 100_000, engine }, control),
    CancelledError,
  );
  assert.equal(held.size, 0);
});

test("fit() refuses what needs more memory than it may take, before anything runs", async () => {
  const { programs, engine } = watched();
  await assert.rejects(
    fit(model(1, 256), dataOf(1), { ...options, engine, memoryLimitBytes: 16_000 }),
    (error) =>
      error instanceof UserError &&
      error.code === "out-of-memory" &&
      /fit into 16000 bytes, got (at least )?\d+/.test(error.message) &&
      /smaller batch, fewer filters/.test(error.hint!),
  );
  assert.equal(programs.length, 0);
});
