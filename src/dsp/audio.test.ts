/**
 * The audio blocks against an independent program in float64 (`test/golden/dsp/audio.json`), the
 * rules on their parameters, and the same bits on the interpreter and on WebAssembly.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { COMPILERS, compileAndRun } from "../../test/device/c-compiler.ts";
import {
  assertSameBytes,
  interpretProgram,
  standaloneC,
} from "../../test/device/kernel-program.ts";
import { UserError } from "../base/errors.ts";
import { sin, TAU } from "../base/math.ts";
import { makeRng } from "../base/rng.ts";
import { compile } from "../compiler/compile.ts";
import { interpretInstance, wasmInstance } from "../engine/instance.ts";
import { buildGraph } from "../graph/build.ts";
import type { Graph } from "../graph/graph.ts";
import { sizeOf } from "../tensor/tensor.ts";
import { type Block, type BlockContext, blockGraph, blockWidth } from "./block.ts";
import { runGraph } from "./fixtures.ts";
import { melEdges, melFilters } from "./mel.ts";
import { mfcc } from "./mfcc.ts";
import { mfe } from "./mfe.ts";
import { slidingNormalization } from "./operators/sliding-normalization.ts";
import { blockOf } from "./registry.ts";

type Row = {
  block: string;
  parameters: { [name: string]: number };
  shape: [number, number];
  unit: number;
  features: number[];
};

const FILE = new URL("../../test/golden/dsp/audio.json", import.meta.url);
const ROWS: { [id: string]: Row } = JSON.parse(readFileSync(FILE, "utf8")).rows;

/** Two tones, one growing, and noise: the whole numbers of the golden rows. */
function audio(samples = 16000): Float32Array {
  let state = 42;
  return Float32Array.from({ length: samples }, (_, i) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const tone = 8000 * sin((TAU * 440 * i) / 16000) * (i / 16000);
    const second = 4000 * sin((TAU * 1800 * i) / 16000 + 0.5);
    return Math.floor(tone + second + 500 * (state / 2147483648 - 1) + 0.5);
  });
}

const contextOf = (block: Block, params: unknown = {}, rows = 16000): BlockContext => ({
  params: block.parse(params),
  axes: ["audio"],
  sampleRateHz: 16000,
  rows,
});

const graphOf = (block: Block, params: unknown = {}, rows = 16000): Graph =>
  blockGraph(block, contextOf(block, params, rows));

/** The largest difference, and the share of values that differ by more than `least`. */
function differences(got: ArrayLike<number>, expected: readonly number[], least: number) {
  const errors = expected.map((value, i) => Math.abs(got[i]! - value));
  return { most: Math.max(...errors), share: errors.filter((e) => e > least).length / got.length };
}

test("the signal is that of the golden rows", () => {
  const x = audio();
  assert.deepEqual([...x.subarray(0, 4)], [1670, 3326, 3845, 1714]);
  assert.deepEqual([x[8000], x[15999]], [1568, -1772]);
  assert.equal(
    x.reduce((sum, v) => sum + v, 0),
    13847,
  );
});

for (const [id, row] of Object.entries(ROWS)) {
  test(`${id} is met`, () => {
    const block = blockOf(row.block);
    const expected = row.features.map((value) => value * row.unit);
    const context = contextOf(block, row.parameters);
    const [frames, columns] = row.shape;
    assert.deepEqual(block.frames!(context), { frames, columns });
    const graph = blockGraph(block, context);
    const wide = runGraph(graph, audio(), "float64");
    const deployed = runGraph(graph, audio(), "float32");
    assert.equal(wide.length, expected.length);
    if (row.block === "mfe") {
      assert.equal(differences(wide, expected, 0).most, 0);
      const { most, share } = differences(deployed, expected, 0);
      assert.ok(most <= 1 / 256 && share <= 1e-3, `${most}, ${share}`);
    } else {
      assert.ok(differences(wide, expected, 0).most <= 1e-5);
      const { most } = differences(deployed, expected, 0);
      assert.ok(most <= 1e-3, `${most}`);
    }
  });
}

test("the edges of the default filters are those of the description", () => {
  const edges =
    "0 0 1 2 3 4 5 6 7 8 9 10 12 13 15 17 18 20 22 24 27 29 32 34 37 41 44 47 51 55 59 64 69 74 79 85 91 98 104 112 120 128";
  assert.equal(melEdges(40, 256, 16000, 0, 8000).join(" "), edges);
});

