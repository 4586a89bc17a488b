/** The training loop on threads, as `tinsmith run --threads` opens it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../../src/base/rng.ts";
import { openBackend } from "../../src/host/backends.ts";
import { makeModel } from "../../src/models/layers.ts";
import { type FitOptions, fit } from "../../src/train/fit.ts";

const ROWS = 90;
const INPUTS = 120;

test("fit gives the same weights, history and checkpoints on two threads", async () => {
  const rng = makeRng(2);
  const x = Float32Array.from({ length: ROWS * INPUTS }, () => rng.uniform(-1, 1));
  const y = Int32Array.from({ length: ROWS }, () => rng.int(3));
  const rows = Array.from({ length: ROWS }, (_, i) => i);
  const data = { x, y, outputs: 3, train: rows.slice(0, 70), validation: rows.slice(70) };
  const layers = [{ type: "dense", units: 96, activation: "relu" }] as const;
  const trained = async (engine: FitOptions["engine"] & {}) => {
    const saved: Uint8Array[] = [];
    const { parameters, history } = await fit(makeModel(layers, [INPUTS], 3, 1), data, {
      epochs: 3,
      learningRate: 0.01,
      engine,
      checkpoint: {
        every: 2,
        save: (bytes) => {
          saved.push(bytes);
        },
      },
    });
    return { parameters, history, saved };
  };
  const [one, two] = [
    await trained(openBackend("wasm", 1).engine),
    await trained(openBackend("wasm", 2).engine),
  ];
  assert.equal(one.saved.length, 1);
  assert.deepEqual(two, one);
});

test("a back end with one thread refuses two", () => {
  assert.throws(() => openBackend("interpreter", 2), {
    code: "threads",
    message: "backend: interpreter must have one thread, got 2",
  });
});
