// Checkpoints: a resumed training equals an uninterrupted one to the bit, and hostile bytes are refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CancelledError, UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";
import { sha256 } from "../base/sha256.ts";
import { type FitOptions, type FitResult, fit, type TrainingData } from "./fit.ts";
import { OPTIMIZERS } from "./optimizers.ts";
import { denseOf, dropQuarter, network, rectify } from "./test-networks.ts";

const MODEL = network([4], [denseOf(4, 9), rectify, dropQuarter, denseOf(9, 3)]);

function clusters(seed = 2): TrainingData {
  const rng = makeRng(seed);
  const y = Int32Array.from({ length: 90 }, () => rng.int(3));
  const x = Float32Array.from({ length: 360 }, (_, i) => y[i >> 2]! * 0.4 + rng.normal());
  const rows = Array.from({ length: 90 }, (_, i) => i);
  return { x, y, outputs: 3, train: rows.slice(0, 63), validation: rows.slice(63) };
}

const DATA = clusters();
const OPTIONS: FitOptions = {
  ...{ epochs: 9, learningRate: 0.05, batchSize: 16, patience: 6 },
  ...{ learningRateSchedule: "cosine", classWeights: "auto" },
};

/** Trains to the end; gives the checkpoint after each epoch as well. */
async function withCheckpoints(data: TrainingData, options: FitOptions) {
  const saved: Uint8Array[] = [];
  const checkpoint = { every: 1, save: (bytes: Uint8Array) => void saved.push(bytes) };
  return { result: await fit(MODEL, data, { ...options, checkpoint }), saved };
}

const bitsOf = ({ history, best, parameters, steps }: FitResult) => ({
  ...{ history, best, steps },
  parameters: parameters.map(({ name, data }) => [name, new Uint32Array(data.slice().buffer)]),
});

test("a training resumed after any epoch equals an uninterrupted one to the bit", async () => {
  const variants: [FitOptions, TrainingData][] = [
    [OPTIONS, DATA],
    [{ ...OPTIONS, optimizer: { name: "sgd", momentum: 0.9 }, keep: "last" }, DATA],
    [
      { ...OPTIONS, learningRate: 0.5 },
      { ...DATA, validation: [] },
    ],
  ];
  for (const [options, data] of variants) {
    const whole = bitsOf(await fit(MODEL, data, options));
    const { result, saved } = await withCheckpoints(data, options);
    assert.deepEqual(bitsOf(result), whole, "saving changes the training");
    assert.equal(saved.length, whole.history.length);
    for (const [i, resume] of saved.entries()) {
      const epochs: number[] = [];
      const onEpoch = ({ epoch }: { epoch: number }) => void epochs.push(epoch);
      const resumed = await fit(MODEL, data, { ...options, resume }, { onEpoch });
      assert.deepEqual(bitsOf(resumed), whole, `after epoch ${i + 1}`);
      assert.deepEqual(
        epochs,
        whole.history.slice(i + 1).map(({ epoch }) => epoch),
      );
    }
  }
});

test("every optimizer goes on to the same bits, schedule and moments included", async () => {
  for (const name of OPTIMIZERS.keys()) {
    const options: FitOptions = {
      ...{ epochs: 4, learningRate: 0.01, batchSize: 16, clipNorm: 1, optimizer: { name } },
      learningRateSchedule: { name: "oneCycle", warmup: 0.1 },
    };
    const { result, saved } = await withCheckpoints(DATA, options);
    const resumed = await fit(MODEL, DATA, { ...options, resume: saved[1]! });
    assert.deepEqual(bitsOf(resumed), bitsOf(result), name);
  }
});

test("patience that ended a training ends the resumed one as well", async () => {
  const options: FitOptions = { ...OPTIONS, learningRate: 1, epochs: 40, patience: 3 };
  const { result, saved } = await withCheckpoints(DATA, options);
  assert.ok(result.history.length < 40, "patience had no effect: nothing was tested");
  const resume = saved.at(-1)!;
  assert.deepEqual(bitsOf(await fit(MODEL, DATA, { ...options, resume })), bitsOf(result));
});

