// The library's networks: from lists and functions, trained, asked, scored, and what is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../base/rng.ts";
import { makeModel } from "../models/layers.ts";
import { evaluate, makeNetwork, type NetworkOptions, predict, trainNetwork } from "./network.ts";

/** Points of two rings and the noise between them. */
function rings(count: number, seed: number) {
  const rng = makeRng(seed);
  const x = new Float32Array(count * 2);
  const y: string[] = [];
  for (let i = 0; i < count; i++) {
    const inner = i % 2 === 0;
    let [a, b, norm] = [0, 0, 0];
    while (norm < 0.1 || norm > 1)
      [a, b, norm] = [rng.uniform(-1, 1), rng.uniform(-1, 1), a * a + b * b];
    const scale = (inner ? 0.8 : 2) / Math.sqrt(a * a + b * b);
    x.set([a * scale + rng.uniform(-0.2, 0.2), b * scale + rng.uniform(-0.2, 0.2)], i * 2);
    y.push(inner ? "inner" : "outer");
  }
  return { x, y };
}

const DENSE: NetworkOptions = {
  inputShape: [2],
  outputs: ["inner", "outer"],
  layers: [{ type: "dense", units: 12, activation: "relu" }],
};

test("a list of layers is the network that makeModel makes", () => {
  const network = makeNetwork({ ...DENSE, seed: 4 });
  assert.deepEqual(
    network.model.parameters,
    makeModel([{ type: "dense", units: 12, activation: "relu" }], [2], 2, 4).parameters,
  );
});

test("training leaves the network as it was and gives one that knows the classes", async () => {
  const network = makeNetwork(DENSE);
  const before = structuredClone(network.model.parameters);
  const seen: number[] = [];
  const { network: trained, result } = await trainNetwork(
    network,
    rings(200, 1),
    { epochs: 60, learningRate: 0.02, validation: rings(60, 2) },
    { onEpoch: ({ epoch }) => seen.push(epoch) },
  );
  assert.deepEqual(network.model.parameters, before);
  assert.equal(seen.length, 60);
  assert.ok(result.best.validationAccuracy! > 0.95);
  const test = rings(100, 3);
  const score = evaluate(trained, test);
  assert.ok(score.task === "classification" && score.accuracy > 0.95, JSON.stringify(score));
  assert.equal(
    score.confusion.flat().reduce((sum, n) => sum + n, 0),
    100,
  );
  const probabilities = predict(trained, test.x);
  assert.equal(probabilities.length, 200);
  for (const rows of [1, 17, 100])
    assert.deepEqual(predict(trained, test.x.slice(0, rows * 2)), probabilities.slice(0, rows * 2));
});

test("a function makes networks whose layers meet again", async () => {
  const network = makeNetwork({
    inputShape: [2],
    outputs: ["inner", "outer"],
    layers: (x, layer) => {
      layer({ type: "dense", units: 99 }, x); // what nobody needs
      const a = layer({ type: "dense", units: 6, activation: "relu" }, x);
      const b = layer({ type: "dense", units: 6, activation: "tanh" }, x);
      const sum = layer({ type: "add" }, a, b);
      const product = layer({ type: "multiply" }, a, b);
      return layer({ type: "concatenate" }, sum, product, x);
    },
  });
  assert.deepEqual(
    network.nodes.map(({ layer, inputs }) => [layer.type, ...inputs]),
    [
      ["dense", 0],
      ["dense", 0],
      ["add", 1, 2],
      ["multiply", 1, 2],
      ["concatenate", 3, 4, 0],
    ],
  );
  const { network: trained } = await trainNetwork(network, rings(200, 1), {
    epochs: 60,
    learningRate: 0.02,
  });
  const score = evaluate(trained, rings(100, 3));
  assert.ok(score.task === "classification" && score.accuracy > 0.95, JSON.stringify(score));
});

test("attention is built of permute, matmul and softmax, and learns what depends on two places", async () => {
  // Which of the marked rows holds the number: only both columns of the same row together say it.
  const marked = (count: number, seed: number) => {
    const rng = makeRng(seed);
    const x = new Float32Array(count * 12);
    const y: string[] = [];
    for (let i = 0; i < count; i++) {
      const row = rng.int(6);
      for (let k = 0; k < 6; k++) x.set([rng.uniform(-1, 1), k === row ? 1 : 0], i * 12 + k * 2);
      y.push(x[i * 12 + row * 2]! > 0 ? "positive" : "negative");
    }
    return { x, y };
  };
  const network = makeNetwork({
    inputShape: [6, 2],
    outputs: ["negative", "positive"],
    layers: (x, layer) => {
      const project = (to: number) => layer({ type: "conv1d", filters: to, kernelSize: 1 }, x);
      const turned = layer({ type: "permute", axes: [2, 1] }, project(4));
      const scores = layer({ type: "matmul" }, project(4), turned);
      const shares = layer({ type: "activation", activation: "softmax" }, scores);
      const mixed = layer({ type: "matmul" }, shares, project(4));
      const rest = layer({ type: "subtract" }, mixed, project(4));
      return layer({ type: "flatten" }, layer({ type: "concatenate" }, mixed, rest));
    },
    seed: 2,
  });
  const options = { epochs: 60, learningRate: 0.02, keep: "last" } as const;
  const { network: trained } = await trainNetwork(network, marked(300, 1), options);
  const score = evaluate(trained, marked(200, 2));
  assert.ok(score.task === "classification" && score.accuracy > 0.9, JSON.stringify(score));
});

