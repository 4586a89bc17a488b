/**
 * A small pipeline with random weights, of the form that the runner makes: window, features,
 * standardisation, int8 network, probabilities and a distance as anomaly score. Tests package it
 * and run it everywhere; `scripts/measure-code.mjs` measures variations of it.
 */
import { makeRng } from "../../src/base/rng.ts";
import { compile } from "../../src/compiler/compile.ts";
import type { Program } from "../../src/compiler/program.ts";
import type { ExpectedOutputs, LibraryInfo } from "../../src/deploy/library.ts";
import { blockOf } from "../../src/dsp/registry.ts";
import { interpretInstance, wasmInstance } from "../../src/engine/instance.ts";
import { buildGraph } from "../../src/graph/build.ts";
import type { Operator } from "../../src/graph/graph.ts";
import { denseInt8 } from "../../src/graph/operators/int8/dense.ts";
import { dequantize, quantize } from "../../src/graph/operators/int8/quantize.ts";
import { softmaxInt8 } from "../../src/graph/operators/int8/softmax.ts";
import { reshape } from "../../src/graph/operators/reshape.ts";
import { standardize } from "../../src/graph/operators/standardize.ts";
import { add, addF, buildKernel, minF, mul, mulF, sqrtF, subF } from "../../src/ir/build.ts";
import { foldZeroPoint, quantizeWeights } from "../../src/tensor/quantization.ts";
import { sizeOf } from "../../src/tensor/tensor.ts";

export type ReferenceOptions = {
  readonly project?: string;
  readonly block?: string;
  readonly params?: { readonly [name: string]: number | string | boolean };
  readonly axes?: readonly string[];
  readonly rows?: number;
  readonly hidden?: readonly number[];
  readonly labels?: readonly string[];
  readonly anomaly?: boolean;
  readonly golden?: number;
};

export type Reference = { readonly program: Program; readonly info: LibraryInfo };

/** Distance to the nearest of K random points: x [1,F], points [K,F] to [1]. */
const nearestDistance: Operator = {
  name: "nearestDistance",
  infer: () => [{ dtype: "float32", shape: [1] }],
  lower: ({ inputs: [x, points] }) =>
    buildKernel("nearest_distance", (k) => {
      const F = sizeOf(x!.shape);
      const K = points!.shape[0]!;
      const input = k.input("float32", F);
      const centers = k.input("float32", K * F, "centers");
      const output = k.output("float32", 1);
      const least = k.register(3e38, "least");
      k.loop(K, (c) => {
        const sum = k.register(0, "sum");
        k.loop(F, (f) => {
          const d = k.value(subF(input.load(f), centers.load(add(mul(c, F), f))), "difference");
          sum.set(addF(sum.get, mulF(d, d)));
        });
        least.set(minF(least.get, sum.get));
      });
      output.store(0, sqrtF(least.get));
    }),
};

/** [F] to [1,F]. */
const asRow: Operator = {
  ...reshape,
  infer: ([x]) => [{ dtype: "float32", shape: [1, sizeOf(x!.shape)] }],
};