test("filters peak at 1 on their middle edge, also where two edges are the same", () => {
  assert.deepEqual(melFilters([0, 0, 1, 1, 3, 5]), [
    { first: 0, weights: [1] },
    { first: 1, weights: [1] },
    { first: 1, weights: [1, 0.5] },
    { first: 2, weights: [0.5, 1, 0.5] },
  ]);
  assert.deepEqual(melFilters([4, 4, 4])[0]!.weights, []);
});

for (const block of [mfe, mfcc]) {
  test(`${block.type}: WebAssembly equals the interpreter to the bit`, () => {
    for (const params of [{}, { "frame-length": 0.01, "fft-length": 256 }]) {
      const program = compile({ dsp: graphOf(block, params, 1600) });
      const results = [interpretInstance, wasmInstance].map((engine) => {
        const instance = engine(program);
        const { inputs, outputs } = program.entries[0]!;
        instance.view(inputs[0]!).set(audio(1600));
        instance.run("dsp");
        return instance.view(outputs[0]!);
      });
      assert.deepEqual(results[1], results[0]);
    }
  });

  for (const compiler of COMPILERS)
    test(`${block.type}: C equals the interpreter to the bit: ${compiler.name}`, () => {
      const program = compile({ dsp: graphOf(block, {}, 1600) });
      const { inputs, outputs } = program.entries[0]!;
      const arena = new Uint8Array(program.arenaBytes);
      arena.set(new Uint8Array(audio(1600).buffer), inputs[0]!.offset);
      const features = (memory: Uint8Array): Uint8Array =>
        memory.subarray(outputs[0]!.offset).subarray(0, 4 * sizeOf(outputs[0]!.shape));
      const expected = features(interpretProgram(program, arena));
      assert.ok(expected.some((byte) => byte !== 0));
      const got = features(compileAndRun(compiler, standaloneC(program), arena));
      assertSameBytes(got, expected, block.type);
    });

  test(`${block.type}: every feature has a name of its own, frame after frame`, () => {
    const context = contextOf(block);
    const width = blockWidth(block, context);
    const { frames, columns } = block.frames!(context);
    assert.equal(frames * columns, width);
    assert.equal(sizeOf(blockGraph(block, context).tensors.get("features")!.shape), width);
    assert.equal(new Set(block.labels(context)).size, width);
    assert.match(block.labels(context)[columns]!, /^audio frame 1 \w+ 0$/);
  });

  test(`${block.type}: rules are told with what was given`, () => {
    const rejects = (message: string, params: unknown, context: Partial<BlockContext> = {}) =>
      assert.throws(
        () => blockGraph(block, { ...contextOf(block, params), ...context }),
        (error) => {
          assert.ok(error instanceof UserError && error.code === "block-parameter", `${error}`);
          assert.equal(error.message, `${block.type}: ${message}`);
          return true;
        },
      );
    rejects('a window must have one axis, got "left, right"', {}, { axes: ["left", "right"] });
    rejects('a window of 319 samples must hold one frame, got "320 samples"', {}, { rows: 319 });
    rejects(
      "a window must have at most 500 frames, got 501",
      { "frame-stride": 0.01 },
      {
        rows: 80320,
      },
    );
    rejects('"num-filters" must be at least 2, got 1', { "num-filters": 1 });
    rejects('"fft-length" must be a power of two from 4 to 16384, got 100', { "fft-length": 100 });
    rejects('"frame-stride" must be above 0 seconds, got 0', { frame_stride: 0 });
    rejects('"high-frequency" must be at most half of the sampling rate (8000 Hz), got 9000', {
      "high-frequency": 9000,
    });
    rejects('"low-frequency" must be below 1000 Hz, got 1000', {
      "high-frequency": 1000,
      "low-frequency": 1000,
    });
    rejects('"num-filters" must leave each filter at least one bin of the FFT of 128, got 32', {
      "fft-length": 128,
      "num-filters": 32,
    });
  });

  test(`${block.type}: the suggestion of fewer filters holds`, () => {
    const refused = { "fft-length": 64, "num-filters": 40 };
    try {
      graphOf(block, refused);
      assert.fail("must be refused");
    } catch (error) {
      const filters = Number(/Choose (\d+) filters/.exec((error as UserError).hint ?? "")?.[1]);
      graphOf(block, {
        ...refused,
        "num-filters": filters,
        ...(block === mfcc ? { "num-cepstral": 8 } : {}),
      });
    }
  });
}