test("a regression learns several values, each scored apart", async () => {
  const examples = (count: number, seed: number) => {
    const rng = makeRng(seed);
    const x = Float32Array.from({ length: count * 2 }, () => rng.uniform(-1, 1));
    const y = new Float32Array(count * 2);
    for (let i = 0; i < count; i++) {
      y[i * 2] = 2 * x[i * 2]! - x[i * 2 + 1]!;
      y[i * 2 + 1] = rng.normal();
    }
    return { x, y };
  };
  const network = makeNetwork({
    task: "regression",
    inputShape: [2],
    outputs: ["slope", "noise"],
    layers: [],
  });
  const options = { epochs: 80, learningRate: 0.02 };
  const { network: trained } = await trainNetwork(network, examples(200, 1), options);
  const score = evaluate(trained, examples(100, 2));
  assert.ok(score.task === "regression");
  const [slope, noise] = score.perOutput;
  assert.ok(slope!.r2 > 0.999, String(slope!.r2));
  assert.ok(Math.abs(noise!.r2) < 0.2, String(noise!.r2));
  assert.equal(score.r2, (slope!.r2 + noise!.r2) / 2);
});

test("what does not fit is refused with the layer, the row and the rule", async () => {
  const layers = (make: NetworkOptions["layers"]) => () => makeNetwork({ ...DENSE, layers: make });
  const conv = { type: "conv2d", filters: 2, kernelSize: 3 } as const;
  assert.throws(layers([conv]), /conv2d1 must fit its input \[2\]/);
  assert.throws(
    layers((x, layer) => layer({ type: "add" }, x)),
    /"add" takes at least 2 values, got 1/,
  );
  assert.throws(
    layers((x, layer) => layer({ type: "add" }, x, layer({ type: "dense", units: 3 }, x))),
    /add1 must fit its inputs \[2\] and \[3\]/,
  );
  assert.throws(
    layers((_, layer) => layer({ type: "flatten" }, { number: 0 })),
    /an input of "flatten" must be a value of this network/,
  );
  assert.throws(() => makeNetwork({ ...DENSE, outputs: 1 }), /at least 2 outputs, got 1/);
  assert.throws(() => makeNetwork({ ...DENSE, outputs: ["a", "a"] }), /different names, got a,a/);
  assert.throws(() => makeNetwork({ ...DENSE, inputShape: [0] }), /inputShape .* got \[0\]/);

  const network = makeNetwork(DENSE);
  const options = { epochs: 1, learningRate: 0.1 };
  const { x, y } = rings(4, 1);
  await assert.rejects(
    trainNetwork(network, { x, y: ["inner", "outer", "other", "inner"] }, options),
    /the label of row 2 must be one of inner, outer, or its index, got other/,
  );
  await assert.rejects(trainNetwork(network, { x, y: y.slice(1) }, options), /got 3/);
  assert.throws(
    () => predict(network, new Float32Array(3)),
    /whole samples of \[2\], got 3 values/,
  );
  assert.throws(() => evaluate(network, { x, y: [0, 1, 2, 0] }), /the label of row 2/);
});

test("groups stay on one side of the split, and samples count as they are weighted", async () => {
  const { x, y } = rings(60, 5);
  const groups = Array.from({ length: 60 }, (_, i) => `day ${i % 12}`);
  const options = { epochs: 2, learningRate: 0.01, validationShare: 0.25 };
  const network = makeNetwork(DENSE);
  const { result } = await trainNetwork(network, { x, y, groups }, options);
  const sides = [result.rows.train, result.rows.validation].map(
    (rows) => new Set(Array.from(rows, (row) => groups[row])),
  );
  assert.deepEqual([sides[0]!.size, sides[1]!.size], [9, 3]);
  const still = { epochs: 1, learningRate: 1e-30, validation: rings(10, 6) };
  const lossOf = async (weight: number) => {
    const sampleWeights = new Float32Array(60).fill(weight);
    return (await trainNetwork(network, { x, y, sampleWeights }, still)).result.best;
  };
  const [once, twice] = [await lossOf(1), await lossOf(2)];
  assert.ok(Math.abs(twice.loss - 2 * once.loss) < 1e-6);
  assert.equal(twice.validationLoss, once.validationLoss);
});
