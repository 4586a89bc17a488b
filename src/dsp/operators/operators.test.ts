import assert from "node:assert/strict";
import { test } from "node:test";
import { cos, log10, TAU } from "../../base/math.ts";
import { compile } from "../../compiler/compile.ts";
import { buildGraph } from "../../graph/build.ts";
import type { Attributes, Graph, Operator } from "../../graph/graph.ts";
import { runGraph } from "../fixtures.ts";
import { biquadFilter } from "./biquad-filter.ts";
import { flattenStatistics, STATISTICS } from "./flatten-statistics.ts";
import { rawFeatures } from "./raw-features.ts";
import { spectralFeatures } from "./spectral-features.ts";

function graphOf(
  operator: Operator,
  rows: number,
  axes: number,
  attributes: Attributes,
  then?: Operator,
): Graph {
  const builder = buildGraph();
  const window = builder.input("window", "float32", [rows, axes]);
  const result = builder.one(operator, [window], attributes);
  return builder.finish([then ? builder.one(then, [result], { statistics: ["rms"] }) : result]);
}

const SPECTRAL = { fftLength: 16, hop: 8, log: true, firstBin: 1, lastBin: 8 };
const LOW_PASS = { coefficients: [0.25, 0.5, 0.25, -0.5, 0.375] };

test("rawFeatures keeps values and order", () => {
  const x = Float32Array.of(1, -2, 3.5, 4, 5, 6);
  assert.deepEqual(runGraph(graphOf(rawFeatures, 3, 2, { scale: 1 }), x, "float32"), x);
  assert.deepEqual(
    runGraph(graphOf(rawFeatures, 3, 2, { scale: -2 }), x, "float32"),
    x.map((v) => -2 * v),
  );
});

for (const precision of ["float32", "float64"] as const) {
  test(`a constant axis has exactly no deviation in ${precision}`, () => {
    const x = new Float32Array(125).fill(0.1);
    const statistics = runGraph(
      graphOf(flattenStatistics, 125, 1, { statistics: STATISTICS }),
      x,
      precision,
    );
    const [average, minimum, maximum, rms, ...rest] = statistics;
    const value = Math.fround(0.1);
    assert.deepEqual([average, minimum, maximum], [value, value, value]);
    assert.ok(Math.abs(rms! - value) < 1e-8);
    assert.deepEqual(rest, [0, 0, -3]);

    const features = runGraph(graphOf(spectralFeatures, 125, 1, SPECTRAL), x, precision);
    assert.deepEqual([...features.subarray(0, 5)], [0, 0, -3, 0, -3]);
    for (const bin of features.subarray(5)) assert.ok(Math.abs(bin + 10) < 2e-6, `${bin}`);
  });

  test(`moments hold for very small and very large values in ${precision}`, () => {
    const shape = [1, 2, 2, 3, 9, 4, 0, 1];
    const attributes = { statistics: ["skewness", "kurtosis"] };
    const graph = graphOf(flattenStatistics, shape.length, 1, attributes);
    const [skewness, kurtosis] = runGraph(graph, Float32Array.from(shape), precision);
    for (const size of [1e-15, 1e15]) {
      const x = Float32Array.from(shape, (v) => v * size);
      const [s, k] = runGraph(graph, x, precision);
      assert.ok(Math.abs(s! - skewness!) < 1e-5 && Math.abs(k! - kurtosis!) < 1e-5, `${s} ${k}`);
    }
  });
}

test("statistics that are left out leave no gap", () => {
  const x = Float32Array.of(1, 10, 2, 20, 3, 30);
  const graph = graphOf(flattenStatistics, 3, 2, { statistics: ["maximum", "average"] });
  assert.deepEqual([...runGraph(graph, x, "float32")], [2, 3, 20, 30]);
});

