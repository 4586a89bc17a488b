// Residual layers: the sum of their branches, their names, folding inside of them, bad ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";
import { interpretGraph } from "../graph/interpret-graph.ts";
import type { Parameter } from "../train/step.ts";
import { foldBatchNorm } from "./fold-batch-norm.ts";
import { inferenceGraph, type Layer, type Model, makeModel } from "./layers.ts";

const BLOCK: Layer = {
  type: "residual",
  layers: [
    { type: "conv2d", filters: 4, kernelSize: 3, stride: 2 },
    { type: "batchNormalization" },
    { type: "activation", activation: "relu" },
    { type: "conv2d", filters: 4, kernelSize: 3 },
    { type: "batchNormalization" },
  ],
  shortcut: [{ type: "conv2d", filters: 4, kernelSize: 1, stride: 2 }],
  activation: "relu",
};

const INPUT = Float32Array.from({ length: 5 * 5 * 2 }, (_, i) => ((i * 7) % 11) - 5);

function outputOf(model: Model, parameters: readonly Parameter[]): number[] {
  const graph = inferenceGraph(model, parameters, { task: "regression" });
  return [...interpretGraph(graph, new Map([["x", INPUT]])).get(graph.outputs[0]!)!];
}

/** Parameters as after a training: every statistic and factor is something else. */
function trained(model: Model): Parameter[] {
  const rng = makeRng(5);
  return model.parameters.map((p) => ({ ...p, data: p.data.map(() => rng.uniform(0.2, 1)) }));
}

test("a residual layer adds its branches, and names what is in them after itself", () => {
  const model = makeModel([BLOCK, { type: "flatten" }], [5, 5, 2], 3, 1);
  assert.deepEqual(
    model.parameters.map(({ name }) => name).filter((name) => name.endsWith("weights")),
    [
      "residual1.conv2d1.weights",
      "residual1.conv2d2.weights",
      "residual1.shortcut.conv2d1.weights",
      "output.weights",
    ],
  );
  const identity: Layer = { type: "residual", layers: [{ type: "reshape", shape: [50] }] };
  const doubled = makeModel([{ type: "flatten" }, identity], [5, 5, 2], 3, 1);
  const plain = makeModel([{ type: "flatten" }], [5, 5, 2], 3, 1);
  const twice = plain.parameters.map((p) => ({ ...p, data: p.data.map((v) => 2 * v) }));
  assert.deepEqual(outputOf(doubled, plain.parameters), outputOf(plain, twice));
});

test("batch normalisation folds inside of the branches", () => {
  const model = makeModel([BLOCK, BLOCK, { type: "flatten" }], [5, 5, 2], 3, 1);
  const parameters = trained(model);
  const folded = foldBatchNorm(model, parameters);
  assert.ok(!folded.parameters.some(({ name }) => name.includes("batchNormalization")));
  assert.equal(folded.parameters.length, 14);
  const [expected, actual] = [outputOf(model, parameters), outputOf(folded, folded.parameters)];
  expected.forEach((value, i) => {
    assert.ok(Math.abs(actual[i]! - value) <= 1e-5 * Math.abs(value), `${actual[i]} for ${value}`);
  });
});

test("branches that do not meet are refused with their layer", () => {
  const wide: Layer = { type: "residual", layers: [{ type: "dense", units: 7 }] };
  assert.throws(
    () => makeModel([wide], [5], 2, 1),
    (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.match(error.message, /layer 1 \(residual1\) must fit its input \[5\]/);
      return true;
    },
  );
});

test("dropout in branches draws from streams of its own", () => {
  const drop: Layer = { type: "residual", layers: [{ type: "dropout", rate: 0.5 }] };
  const streams: unknown[] = [];
  const model = makeModel([drop, drop, { type: "dropout", rate: 0.5 }], [5], 2, 1);
  model.forward(
    {
      spec: (name: string) => ({ name, dtype: "float32", shape: [1, 5], kind: "value" }),
      one: (_: unknown, [x]: readonly string[], attributes: { readonly stream?: number }) => {
        if (attributes.stream !== undefined) streams.push(attributes.stream);
        return x;
      },
    } as never,
    "x",
    model.parameters.map(({ name }) => name),
    { dropoutSeed: "seed" },
  );
  assert.equal(streams.length, 3);
  assert.equal(new Set(streams).size, 3);
});
