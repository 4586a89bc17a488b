// The layers of images: parameters, shapes, a network that learns, folding, bad lists.
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";
import { interpretGraph } from "../graph/interpret-graph.ts";
import { fit } from "../train/fit.ts";
import { foldBatchNorm } from "./fold-batch-norm.ts";
import { inferenceGraph, type Layer, makeModel } from "./layers.ts";

const SEPARABLE: readonly Layer[] = [
  { type: "conv2d", filters: 4, kernelSize: [3, 2], stride: [1, 2], activation: "relu" },
  { type: "depthwiseConv2d", kernelSize: 3, multiplier: 2 },
  { type: "conv2d", filters: 6, kernelSize: 1, groups: 2, activation: "relu" },
  { type: "maxPool2d", size: [2, 1] },
  { type: "globalAveragePool" },
];

test("parameters have names, shapes and Glorot bounds", () => {
  const model = makeModel(SEPARABLE, [6, 8, 3], 2, 1);
  assert.deepEqual(
    model.parameters.map(({ name, shape }) => [name, ...shape]),
    [
      ["conv2d1.weights", 3, 2, 3, 4],
      ["conv2d1.bias", 4],
      ["depthwiseConv2d1.weights", 3, 3, 4, 2],
      ["depthwiseConv2d1.bias", 8],
      ["conv2d2.weights", 1, 1, 4, 6],
      ["conv2d2.bias", 6],
      ["output.weights", 6, 2],
      ["output.bias", 2],
    ],
  );
  const bound = (n: number, limit: number): void => {
    const { name, data } = model.parameters[n]!;
    const largest = data.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    assert.ok(largest <= limit && largest > 0.7 * limit, `${name}: ${largest} of ${limit}`);
  };
  bound(0, Math.sqrt(6 / (18 + 24)));
  bound(2, Math.sqrt(6 / (9 + 18)));
  bound(4, Math.sqrt(6 / (4 + 3)));
});

test("every layer gives its shape", () => {
  const shapeAfter = (layer: Layer, ...input: number[]): readonly number[] => {
    const graph = inferenceGraph(makeModel([layer, { type: "flatten" }], input, 2, 1));
    return graph.tensors.get(graph.nodes[0]!.outputs[0]!)!.shape.slice(1);
  };
  const window = { stride: 2, padding: "valid" } as const;
  assert.deepEqual(
    shapeAfter({ type: "conv2d", filters: 5, kernelSize: 3, ...window }, 9, 8, 2),
    [4, 3, 5],
  );
  assert.deepEqual(
    shapeAfter({ type: "depthwiseConv2d", kernelSize: [3, 1], dilation: 2 }, 9, 8, 2),
    [9, 8, 2],
  );
  assert.deepEqual(shapeAfter({ type: "maxPool2d" }, 9, 8, 2), [5, 4, 2]);
  assert.deepEqual(shapeAfter({ type: "averagePool2d", size: 3, stride: 1 }, 9, 8, 2), [9, 8, 2]);
  assert.deepEqual(shapeAfter({ type: "averagePool1d", padding: "valid" }, 9, 2), [4, 2]);
  assert.deepEqual(shapeAfter({ type: "globalMaxPool" }, 9, 8, 2), [2]);
  assert.deepEqual(shapeAfter({ type: "upsample2d", factor: [1, 3] }, 9, 8, 2), [9, 24, 2]);
  assert.deepEqual(
    shapeAfter({ type: "conv2dTranspose", filters: 5, kernelSize: [3, 1], stride: 2 }, 4, 3, 2),
    [8, 6, 5],
  );
  assert.deepEqual(
    shapeAfter({ type: "conv2dTranspose", filters: 5, kernelSize: [3, 1], ...window }, 4, 3, 2),
    [9, 6, 5],
  );
  const causal: Layer = {
    type: "conv1d",
    filters: 3,
    kernelSize: 3,
    dilation: 4,
    padding: "causal",
  };
  assert.deepEqual(shapeAfter(causal, 5, 2), [5, 3]);
});

