// Images flipped, enlarged, lightened and spectrograms warped: what may come out and what must not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../base/rng.ts";
import { compile } from "../compiler/compile.ts";
import type { Program } from "../compiler/program.ts";
import { type Instance, interpretInstance, wasmInstance } from "../engine/instance.ts";
import { buildGraph } from "../graph/build.ts";
import { type ImageAugmentation, usualImageAugmentation } from "./augment-image.ts";
import { type Augmentation, addAugmentation } from "./augmentation.ts";
import { augmentationOfLevels } from "./augmentation-levels.ts";
import { fit } from "./fit.ts";
import { denseOf, flat, network } from "./test-networks.ts";

/** The change of a batch, by seed. */
function runner(
  augmentation: Augmentation,
  shape: readonly number[],
  examples: Float32Array,
  engine: (program: Program) => Instance = wasmInstance,
): (seed: number) => Float32Array {
  const builder = buildGraph();
  const x = builder.input("x", "float32", shape);
  const seed = builder.input("seed", "int32", [1]);
  const graph = builder.finish([addAugmentation(builder, x, seed, augmentation)]);
  const instance = engine(compile({ main: graph }));
  const [entry] = instance.program.entries;
  const [given, number] = entry!.inputs.map((tensor) => instance.view(tensor));
  return (value) => {
    given!.set(examples);
    number![0] = value;
    instance.run("main");
    return Float32Array.from(instance.view(entry!.outputs[0]!));
  };
}

const [H, W, C] = [5, 6, 2];
const IMAGE: ImageAugmentation = { kind: "image", height: H, width: W, channels: C };
const B = 40;
const rng = makeRng(4);
const noise = (size: number): Float32Array =>
  Float32Array.from({ length: size }, () => rng.uniform(0, 1));

test("without any part images stay as they are", () => {
  const x = noise(B * H * W * C);
  assert.deepEqual(runner(IMAGE, [B, H, W, C], x)(3), x);
});

test("WebAssembly equals the interpreter to the bit, and a seed repeats", () => {
  const spectrogram: Augmentation = { frames: 11, columns: 5, timeWarp: 4, noise: 0.1 };
  for (const [augmentation, shape] of [
    [usualImageAugmentation(H, W, C), [3, H, W, C]],
    [usualImageAugmentation(7, 3, 1), [2, 21]],
    [spectrogram, [3, 11, 5]],
  ] as const) {
    const x = noise(shape.reduce((product, n) => product * n));
    const compiled = runner(augmentation, shape, x);
    const reference = runner(augmentation, shape, x, interpretInstance);
    for (const seed of [5, -9]) assert.deepEqual(compiled(seed), reference(seed));
    assert.deepEqual(compiled(5), compiled(5));
    assert.notDeepEqual(compiled(5), compiled(6));
  }
});

test("about half of the images are mirrored, whole and left for right", () => {
  const x = noise(B * H * W * C);
  const run = runner({ ...IMAGE, flip: true }, [B, H, W, C], x);
  let mirrored = 0;
  for (let seed = 0; seed < 10; seed++) {
    const y = run(seed);
    for (let b = 0; b < B; b++) {
      const at = (line: number, column: number, c: number) => ((b * H + line) * W + column) * C + c;
      const isMirrored = y[at(0, 0, 0)] !== x[at(0, 0, 0)];
      if (isMirrored) mirrored++;
      for (let line = 0; line < H; line++)
        for (let column = 0; column < W; column++)
          for (let c = 0; c < C; c++)
            assert.equal(
              y[at(line, column, c)],
              x[at(line, isMirrored ? W - 1 - column : column, c)],
            );
    }
  }
  assert.ok(Math.abs(mirrored - 200) < 50, `${mirrored} of 400`);
});

test("a zoom shows a window of the image, at even scale and at any place", () => {
  // Values are the coordinates, which linear interpolation keeps.
  const x = Float32Array.from({ length: B * H * W * C }, (_, i) =>
    i % 2 === 0 ? Math.floor(i / (W * C)) % H : Math.floor(i / C) % W,
  );
  const zoom = 1.5;
  const run = runner({ ...IMAGE, zoom }, [B, H, W, C], x);
  const scales: number[] = [];
  const places: number[] = [];
  for (let seed = 0; seed < 10; seed++) {
    const y = run(seed);
    for (let b = 0; b < B; b++) {
      const at = (line: number, column: number, c: number) =>
        y[((b * H + line) * W + column) * C + c]!;
      // Pixels in the middle are within the image for any zoom.
      const [down, across] = [at(3, 3, 0) - at(2, 3, 0), at(3, 3, 1) - at(3, 2, 1)];
      assert.ok(Math.abs(down - across) < 1e-5);
      assert.ok(down <= 1 + 1e-6 && down >= 1 / zoom - 1e-6, `${down}`);
      scales.push(1 / down);
      // Where the middle of the picture comes from, from 0 to 1 of the room that there is.
      const room = H * (1 / down - 1);
      if (room > 0.5) places.push(((at(2, 3, 0) + 0.5) / down - 2.5) / room);
    }
  }
  const mean = (values: readonly number[]) => values.reduce((s, v) => s + v, 0) / values.length;
  assert.ok(Math.abs(mean(scales) - 1.25) < 0.03, `${mean(scales)}`);
  assert.ok(Math.min(...places) > -0.01 && Math.max(...places) < 1.01);
  assert.ok(Math.abs(mean(places) - 0.5) < 0.06, `${mean(places)}`);
});

