// Post-training quantisation of random networks: the int8 graph stays close to the float one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../base/errors.ts";
import { makeRng, type Rng } from "../base/rng.ts";
import { compile } from "../compiler/compile.ts";
import type { Program } from "../compiler/program.ts";
import { type Instance, interpretInstance, wasmInstance } from "../engine/instance.ts";
import { buildGraph } from "../graph/build.ts";
import { type Graph, type GraphBuilder, tensorOf } from "../graph/graph.ts";
import { conv1d } from "../graph/operators/conv1d.ts";
import { dense } from "../graph/operators/dense.ts";
import { maxPool1d } from "../graph/operators/max-pool-1d.ts";
import { mul } from "../graph/operators/mul.ts";
import { relu } from "../graph/operators/relu.ts";
import { flatten, reshape } from "../graph/operators/reshape.ts";
import { softmax } from "../graph/operators/softmax.ts";
import { standardize } from "../graph/operators/standardize.ts";
import { sizeOf } from "../tensor/tensor.ts";
import { calibrate } from "./calibrate.ts";
import { int8NameOf, operatorsWithoutInt8, quantizeGraph, tensorsToCalibrate } from "./quantize.ts";

const normal = (rng: Rng, size: number, scale: number, mean = 0): Float32Array =>
  Float32Array.from({ length: size }, () => mean + scale * rng.normal());

function addWeights(builder: GraphBuilder, rng: Rng, name: string, shape: number[]): string[] {
  const size = sizeOf(shape);
  const outputs = shape.at(-1)!;
  const scale = Math.sqrt(2 / (size / outputs));
  return [
    builder.constant(`${name}_w`, "float32", shape, normal(rng, size, scale)),
    builder.constant(`${name}_b`, "float32", [outputs], normal(rng, outputs, 0.2)),
  ];
}

/** Features of any size, standardised in float32, then three dense layers. */
function mlp(rng: Rng): Graph {
  const builder = buildGraph();
  const raw = builder.input("features", "float32", [1, 33]);
  const mean = builder.constant("mean", "float32", [33], normal(rng, 33, 1, 5));
  const inverseStd = builder.constant("inverse_std", "float32", [33], normal(rng, 33, 0.02, 0.3));
  let x = builder.one(standardize, [raw, mean, inverseStd], {}, { name: "scaled" });
  x = builder.one(dense, [x, ...addWeights(builder, rng, "first", [33, 20])]);
  x = builder.one(relu, [x]);
  x = builder.one(dense, [x, ...addWeights(builder, rng, "second", [20, 10])]);
  x = builder.one(relu, [x]);
  x = builder.one(
    dense,
    [x, ...addWeights(builder, rng, "third", [10, 4])],
    {},
    { name: "logits" },
  );
  x = builder.one(softmax, [x], {}, { name: "probabilities" });
  return builder.finish([x]);
}

function convolutional(rng: Rng): Graph {
  const builder = buildGraph();
  let x = builder.input("features", "float32", [1, 49 * 6]);
  x = builder.one(reshape, [x], { shape: [49, 6] });
  x = builder.one(conv1d, [x, ...addWeights(builder, rng, "first", [3, 6, 8])], {
    stride: 1,
    padding: "same",
  });
  x = builder.one(relu, [x]);
  x = builder.one(maxPool1d, [x], { size: 2, stride: 2, padding: "same" });
  x = builder.one(conv1d, [x, ...addWeights(builder, rng, "second", [5, 8, 6])], {
    stride: 2,
    padding: "valid",
  });
  x = builder.one(maxPool1d, [x], { size: 3, stride: 2, padding: "valid" });
  x = builder.one(relu, [x]);
  x = builder.one(flatten, [x]);
  const width = builder.spec(x).shape[1]!;
  x = builder.one(
    dense,
    [x, ...addWeights(builder, rng, "third", [width, 5])],
    {},
    { name: "logits" },
  );
  x = builder.one(softmax, [x], {}, { name: "probabilities" });
  return builder.finish([x]);
}

/** Runs a graph on every window; returns the values of each output, window after window. */
function runAll(
  graph: Graph,
  windows: Float32Array,
  createInstance: (program: Program) => Instance,
): { readonly [output: string]: number[] } {
  const program = compile({ run: graph });
  const instance = createInstance(program);
  const [input] = program.entries[0]!.inputs as [Program["entries"][number]["inputs"][number]];
  const size = sizeOf(input.shape);
  const result: { [output: string]: number[] } = {};
  for (let at = 0; at < windows.length; at += size) {
    instance.view(input).set(windows.subarray(at, at + size));
    instance.run("run");
    for (const output of program.entries[0]!.outputs) {
      result[output.name] ??= [];
      result[output.name]!.push(...instance.view(output));
    }
  }
  return result;
}

const winners = (probabilities: readonly number[], classes: number): number[] => {
  const result: number[] = [];
  for (let at = 0; at < probabilities.length; at += classes) {
    const row = probabilities.slice(at, at + classes);
    result.push(row.indexOf(Math.max(...row)));
  }
  return result;
};

