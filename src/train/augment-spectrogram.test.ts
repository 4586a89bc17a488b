// Augmentation: what it leaves, what it draws, and the same bits on both engines.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../base/rng.ts";
import { compile } from "../compiler/compile.ts";
import type { Program } from "../compiler/program.ts";
import { type Instance, interpretInstance, wasmInstance } from "../engine/instance.ts";
import { buildGraph } from "../graph/build.ts";
import type { Graph } from "../graph/graph.ts";
import {
  augmentationAttributes,
  augmentSpectrogram,
  type SpectrogramAugmentation,
  usualAugmentation,
} from "./augment-spectrogram.ts";
import { fit } from "./fit.ts";
import { denseOf, flat, network } from "./test-networks.ts";

function graphOf(batch: number, augmentation: SpectrogramAugmentation): Graph {
  const builder = buildGraph();
  const x = builder.input("x", "float32", [batch, augmentation.frames, augmentation.columns]);
  const seed = builder.input("seed", "int32", [1]);
  const attributes = augmentationAttributes(augmentation);
  return builder.finish([builder.one(augmentSpectrogram, [x, seed], attributes)]);
}

/** Runs the operator on examples that are all `value`, or on the examples given. */
function runner(
  batch: number,
  augmentation: SpectrogramAugmentation,
  examples: number | Float32Array,
  engine: (program: Program) => Instance = wasmInstance,
): (seed: number) => Float32Array {
  const instance = engine(compile({ main: graphOf(batch, augmentation) }));
  const [entry] = instance.program.entries;
  const [x, seed] = entry!.inputs.map((tensor) => instance.view(tensor));
  return (value) => {
    if (typeof examples === "number") x!.fill(examples);
    else x!.set(examples);
    seed![0] = value;
    instance.run("main");
    return Float32Array.from(instance.view(entry!.outputs[0]!));
  };
}

const SHAPE = { frames: 20, columns: 13 };
const EVERYTHING: SpectrogramAugmentation = {
  ...SHAPE,
  noise: 0.2,
  timeMasks: { count: 2, width: 4 },
  frequencyMasks: { count: 2, width: 3 },
  timeShift: 5,
};

/** How often each number occurs. */
function countsOf(values: readonly number[], length: number): number[] {
  const counts = new Array<number>(length).fill(0);
  for (const value of values) counts[value]!++;
  return counts;
}

/** Each count lies within five deviations of its even share. */
function assertEven(counts: readonly number[]): void {
  const total = counts.reduce((sum, n) => sum + n, 0);
  const share = total / counts.length;
  for (const n of counts) assert.ok(Math.abs(n - share) < 5 * Math.sqrt(share), `${counts}`);
}

test("without any part examples stay as they are", () => {
  const rng = makeRng(1);
  const x = Float32Array.from({ length: 2 * 260 }, () => rng.uniform(-2, 2));
  assert.deepEqual(runner(2, SHAPE, x)(7), x);
});

test("WebAssembly equals the interpreter to the bit, and a seed repeats", () => {
  const rng = makeRng(2);
  for (const [frames, columns] of [
    [20, 13],
    [9, 40],
    [7, 3],
  ] as const) {
    const part = { ...EVERYTHING, frames, columns, frequencyMasks: { count: 1, width: 2 } };
    const x = Float32Array.from({ length: 3 * frames * columns }, () => rng.uniform(-2, 2));
    const compiled = runner(3, part, x);
    const reference = runner(3, part, x, interpretInstance);
    assert.deepEqual(compiled(5), reference(5));
    assert.deepEqual(compiled(-9), reference(-9));
    assert.deepEqual(compiled(5), compiled(5));
    assert.notDeepEqual(compiled(5), compiled(6));
  }
});

test("noise has no mean, its deviation, the tails of a normal distribution, and no pattern", () => {
  const noise = runner(64, { ...SHAPE, noise: 0.45 }, 0)(11).map((v) => v / 0.45);
  const n = noise.length;
  const mean = (of: (v: number, i: number) => number): number =>
    noise.reduce((s, v, i) => s + of(v, i), 0) / n;
  assert.ok(Math.abs(mean((v) => v)) < 5 / Math.sqrt(n));
  assert.ok(Math.abs(mean((v) => v * v) - 1) < 0.05);
  const fourth = mean((v) => v * v * v * v);
  // Three for a normal distribution, 2.7 for the sum of four even ones.
  assert.ok(Math.abs(fourth - 2.7) < 0.15, `${fourth}`);
  const beyond = mean((v) => (Math.abs(v) > 2 ? 1 : 0));
  assert.ok(beyond > 0.035 && beyond < 0.055, `${beyond}`);
  for (const lag of [1, 2, 13, 260])
    assert.ok(Math.abs(mean((v, i) => v * noise[(i + lag) % n]!)) < 5 / Math.sqrt(n), `${lag}`);
});

