// Layer lists: parameters, first weights, the forward pass in training and inference, bad lists.
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../base/errors.ts";
import { interpretGraph } from "../graph/interpret-graph.ts";
import { inferenceGraph, type Layer, makeModel } from "./layers.ts";

const CONV: readonly Layer[] = [
  { type: "reshape", shape: [10, 3] },
  { type: "conv1d", filters: 8, kernelSize: 3, activation: "relu" },
  { type: "maxPool1d" },
  { type: "dropout", rate: 0.25 },
  { type: "conv1d", filters: 16, kernelSize: 3, activation: "relu" },
  { type: "maxPool1d" },
  { type: "flatten" },
];

test("parameters have names, shapes and Glorot bounds", () => {
  const model = makeModel(CONV, [30], 4, 1);
  assert.deepEqual(
    model.parameters.map(({ name, shape }) => [name, ...shape]),
    [
      ["conv1d1.weights", 3, 3, 8],
      ["conv1d1.bias", 8],
      ["conv1d2.weights", 3, 8, 16],
      ["conv1d2.bias", 16],
      ["output.weights", 48, 4],
      ["output.bias", 4],
    ],
  );
  const limit = Math.sqrt(6 / (9 + 24));
  const [w, b] = model.parameters;
  assert.ok(w!.data.every((v) => Math.abs(v) <= limit));
  assert.ok(w!.data.some((v) => Math.abs(v) > limit * 0.9));
  assert.ok(b!.data.every((v) => v === 0));
  assert.deepEqual(makeModel(CONV, [30], 4, 1).parameters, model.parameters);
  assert.notDeepEqual(makeModel(CONV, [30], 4, 2).parameters[0], w);
});

test("inference ends with softmax and has no dropout", () => {
  const model = makeModel(CONV, [30], 4, 1);
  const graph = inferenceGraph(model);
  assert.ok(!graph.nodes.some((node) => node.operator.name === "dropout"));
  assert.equal(graph.nodes.at(-1)!.operator.name, "softmax");
  const x = new Map([["x", Float32Array.from({ length: 30 }, (_, i) => (i % 7) - 3)]]);
  const probabilities = [...interpretGraph(graph, x).get(graph.outputs[0]!)!];
  assert.equal(probabilities.length, 4);
  assert.ok(Math.abs(probabilities.reduce((s, p) => s + p, 0) - 1) < 1e-6);
  const plain = inferenceGraph(model, model.parameters, { task: "regression", batch: 2 });
  assert.notEqual(plain.nodes.at(-1)!.operator.name, "softmax");
  assert.deepEqual(plain.tensors.get(plain.outputs[0]!)!.shape, [2, 4]);
});

test("lists that do not fit are UserErrors that name the layer", () => {
  const refused = (layers: readonly Layer[], shape: readonly number[], message: RegExp) =>
    assert.throws(
      () => makeModel(layers, shape, 2, 1),
      (error) => {
        assert.ok(error instanceof UserError, String(error));
        assert.match(error.message, message);
        return true;
      },
    );
  refused([{ type: "reshape", shape: [7, 2] }], [10], /layer 1 \(reshape1\)/);
  refused([{ type: "conv1d", filters: 2, kernelSize: 3 }], [10], /layer 1 \(conv1d1\)/);
  refused([{ type: "conv1d", filters: 2, kernelSize: 3 }], [10, 1], /must follow a flat input/);
  refused([{ type: "dense", units: 0 }], [10], /units of "dense1"/);
  refused([{ type: "dropout", rate: 1 }], [10], /rate of "dropout1"/);
  refused(
    [{ type: "conv1d", filters: 4, kernelSize: 3, groups: 2 }],
    [10, 3],
    /layer 1 \(conv1d1\) .* groups must divide 3 channels, got 2/,
  );
  refused(
    [{ type: "maxout" } as never],
    [10],
    /layer 1 \(maxout1\) must be one of dense, .*, got maxout/,
  );
  refused(
    [{ type: "flatten" }, { type: "dense", unit: 3 } as never],
    [10],
    /layer 2 \(dense1\) knows only type, units, useBias, activation, got unit/,
  );
});

test("a network of absurd size is refused before memory is asked for", () => {
  assert.throws(
    () => makeModel([{ type: "dense", units: 65536 }], [1000], 4, 1),
    /network: there must be at most 4000000 parameters, got 65536000 with dense1\.weights/,
  );
});