for (const [name, build, from, classes] of [
  ["an MLP after standardisation", mlp, "scaled", 4],
  ["a network of conv1d and pools", convolutional, "features", 5],
] as const)
  for (const perChannel of [true, false])
    test(`${name} in int8, weights per ${perChannel ? "channel" : "tensor"}, stays close`, () => {
      const rng = makeRng(11);
      const graph = build(rng);
      const size = sizeOf(tensorOf(graph, "features").shape);
      const windows = normal(rng, size * 150, 3, from === "scaled" ? 5 : 0);
      const bounds = { from, to: "probabilities" };
      const ranges = calibrate(graph, tensorsToCalibrate(graph, bounds), { features: windows });
      const wanted = ["probabilities", "logits", int8NameOf("probabilities")];
      const quantized = quantizeGraph(graph, ranges, { ...bounds, perChannel, outputs: wanted });
      assert.deepEqual(quantized.inputs, graph.inputs);

      const floats = runAll(
        { ...graph, outputs: ["probabilities", "logits"] },
        windows,
        wasmInstance,
      );
      const ints = runAll(quantized, windows, wasmInstance);
      const few = windows.subarray(0, size * 10);
      const reference = runAll(quantized, few, interpretInstance);
      for (const output of wanted)
        assert.deepEqual(ints[output]!.slice(0, 10 * classes), reference[output], output);

      const { scale } = tensorOf(quantized, int8NameOf("logits")).quantization!;
      const errors = ints["logits"]!.map((logit, i) => Math.abs(logit - floats["logits"]![i]!));
      const meanError = errors.reduce((a, b) => a + b, 0) / errors.length;
      assert.ok(meanError < 1.2 * scale[0]!, `logits are off by ${meanError}, step ${scale[0]}`);
      ints["probabilities"]!.forEach((p, i) => {
        assert.equal(p, (ints[int8NameOf("probabilities")]![i]! + 128) / 256);
      });
      const expected = winners(floats["probabilities"]!, classes);
      const agreeing = winners(ints["probabilities"]!, classes).filter((w, i) => w === expected[i]);
      assert.ok(agreeing.length >= 0.97 * expected.length, `${agreeing.length} of 150 agree`);
    });

test("relu is folded, int8 runs from the features to the probabilities", () => {
  const rng = makeRng(3);
  const graph = mlp(rng);
  const bounds = { from: "scaled", to: "probabilities" };
  const ranges = new Map(
    tensorsToCalibrate(graph, bounds).map((name) => [name, { min: -2, max: 6 }]),
  );
  const quantized = quantizeGraph(graph, ranges, bounds);
  assert.deepEqual(
    quantized.nodes.map((node) => node.operator.name),
    ["standardize", "quantize", "denseInt8", "denseInt8", "denseInt8", "softmaxInt8", "dequantize"],
  );
  assert.deepEqual(
    quantized.nodes.slice(2, 5).map((node) => node.attributes["activation"] ?? "none"),
    ["relu", "relu", "none"],
  );
  assert.equal(tensorOf(quantized, "probabilities").dtype, "float32");
});

test("a relu whose input is read elsewhere stays an operator of its own", () => {
  const rng = makeRng(3);
  const builder = buildGraph();
  const x = builder.input("x", "float32", [1, 3]);
  const y = builder.one(dense, [x, ...addWeights(builder, rng, "first", [3, 4])]);
  const z = builder.one(relu, [y]);
  const graph = builder.finish([y, z]);
  const ranges = new Map([x, y, z].map((name) => [name, { min: -4, max: 4 }]));
  const quantized = quantizeGraph(graph, ranges, { from: x, to: z });
  const result = runAll(quantized, normal(rng, 60, 1), wasmInstance);
  assert.ok(result[y]!.some((value) => value < 0));
  assert.deepEqual(
    result[z],
    result[y]!.map((value) => Math.max(value, 0)),
  );
});

test("calibrate takes the extremes of every tensor and skips NaN", () => {
  const builder = buildGraph();
  const x = builder.input("x", "float32", [1, 2]);
  const y = builder.one(relu, [x]);
  const graph = builder.finish([y]);
  const ranges = calibrate(graph, [x, y], { x: [1, -3, Number.NaN, 2.5, 0.5, 0] });
  assert.deepEqual(Object.fromEntries(ranges), {
    [x]: { min: -3, max: 2.5 },
    [y]: { min: 0, max: 2.5 },
  });
  assert.throws(() => calibrate(graph, [x], { x: [1, 2, 3] }), /whole number of runs/);
  assert.throws(() => calibrate(graph, [x], { x: [] }), /whole number of runs/);
});

test("an operator without an int8 form is refused in one sentence", () => {
  const builder = buildGraph();
  const x = builder.input("x", "float32", [1, 2]);
  const y = builder.one(mul, [x, x]);
  const graph = builder.finish([y]);
  const ranges = new Map([x, y].map((name) => [name, { min: -1, max: 1 }]));
  assert.throws(() => quantizeGraph(graph, ranges, { from: x, to: y }), UserError);
  assert.throws(() => quantizeGraph(graph, ranges, { from: y, to: x }), /must be computed from/);
  const diverged = new Map([[x, { min: -1, max: Number.POSITIVE_INFINITY }]]);
  assert.throws(() => quantizeGraph(graph, diverged, { from: x, to: y }), /must be finite/);
});

test("operators without an int8 form are named, convolutions of times in groups among them", () => {
  const named = (groups: number): readonly string[] => {
    const builder = buildGraph();
    const x = builder.input("x", "float32", [1, 6, 4]);
    const [w, b] = addWeights(builder, makeRng(1), "conv", [3, 4 / groups, 4]);
    const attributes = { stride: 1, padding: "same", ...(groups > 1 ? { groups } : {}) };
    const y = builder.one(conv1d, [x, w!, b!], attributes);
    const z = builder.one(mul, [y, y]);
    return operatorsWithoutInt8(builder.finish([z]), { from: "x", to: z });
  };
  assert.deepEqual(named(1), ["mul"]);
  assert.deepEqual(named(2), ["conv1d", "mul"]);
});