test("a mask blanks 0 to width neighbours, anywhere, over the whole other direction", () => {
  for (const [augmentation, extent, step] of [
    [{ ...SHAPE, timeMasks: { count: 1, width: 4 } }, 20, 13],
    [{ ...SHAPE, frequencyMasks: { count: 1, width: 3 } }, 13, 1],
  ] as const) {
    const run = runner(50, augmentation, 1);
    const isTime = step === 13;
    const width = isTime ? 4 : 3;
    const widths: number[] = [];
    const covered = new Array<number>(extent).fill(0);
    for (let seed = 0; seed < 40; seed++) {
      const y = run(seed);
      for (let row = 0; row < 50; row++) {
        const example = y.subarray(row * 260, (row + 1) * 260);
        const blank = Array.from({ length: extent }, (_, i) => example[i * step] === 0);
        example.forEach((v, i) => {
          const place = isTime ? Math.floor(i / 13) : i % 13;
          assert.equal(v, blank[place] ? 0 : 1);
        });
        const places = blank.flatMap((is, i) => (is ? [i] : []));
        widths.push(places.length);
        if (places.length > 0) assert.equal(places.at(-1)! - places[0]! + 1, places.length);
        for (const place of places) covered[place]!++;
      }
    }
    assertEven(countsOf(widths, width + 1));
    assert.ok(Math.min(...covered) > 0);
  }
});

test("a shift moves all frames by -timeShift to timeShift and fills with 0", () => {
  const x = Float32Array.from({ length: 50 * 260 }, (_, i) => 1 + (i % 260));
  const run = runner(50, { ...SHAPE, timeShift: 3 }, x);
  const shifts: number[] = [];
  for (let seed = 0; seed < 30; seed++) {
    const y = run(seed);
    for (let row = 0; row < 50; row++) {
      const example = y.subarray(row * 260, (row + 1) * 260);
      const middle = example[10 * 13]!;
      const shift = 10 - (middle - 1) / 13;
      shifts.push(shift + 3);
      example.forEach((v, i) => {
        const from = i - shift * 13;
        assert.equal(v, from < 0 || from >= 260 ? 0 : 1 + from);
      });
    }
  }
  assertEven(countsOf(shifts, 7));
});

test("the usual augmentation suits any size", () => {
  for (const [frames, columns] of [
    [1, 1],
    [2, 3],
    [50, 13],
    [500, 80],
  ] as const)
    assert.doesNotThrow(() => graphOf(2, usualAugmentation(frames, columns)));
  const { timeShift, timeMasks, frequencyMasks } = usualAugmentation(50, 13);
  assert.deepEqual([timeShift, timeMasks?.width, frequencyMasks?.width], [10, 5, 2]);
});

test("rules of the attributes", () => {
  const fails = (augmentation: Partial<SpectrogramAugmentation>, message: RegExp): void => {
    assert.throws(() => graphOf(2, { ...SHAPE, ...augmentation }), message);
  };
  fails({ noise: -1 }, /noise must be at least 0, got -1/);
  fails({ timeShift: 20 }, /timeShift must be below 20, got 20/);
  fails({ timeMasks: { count: 1, width: 21 } }, /timeMaskWidth must be at most 20, got 21/);
  fails({ frequencyMasks: { count: 17, width: 1 } }, /frequencyMasks must be at most 16, got 17/);
});

test("fit: the loss of training sees it, validation does not, and a seed repeats", async () => {
  const rng = makeRng(3);
  const x = Float32Array.from({ length: 20 * 12 }, () => rng.uniform(-1, 1));
  const y = Int32Array.from({ length: 20 }, () => rng.int(3));
  const rows = Array.from({ length: 20 }, (_, i) => i);
  const data = { x, y, outputs: 3, train: rows, validation: rows };
  const model = network([4, 3], [flat, denseOf(12, 3)]);
  const options = { epochs: 1, learningRate: 1e-30, batchSize: 8 };
  const plain = await fit(model, data, options);
  const augmentation = { frames: 4, columns: 3, noise: 1, timeShift: 2 };
  const changed = await fit(model, data, { ...options, augmentation });
  assert.equal(changed.best.validationLoss, plain.best.validationLoss);
  assert.ok(Math.abs(plain.best.loss - plain.best.validationLoss!) < 1e-6);
  assert.ok(Math.abs(changed.best.loss - plain.best.loss) > 1e-3);
  const again = await fit(model, data, { ...options, augmentation });
  assert.equal(again.best.loss, changed.best.loss);
});