test("brightness moves all values of an image alike, either way", () => {
  const x = noise(B * H * W * C);
  const y = runner({ ...IMAGE, brightness: 0.2 }, [B, H, W, C], x)(8);
  const size = H * W * C;
  const moved = Array.from({ length: B }, (_, b) => y[b * size]! - x[b * size]!);
  y.forEach((value, i) => {
    assert.ok(Math.abs(value - x[i]! - moved[Math.floor(i / size)]!) < 1e-6);
  });
  assert.ok(moved.every((m) => Math.abs(m) <= 0.2));
  assert.ok(Math.max(...moved) > 0.1 && Math.min(...moved) < -0.1);
});

test("a warp keeps both ends and the order, and moves a frame by up to its width", () => {
  const frames = 20;
  const x = Float32Array.from({ length: B * frames }, (_, i) => i % frames);
  const run = runner({ frames, columns: 1, timeWarp: 4 }, [B, frames, 1], x);
  let most = 0;
  for (let seed = 0; seed < 10; seed++) {
    const y = run(seed);
    for (let b = 0; b < B; b++) {
      const times = [...y.subarray(b * frames, (b + 1) * frames)];
      assert.equal(times[0], 0);
      assert.ok(Math.abs(times.at(-1)! - (frames - 1)) < 1e-5);
      times.forEach((time, t) => {
        if (t > 0) assert.ok(time > times[t - 1]!, `${times}`);
        most = Math.max(most, Math.abs(time - t));
      });
      // Two lines meet at the frame that moved: their slopes change once.
      const slopes = times.slice(1).map((time, t) => time - times[t]!);
      const changes = slopes.slice(1).filter((s, t) => Math.abs(s - slopes[t]!) > 1e-4);
      assert.ok(changes.length <= 2, `${slopes}`);
    }
  }
  assert.ok(most > 3 && most <= 4.001, `${most}`);
});

test("rules of the attributes", () => {
  const fails = (augmentation: Augmentation, message: RegExp): void => {
    assert.throws(() => runner(augmentation, [2, 60], new Float32Array(120)), message);
  };
  fails({ ...IMAGE, width: 7 }, /x must be images of 5 x 7 x 2, got \[2,60\]/);
  fails({ ...IMAGE, zoom: 0.9 }, /zoom must be at least 1, got 0.9/);
  fails({ ...IMAGE, brightness: -1 }, /brightness must be at least 0, got -1/);
  fails({ frames: 12, columns: 5, timeWarp: 5 }, /warp of 12 frames must be at most 4, got 5/);
});

test("fit: training sees the changes, validation does not", async () => {
  const rows = Array.from({ length: 20 }, (_, i) => i);
  const x = noise(20 * 18);
  const y = Int32Array.from(rows, (i) => i % 3);
  const data = { x, y, outputs: 3, train: rows, validation: rows };
  const model = network([3, 3, 2], [flat, denseOf(18, 3)]);
  const options = { epochs: 1, learningRate: 1e-30, batchSize: 8 };
  const plain = await fit(model, data, options);
  const changed = await fit(model, data, {
    ...options,
    augmentation: usualImageAugmentation(3, 3, 2),
  });
  assert.equal(changed.best.validationLoss, plain.best.validationLoss);
  assert.ok(Math.abs(changed.best.loss - plain.best.loss) > 1e-4);
});

test("levels stand for values that fit any size", () => {
  const { noise, timeMasks, frequencyMasks, timeWarp } = augmentationOfLevels(50, 13, {
    ...{ noise: "high", timeMasks: "high", frequencyMasks: "high", warpTime: true },
  });
  assert.deepEqual(
    [noise, timeMasks, frequencyMasks, timeWarp],
    [0.45, { count: 3, width: 2 }, { count: 3, width: 4 }, 6],
  );
  for (const level of ["none", "low", "high"] as const)
    for (const frames of [1, 4, 9]) {
      const levels = { noise: level, timeMasks: level, frequencyMasks: level, warpTime: true };
      const augmentation = augmentationOfLevels(frames, 2, levels);
      const x = new Float32Array(frames * 2);
      runner(augmentation, [1, frames, 2], x)(1);
    }
});