test("the power of a cosine is N/4 of its squared amplitude, also in a window of one frame", () => {
  for (const [rows, hop] of [
    [16, 16],
    [64, 16],
    [64, 8],
  ] as const) {
    const x = Float32Array.from({ length: rows }, (_, i) => 3 * cos((TAU * 4 * i) / 16));
    const graph = graphOf(spectralFeatures, rows, 1, { ...SPECTRAL, hop, log: false });
    const features = runGraph(graph, x, "float64");
    // With overlap the last frame is half empty; its power spreads and is smaller in every bin
    // that a full frame fills.
    assert.ok(Math.abs(features[5 + 3]! - 36) < 1e-5, `${features[5 + 3]}`);
    const logs = runGraph(graphOf(spectralFeatures, rows, 1, { ...SPECTRAL, hop }), x, "float64");
    assert.ok(Math.abs(logs[5 + 3]! - log10(36)) < 1e-6);
  }
});

test("a window shorter than a frame is filled with zeros", () => {
  const x = Float32Array.of(1, -1, 2, -2, 0.5);
  const attributes = { fftLength: 8, hop: 8, log: false, firstBin: 0, lastBin: 4 };
  const features = runGraph(graphOf(spectralFeatures, 5, 1, attributes), x, "float64");
  const mean = 0.1;
  for (let bin = 0; bin <= 4; bin++) {
    let [re, im] = [0, 0];
    x.forEach((value, i) => {
      re += (value - mean) * cos((TAU * bin * i) / 8);
      im += (value - mean) * cos((TAU * bin * i) / 8 - TAU / 4);
    });
    assert.ok(Math.abs(features[5 + bin]! - (re * re + im * im) / 8) < 1e-6, `bin ${bin}`);
  }
});

test("the filter runs in the memory of the window, and the spectrum needs one frame", () => {
  const memory = (graph: Graph): number => compile({ dsp: graph }, { alignment: 4 }).arenaBytes;
  assert.equal(memory(graphOf(biquadFilter, 125, 3, LOW_PASS, flattenStatistics)), 1500 + 12);
  const spectrumBytes = 4 * (18 + 9);
  assert.equal(memory(graphOf(spectralFeatures, 125, 3, SPECTRAL)), 1500 + 156 + spectrumBytes);
});

test("attributes are checked", () => {
  const fails = (operator: Operator, attributes: Attributes, message: RegExp): void => {
    assert.throws(() => graphOf(operator, 8, 1, attributes), message);
  };
  fails(spectralFeatures, { ...SPECTRAL, fftLength: 12 }, /power of two of at least 4, got 12/);
  fails(spectralFeatures, { ...SPECTRAL, lastBin: 9 }, /bins must be some of 0 to 8, got 1 to 9/);
  fails(spectralFeatures, { ...SPECTRAL, log: 1 }, /log must be true or false, got 1/);
  fails(biquadFilter, { coefficients: [1, 2] }, /five finite numbers for each section, got 1,2/);
  fails(flattenStatistics, { statistics: ["mode"] }, /statistics must be some of .*, got mode/);
  fails(flattenStatistics, { statistics: [] }, /statistics must be some of/);
  fails(rawFeatures, { scale: Number.NaN }, /scale must be a finite number, got NaN/);
});

test("costs count the multiplications", () => {
  const spec = (shape: number[]) => ({ name: "x", dtype: "float32" as const, shape });
  const macs = (operator: Operator, attributes: Attributes): number =>
    operator.macs!({ attributes, inputs: [spec([125, 3])], outputs: [spec([375])] });
  assert.equal(macs(rawFeatures, { scale: 1 }), 0);
  assert.equal(macs(rawFeatures, { scale: 2 }), 375);
  assert.equal(macs(biquadFilter, LOW_PASS), 375 * 5);
  assert.equal(macs(flattenStatistics, { statistics: ["average"] }), 0);
  // 16 frames of 12 butterflies with 4, 5 separations with 8, 9 bins with 3; 5 for each moment.
  assert.equal(macs(spectralFeatures, SPECTRAL), 3 * (16 * (48 + 40 + 27) + 5 * (125 + 9)));
});