test("an interrupted training saves the same bytes again where it goes on", async () => {
  const { saved } = await withCheckpoints(DATA, OPTIONS);
  const kept: Uint8Array[] = [];
  const save = async (bytes: Uint8Array): Promise<void> => {
    kept.push(bytes);
    if (kept.length === 2) throw new CancelledError();
  };
  const every = { ...OPTIONS, checkpoint: { every: 2, save } };
  await assert.rejects(fit(MODEL, DATA, every), CancelledError);
  assert.deepEqual(kept, [saved[1], saved[3]]);
  await fit(MODEL, DATA, { ...every, resume: kept.at(-1)! });
  assert.deepEqual(kept.slice(2), [saved[5], saved[7]]);
});

test("a training that has no best epoch yet goes on as well", async () => {
  const { result, saved } = await withCheckpoints(DATA, OPTIONS);
  const text = new TextDecoder("latin1").decode(saved[0]);
  const { loss } = result.history[0]!;
  const at = text.indexOf(String(loss));
  const resume = resealed(saved[0]!, at, `"NaN"${" ".repeat(String(loss).length - 5)}`);
  const resumed = await fit(MODEL, DATA, { ...OPTIONS, resume });
  assert.ok(Number.isNaN(resumed.history[0]!.loss));
  assert.deepEqual(resumed.history.slice(1), result.history.slice(1));
});

/** A checkpoint with other text at an offset, under a checksum that fits. */
function resealed(checkpoint: Uint8Array, at: number, text: string | Uint8Array): Uint8Array {
  const bytes = checkpoint.slice();
  bytes.set(typeof text === "string" ? new TextEncoder().encode(text) : text, at);
  bytes.set(sha256(bytes.subarray(0, -32)), bytes.length - 32);
  return bytes;
}

const refuses = (resume: Uint8Array, why: RegExp, data = DATA, options = OPTIONS) =>
  assert.rejects(fit(MODEL, data, { ...options, resume }), (error) => {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.code, "checkpoint");
    assert.match(error.message, why);
    return true;
  });

test("hostile bytes are refused", async () => {
  const { saved } = await withCheckpoints(DATA, OPTIONS);
  const good = saved[3]!;
  await refuses(new Uint8Array(0), /must begin and end/);
  await refuses(good.subarray(0, 43), /must begin and end/);
  const rng = makeRng(6);
  for (let n = 0; n < 16; n++) {
    const bytes = good.slice(0, good.length - (n % 2) * rng.int(good.length));
    bytes[rng.int(bytes.length)]! ^= 1 + rng.int(255);
    await refuses(bytes, /must begin and end|checksum/);
  }
  const text = new TextDecoder("latin1").decode(good);
  const after = (mark: string): number => text.indexOf(mark) + mark.length;
  // Checksums that fit do not make the content right.
  const header = /header must be/;
  await refuses(resealed(good, 8, Uint8Array.of(255, 255, 255, 255)), header);
  await refuses(resealed(good, 8, Uint8Array.of(0, 0, 0, 0)), header);
  await refuses(resealed(good, 12, "["), header);
  await refuses(resealed(good, after('"rngs":[['), "-"), header);
  await refuses(resealed(good, text.indexOf('"history":[['), '"history":{{'), header);
  await refuses(resealed(good, text.indexOf('"history"'), '"History"'), header);
  await refuses(resealed(good, after('"fingerprint":"'), "zz"), /must be those of the checkpoint/);
  const headerEnd = 12 + new DataView(good.buffer).getUint32(8, true);
  await refuses(resealed(good, headerEnd, Uint8Array.of(255, 255, 255, 127)), /training rows/);
  const longer = new Uint8Array(good.length + 4);
  longer.set(good);
  await refuses(resealed(longer, 0, "T"), /arrays must have/);
});

test("a checkpoint of another training is refused", async () => {
  const { saved } = await withCheckpoints(DATA, OPTIONS);
  const others: [TrainingData, FitOptions][] = [
    [clusters(3), OPTIONS],
    [{ ...DATA, validation: DATA.train }, OPTIONS],
    [DATA, { ...OPTIONS, seed: 9 }],
    [DATA, { ...OPTIONS, learningRate: 0.06 }],
    [DATA, { ...OPTIONS, optimizer: { name: "sgd" } }],
  ];
  for (const [data, options] of others)
    await refuses(saved[0]!, /must be those of the checkpoint/, data, options);
  const bad = { ...OPTIONS, checkpoint: { every: 0, save: () => {} } };
  await assert.rejects(fit(MODEL, DATA, bad), /checkpoint.every must be a whole number/);
});
