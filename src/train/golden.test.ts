// Ten optimizer steps against PyTorch from the same start (test/golden/train).
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { compile } from "../compiler/compile.ts";
import { wasmInstance } from "../engine/instance.ts";
import { buildGraph } from "../graph/build.ts";
import { withoutDeadNodes } from "../graph/live-nodes.ts";
import { sizeOf } from "../tensor/tensor.ts";
import { adamSchedule } from "./adam.ts";
import { meanSquaredError } from "./mean-squared-error.ts";
import { addOptimizer, type Optimizer } from "./optimizers.ts";
import { softmaxCrossEntropy } from "./softmax-cross-entropy.ts";
import type { TrainableModel } from "./step.ts";
import { convOf, denseOf, flat, halve, network, rectify } from "./test-networks.ts";

type Stored = { readonly shape: readonly number[]; readonly data: string };
type Golden = {
  readonly loss: string;
  readonly optimizer: {
    readonly name: "adam" | "sgd";
    readonly learningRate: number;
    readonly momentum?: number;
  };
  readonly steps: number;
  readonly batch: number;
  readonly losses: readonly number[];
  readonly inputs: Stored;
  readonly targets: Stored;
  readonly startWeights: { readonly [name: string]: Stored };
  readonly finalWeights: { readonly [name: string]: Stored };
};

const MLP = [denseOf(33, 20), rectify, denseOf(20, 10), rectify, denseOf(10, 4)];
const CONV = [convOf(3, 8), rectify, halve, convOf(8, 6), rectify, flat, denseOf(60, 4)];

const CASES: { readonly [file: string]: TrainableModel } = {
  "mlp-adam": network([33], MLP),
  "mlp-sgd": network([33], MLP),
  "conv1d-adam": network([20, 3], CONV),
  "regression-adam": network([5], [denseOf(5, 8), rectify, denseOf(8, 1)]),
};

function decode(stored: Stored, type: "float32" | "int32" = "float32") {
  const bytes = Uint8Array.from(Buffer.from(stored.data, "base64"));
  return type === "int32" ? new Int32Array(bytes.buffer) : new Float32Array(bytes.buffer);
}

/** Runs the golden's steps; returns the losses and the final parameters. */
function train(golden: Golden, model: TrainableModel) {
  const { batch, optimizer } = golden;
  const classify = golden.loss.startsWith("softmaxCrossEntropy");
  const b = buildGraph();
  const x = b.input("x", "float32", [batch, ...model.inputShape]);
  const y = classify
    ? b.input("y", "int32", [batch])
    : b.input("y", "float32", golden.targets.shape.slice(1));
  const weights = b.constant(
    "weights",
    "float32",
    [batch],
    new Float32Array(batch).fill(1 / batch),
  );
  // In the file as in the network: layer by layer, weights before bias.
  const names = Object.keys(golden.startWeights);
  const parameters = model.parameters.map((p, i) => {
    const { shape } = golden.startWeights[names[i]!]!;
    assert.deepEqual(shape, p.shape, names[i]);
    return b.state(p.name, "float32", shape, decode(golden.startWeights[names[i]!]!));
  });
  const outputs = model.forward(b, x, parameters);
  const [loss] = b.apply(classify ? softmaxCrossEntropy : meanSquaredError, [outputs, y, weights]);
  const { learningRate, momentum = 0 } = optimizer;
  const chosen: Optimizer =
    optimizer.name === "adam" ? { name: "adam" } : { name: "sgd", momentum };
  addOptimizer(b, loss!, parameters, chosen);
  const program = compile({ step: withoutDeadNodes(b.finish([loss!])) });
  const instance = wasmInstance(program);
  const [step] = program.entries;
  const view = (name: string) =>
    instance.view([...step!.inputs, ...program.states].find((t) => t.name === name)!);
  const next = optimizer.name === "adam" ? adamSchedule(learningRate) : () => [learningRate];
  const inputs = decode(golden.inputs);
  const targets = decode(golden.targets, classify ? "int32" : "float32");
  const losses = Array.from({ length: golden.steps }, (_, t) => {
    const width = batch * sizeOf(model.inputShape);
    const perStep = targets.length / golden.steps;
    view("x").set(inputs.subarray(t * width, (t + 1) * width));
    view("y").set(targets.subarray(t * perStep, (t + 1) * perStep));
    view("schedule").set(next());
    instance.run("step");
    return instance.view(step!.outputs[0]!)[0]!;
  });
  return { losses, parameters: model.parameters.map((p) => view(p.name)), names };
}

for (const [file, model] of Object.entries(CASES)) {
  const url = new URL(`../../test/golden/train/${file}.json`, import.meta.url);
  const skip = existsSync(url) ? false : `${file}.json is not there`;
  test(`${file}: ten losses and the weights after them`, { skip }, () => {
    const golden = JSON.parse(readFileSync(url, "utf8")) as Golden;
    const { losses, parameters, names } = train(golden, model);
    assert.equal(losses.length, 10);
    losses.forEach((loss, t) => {
      const error = Math.abs(loss - golden.losses[t]!);
      assert.ok(error < 1e-5, `step ${t}: ${loss}, PyTorch has ${golden.losses[t]}`);
    });
    parameters.forEach((data, p) => {
      const expected = decode(golden.finalWeights[names[p]!]!);
      data.forEach((value, i) => {
        assert.ok(Math.abs(value - expected[i]!) < 1e-5, `${names[p]}[${i}]: ${value}`);
      });
    });
  });
}