export function referenceLibrary(options: ReferenceOptions = {}): Reference {
  const {
    project = "Reference",
    block = "spectral",
    params = { "fft-length": 32 },
    axes = ["accX", "accY", "accZ"],
    rows = 100,
    hidden = [12, 8],
    labels = ["idle", "wave", "circle \u00fc"],
    anomaly = true,
    golden = 3,
  } = options;
  const rng = makeRng(7);
  const random = (size: number, scale = 1) =>
    Float32Array.from({ length: size }, () => scale * rng.normal());
  const b = buildGraph();
  const input = b.input("window", "float32", [rows, axes.length]);
  const dsp = blockOf(block);
  const context = { params: dsp.parse(params), axes, sampleRateHz: 50, rows };
  const features = dsp.build(b, input, context);
  const width = sizeOf(b.spec(features).shape);
  const row = b.one(asRow, [features]);
  const scaled = b.one(standardize, [
    row,
    b.constant("mean", "float32", [width], random(width)),
    b.constant(
      "inverse_std",
      "float32",
      [width],
      random(width).map((v) => 0.2 + Math.abs(v)),
    ),
  ]);
  let scale = 0.05;
  let quantization = { scale: [scale], zeroPoint: -3 };
  let x = b.one(quantize, [scaled], {}, { quantization });
  let inputs = width;
  [...hidden, labels.length].forEach((outputs, layer, all) => {
    const q = quantizeWeights(
      random(outputs * inputs, 0.3),
      random(outputs, 0.3),
      scale,
      layer % 2 === 0,
    );
    const bias = foldZeroPoint(q.weights, q.bias, quantization.zeroPoint);
    const name = `dense_${layer + 1}`;
    const last = layer === all.length - 1;
    scale = 0.1;
    quantization = { scale: [scale], zeroPoint: last ? 5 : -128 };
    const w = b.constant(`${name}.weights`, "int8", [outputs, inputs], q.weights, q.quantization);
    const offset = b.constant(`${name}.bias`, "int32", [outputs], bias);
    const activation = last ? "none" : "relu";
    x = b.one(denseInt8, [x, w, offset], { activation }, { name, quantization });
    inputs = outputs;
  });
  const quantized = b.one(softmaxInt8, [x]);
  const probabilities = b.one(dequantize, [quantized]);
  const outputs = [features, quantized, probabilities];
  if (anomaly) {
    const points = b.constant("centers", "float32", [8, width], random(8 * width));
    outputs.push(b.one(nearestDistance, [scaled, points]));
  }
  const program = compile({ run: b.finish(outputs) }, { alignment: 4 });
  const info: LibraryInfo = {
    project,
    labels,
    axes: axes.map((name) => ({ name, units: "m/s2" })),
    rows,
    intervalMs: 20,
    tensors: {
      input,
      features,
      quantized,
      probabilities,
      ...(anomaly ? { anomaly: outputs[3]! } : {}),
    },
    ...(anomaly ? { anomalyThreshold: 1.25 } : {}),
    macs: 1234,
    golden: [],
  };
  const windows = randomWindows(rows * axes.length, golden);
  const expected = expectedOutputs({ program, info }, windows);
  return {
    program,
    info: { ...info, golden: windows.map((window, i) => ({ window, expected: expected[i]! })) },
  };
}

/** Noise on slow waves, with offsets, silence and one spike. */
export function randomWindows(values: number, count: number, seed = 1): Float32Array[] {
  const rng = makeRng(seed);
  return Array.from({ length: count }, (_, w) => {
    const amplitude = w % 5 === 4 ? 0 : 10 * rng.float();
    const offset = rng.normal();
    const window = Float32Array.from({ length: values }, (_, i) => {
      const wave = ((i * (w + 1)) % 23) / 23;
      return offset + amplitude * (wave + 0.3 * rng.normal());
    });
    window[rng.int(values)]! *= 3;
    return window;
  });
}

/** What the program gives for each window, computed in this process. */
export function expectedOutputs(
  { program, info }: Reference,
  windows: readonly Float32Array[],
  engine: "wasm" | "interpreter" = "wasm",
): ExpectedOutputs[] {
  const instance = engine === "wasm" ? wasmInstance(program) : interpretInstance(program);
  const entry = program.entries[0]!;
  const copy = (name: string) => {
    const tensor = entry.outputs.find((output) => output.name === name)!;
    return instance.view(tensor).slice();
  };
  return windows.map((window) => {
    instance.view(entry.inputs[0]!).set(window);
    instance.run("run");
    const { features, quantized, probabilities, anomaly } = info.tensors;
    return {
      features: copy(features) as Float32Array,
      quantized: copy(quantized) as Int8Array,
      probabilities: copy(probabilities) as Float32Array,
      ...(anomaly === undefined ? {} : { anomaly: copy(anomaly)[0]! }),
    };
  });
}