/** Bars that lie or stand, at random places, in noise: x [samples, 6, 6, 1]. */
function bars(samples: number) {
  const rng = makeRng(9);
  const y = Int32Array.from({ length: samples }, (_, i) => i % 2);
  const x = new Float32Array(samples * 36);
  for (let i = 0; i < samples; i++) {
    const place = rng.int(6);
    for (let p = 0; p < 36; p++) {
      const on = (y[i] === 0 ? Math.floor(p / 6) : p % 6) === place;
      x[i * 36 + p] = (on ? 1 : 0) + 0.1 * rng.normal();
    }
  }
  const rows = Array.from({ length: samples }, (_, i) => i);
  const cut = Math.floor(samples * 0.75);
  return { x, y, outputs: 2, train: rows.slice(0, cut), validation: rows.slice(cut) };
}

test("a separable network tells bars that lie from bars that stand; folded it computes the same", async () => {
  const layers: readonly Layer[] = [
    { type: "conv2d", filters: 6, kernelSize: 3 },
    { type: "batchNormalization", momentum: 0.8 },
    { type: "activation", activation: "relu" },
    { type: "depthwiseConv2d", kernelSize: 3 },
    { type: "batchNormalization", momentum: 0.8 },
    { type: "activation", activation: "relu" },
    { type: "conv2d", filters: 8, kernelSize: 1, activation: "relu" },
    { type: "globalMaxPool" },
  ];
  const model = makeModel(layers, [6, 6, 1], 2, 1);
  const data = bars(96);
  const options = { epochs: 12, learningRate: 0.02, batchSize: 12 };
  const { best, parameters } = await fit(model, data, options);
  assert.ok(best.validationAccuracy! > 0.9, `accuracy ${best.validationAccuracy}`);
  const probabilities = (m: typeof model, p: typeof parameters): number[] => {
    const graph = inferenceGraph(m, p, { batch: 4 });
    const given = new Map([["x", data.x.slice(0, 4 * 36)]]);
    return [...interpretGraph(graph, given).get(graph.outputs[0]!)!];
  };
  const folded = foldBatchNorm(model, parameters);
  assert.ok(!folded.layers.some(({ type }) => type === "batchNormalization"));
  const expected = probabilities(model, parameters);
  probabilities(folded, folded.parameters).forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]!) < 1e-4, `[${i}]: ${value}, not ${expected[i]}`);
  });
});

test("lists that do not fit are UserErrors that name the layer", () => {
  const refused = (layer: Layer, shape: readonly number[], message: RegExp): void =>
    assert.throws(
      () => makeModel([layer, { type: "flatten" }], shape, 2, 1),
      (error) => error instanceof UserError && message.test(error.message),
      String(message),
    );
  refused({ type: "conv2d", filters: 0, kernelSize: 3 }, [4, 4, 1], /filters of "conv2d1"/);
  refused({ type: "conv2d", filters: 2, kernelSize: [3, 0] }, [4, 4, 1], /kernelSize of "conv2d1"/);
  refused({ type: "conv2d", filters: 2, kernelSize: 3 }, [4, 4], /must have 4 dimensions/);
  refused(
    { type: "conv2d", filters: 2, kernelSize: 1, groups: 2 },
    [4, 4, 3],
    /groups must divide 3 channels, got 2/,
  );
  refused(
    { type: "conv2d", filters: 2, kernelSize: 5, padding: "valid" },
    [4, 4, 1],
    /a window must fit 4 rows, got 5/,
  );
  refused({ type: "depthwiseConv2d", kernelSize: 1.5 }, [4, 4, 1], /kernelSize of "depthwise/);
  refused({ type: "maxPool2d", size: -1 }, [4, 4, 1], /size of "maxPool2d1"/);
  refused({ type: "globalAveragePool" }, [4], /at least 3 dimensions/);
});