test("frames of a stride with a rounding error are whole; others reach up", () => {
  const frames = (stride: number): number =>
    mfe.frames!(contextOf(mfe, { "frame-stride": stride })).frames;
  assert.equal(frames(0.01), 99);
  assert.equal(frames(0.01 + 1e-9), 99);
  assert.equal(frames(161 / 16000), 98);
  assert.equal(frames(160.5 / 16000), 98);
  assert.equal(mfe.frames!({ ...contextOf(mfe), rows: 320 }).frames, 1);
});

test("MFE: silence is 0, full scale saturates at 255/256", () => {
  const params = { "noise-floor-db": -60 };
  const graph = graphOf(mfe, params, 480);
  assert.deepEqual(runGraph(graph, new Float32Array(480), "float32"), new Float32Array(80));
  const loud = Float32Array.from({ length: 480 }, (_, i) => [32767, 0, -32768, 0][i % 4]!);
  const cells = runGraph(graph, loud, "float32");
  assert.equal(Math.max(...cells), 255 / 256);
  for (const cell of cells) assert.equal(cell * 256, Math.round(cell * 256));
});

test("pre-emphasis before the window begins with its end", () => {
  const params = { "win-size": 0, "num-filters": 16, "num-cepstral": 2, "pre-shift": 3 };
  const graph = graphOf(mfcc, params, 640);
  const x = Float32Array.from({ length: 640 }, (_, i) => 1000 + 100 * sin(i));
  x.fill(0, 637);
  const [energy] = runGraph(graph, x, "float64");
  x.set([1000, -1000, 500], 637);
  assert.notEqual(runGraph(graph, x, "float64")[0], energy);
});

/** The definition, written with a padded copy. */
function normalized(rows: readonly (readonly number[])[], window: number): number[][] {
  const half = (window - 1) / 2;
  const windowsOf = (m: readonly (readonly number[])[]) => {
    const there = [...m, ...[...m].reverse()];
    return m.map((_, i) =>
      Array.from({ length: window }, (_, j) => there.at((i + j - half) % there.length)!),
    );
  };
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const centered = windowsOf(rows).map((near, i) =>
    rows[i]!.map((value, c) => value - mean(near.map((row) => row[c]!))),
  );
  return windowsOf(centered).map((near, i) =>
    centered[i]!.map((value, c) => {
      const column = near.map((row) => row[c]!);
      const middle = mean(column);
      return value / (Math.sqrt(mean(column.map((v) => (v - middle) * (v - middle)))) + 1e-10);
    }),
  );
}

test("normalization mirrors frames as often as the window asks for", () => {
  const rng = makeRng(6);
  for (const [frames, columns, window] of [
    [1, 2, 5],
    [4, 3, 3],
    [4, 3, 21],
    [9, 5, 101],
    [30, 13, 9],
  ] as const) {
    const rows = Array.from({ length: frames }, () =>
      Array.from({ length: columns }, (_, c) => (c === 1 ? 0.1 : rng.uniform(-5, 5))),
    );
    const builder = buildGraph();
    const x = builder.input("x", "float32", [frames * columns]);
    const graph = builder.finish([builder.one(slidingNormalization, [x], { columns, window })]);
    const values = Float32Array.from(rows.flat());
    const exact = Array.from({ length: frames }, (_, i) => [
      ...values.subarray(i * columns, (i + 1) * columns),
    ]);
    const expected = normalized(exact, window).flat();
    for (const [precision, tolerance] of [
      ["float64", 1e-6],
      ["float32", 1e-4],
    ] as const) {
      const got = runGraph(graph, values, precision);
      expected.forEach((value, i) => {
        // A constant column is exactly 0, where the definition leaves a rounding error to chance.
        const wanted = i % columns === 1 || frames === 1 ? 0 : value;
        assert.ok(
          Math.abs(got[i]! - wanted) <= tolerance,
          `${precision} ${i}: ${got[i]} ${wanted}`,
        );
      });
    }
  }
});

test("a second of sound needs little memory beside itself", () => {
  const memory = (block: Block): number =>
    compile({ dsp: graphOf(block) }, { alignment: 4 }).arenaBytes;
  const spectrumBytes = 4 * 258;
  assert.equal(memory(mfe), 64000 + 4 * 3960 + spectrumBytes);
  assert.ok(memory(mfcc) <= 64000 + 4 * 650 + spectrumBytes + 4 * 32, `${memory(mfcc)}`);
});
