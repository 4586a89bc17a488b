// The losses that may be chosen, against formulas in float64 and central differences; and what is
// refused before any training.
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../base/errors.ts";
import * as math from "../base/math.ts";
import { makeRng } from "../base/rng.ts";
import { addGradients } from "../graph/autodiff.ts";
import { buildGraph } from "../graph/build.ts";
import { gradientError } from "../graph/gradient-error.ts";
import type { Operator } from "../graph/graph.ts";
import { interpretGraph } from "../graph/interpret-graph.ts";
import { sigmoid } from "../graph/operators/sigmoid.ts";
import { fit } from "./fit.ts";
import { LOSSES, type Loss, resolveLoss } from "./losses.ts";
import { denseOf, network } from "./test-networks.ts";

const B = 4;
const K = 3;
const rng = makeRng(6);
const OUTPUTS = Float32Array.from({ length: B * K }, () => rng.uniform(-3, 3));
const WEIGHTS = Float32Array.of(0.5, 0.25, 0, 1);
const LABELS = Int32Array.of(2, 0, 1, 1);
const NUMBERS = Float32Array.from({ length: B * K }, () => rng.uniform(-3, 3));
const SHARES = Float32Array.from({ length: B * K }, (_, i) => [0, 1, 0.25][i % 3]!);

const softmax = (z: readonly number[]): number[] => {
  const sum = z.reduce((s, v) => s + math.exp(v), 0);
  return z.map((v) => math.exp(v) / sum);
};
const mean = (values: readonly number[]): number => values.reduce((s, v) => s + v, 0) / K;
const sigmoidOf = (x: number): number => 1 / (1 + math.exp(-x));
const elements =
  (of: (prediction: number, target: number) => number) =>
  (z: readonly number[], y: readonly number[]): number =>
    mean(z.map((value, i) => of(value, y[i]!)));

type Case = {
  readonly loss: Loss;
  /** Makes probabilities of outputs. */
  readonly through?: Operator;
  /** Of one row, from its outputs and its targets. */
  readonly expected: (z: readonly number[], y: readonly number[]) => number;
};
const smoothed =
  (e: number) =>
  (z: readonly number[], [label]: readonly number[]): number =>
    softmax(z).reduce((s, p, c) => s - ((c === label ? 1 - e : 0) + e / K) * math.log(p), 0);
const focused =
  (gamma: number) =>
  (z: readonly number[], [label]: readonly number[]): number => {
    const p = softmax(z)[label!]!;
    return -math.pow(1 - p, gamma) * math.log(p);
  };
const binaryOf =
  (q: number) =>
  (x: number, y: number): number =>
    -(q * y * math.log(sigmoidOf(x)) + (1 - y) * math.log(sigmoidOf(-x)));
const binary = (q: number) => elements(binaryOf(q));

const CASES: readonly Case[] = [
  { loss: { name: "softmaxCrossEntropy" }, expected: smoothed(0) },
  { loss: { name: "softmaxCrossEntropy", labelSmoothing: 0.1 }, expected: smoothed(0.1) },
  { loss: { name: "focal" }, expected: focused(2) },
  { loss: { name: "focal", gamma: 0.5 }, expected: focused(0.5) },
  { loss: { name: "focal", gamma: 0 }, expected: focused(0) },
  { loss: { name: "meanSquaredError" }, expected: elements((p, t) => (p - t) * (p - t)) },
  { loss: { name: "meanAbsoluteError" }, expected: elements((p, t) => Math.abs(p - t)) },
  {
    loss: { name: "huber", delta: 1.5 },
    expected: elements((p, t) => {
      const e = Math.abs(p - t);
      return e <= 1.5 ? (e * e) / 2 : 1.5 * (e - 0.75);
    }),
  },
  { loss: { name: "binaryCrossEntropy" }, expected: binary(1) },
  { loss: { name: "binaryCrossEntropy", positiveWeight: 3 }, expected: binary(3) },
  {
    loss: { name: "weightedSigmoidCrossEntropy", positiveWeight: 7, backgroundWeight: 2 },
    expected: (z, y) => mean(z.map((x, c) => binaryOf(c === 0 ? 2 : 7)(x, y[c]!))),
  },
  {
    loss: { name: "logLoss", epsilon: 0.01 },
    through: sigmoid,
    expected: elements((x, y) => {
      const p = sigmoidOf(x);
      return -(y * math.log(p + 0.01) + (1 - y) * math.log(1 - p + 0.01));
    }),
  },
];

const targetsOf = (loss: Loss): Int32Array | Float32Array =>
  ({ labels: LABELS, numbers: NUMBERS, shares: SHARES })[LOSSES.get(loss.name)!.targets];

for (const { loss, through, expected } of CASES)
  test(`${JSON.stringify(loss)}: value and gradient`, () => {
    const y = targetsOf(loss);
    const { definition, settings } = resolveLoss(y, loss);
    const width = y.length / B;
    const apply = (b: ReturnType<typeof buildGraph>, outputs: string): string => {
      const targets =
        y instanceof Int32Array
          ? b.constant("y", "int32", [B], y)
          : b.constant("y", "float32", [B, K], y);
      const weights = b.constant("weights", "float32", [B], WEIGHTS);
      const given = through ? b.one(through, [outputs]) : outputs;
      return b.apply(definition.operator, [given, targets, weights], settings)[0]!;
    };
    const b = buildGraph();
    const result = apply(b, b.constant("outputs", "float32", [B, K], OUTPUTS));
    const value = interpretGraph(b.finish([result]), new Map()).get(result)![0]!;
    let sum = 0;
    for (let row = 0; row < B; row++)
      sum +=
        WEIGHTS[row]! *
        expected(
          [...OUTPUTS.subarray(row * K, (row + 1) * K)],
          [...y.subarray(row * width, (row + 1) * width)],
        );
    assert.ok(Math.abs(value - sum) <= 1e-6 * (1 + Math.abs(sum)), `${value}, not ${sum}`);
    const { worst, where } = gradientError([[B, K]], (builder, [x]) => apply(builder, x!));
    assert.ok(worst < 1e-6, `${where} is off by ${worst}`);
  });

test("every loss has a case", () => {
  assert.deepEqual([...new Set(CASES.map((c) => c.loss.name))].sort(), [...LOSSES.keys()].sort());
});

test("losses and their gradients stay finite at extreme outputs", () => {
  for (const { loss } of CASES) {
    const y = targetsOf(loss);
    const { definition, settings } = resolveLoss(y, loss);
    for (const size of [500, -500]) {
      const b = buildGraph();
      const outputs = OUTPUTS.map((_, i) => (i % K === 0 ? size : 0));
      const x = b.constant("x", "float32", [B, K], outputs);
      const targets = b.constant(
        "y",
        y instanceof Int32Array ? "int32" : "float32",
        y instanceof Int32Array ? [B] : [B, K],
        y,
      );
      const weights = b.constant("weights", "float32", [B], WEIGHTS);
      const results = b.apply(definition.operator, [x, targets, weights], settings);
      const context = {
        attributes: settings,
        inputs: [x, targets, weights].map(b.spec),
        outputs: results.map(b.spec),
      };
      const one = b.constant("one", "float32", [1], Float32Array.of(1));
      const names = { inputs: [x, targets, weights], outputs: results };
      const [gradient] = definition.operator.gradient!(b, context, names, [one]);
      const contents = interpretGraph(b.finish([results[0]!, gradient!]), new Map());
      for (const name of [results[0]!, gradient!])
        assert.ok(
          contents.get(name)!.every((v) => Number.isFinite(v)),
          `${JSON.stringify(loss)} at ${size}: ${contents.get(name)}`,
        );
    }
  }
});

test("the slope of the log loss leads outputs beyond 0 and 1 back", () => {
  const { definition, settings } = resolveLoss(SHARES, { name: "logLoss" });
  const b = buildGraph();
  const inputs = [
    b.constant("p", "float32", [1, 2], Float32Array.of(-3, 4)),
    b.constant("y", "float32", [1, 2], Float32Array.of(1, 0)),
    b.constant("weights", "float32", [1], Float32Array.of(1)),
  ];
  const [loss] = b.apply(definition.operator, inputs, settings);
  const slope = addGradients(b, loss!, inputs.slice(0, 1)).get(inputs[0]!)!;
  const [below, above] = interpretGraph(b.finish([slope]), new Map()).get(slope)!;
  assert.ok(below! < 0 && above! > 0, `${below}, ${above}`);
});

test("a loss that does not fit is refused before training", async () => {
  const x = Float32Array.from({ length: 8 }, (_, i) => i / 8);
  const rows = [0, 1, 2, 3];
  const model = network([2], [denseOf(2, 2)]);
  const run = (y: Int32Array | Float32Array, loss: Loss) =>
    fit(
      model,
      { x, y, outputs: 2, train: rows, validation: [] },
      { epochs: 1, learningRate: 0.01, loss },
    );
  const refused = (y: Int32Array | Float32Array, loss: Loss, code: string, message: RegExp) =>
    assert.rejects(run(y, loss), (error) => {
      assert.ok(error instanceof UserError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });
  const labels = Int32Array.of(0, 1, 0, 1);
  const numbers = Float32Array.from({ length: 8 }, (_, i) => i / 4);
  await refused(labels, { name: "huber" }, "training-options", /must be numbers, got class labels/);
  await refused(
    numbers,
    { name: "focal" },
    "training-options",
    /must be class labels, got numbers/,
  );
  await refused(labels, { name: "hinge" }, "training-options", /loss must be one of .*got hinge/);
  await refused(labels, { name: "focal", gamma: -1 }, "training-options", /gamma must be/);
  await refused(numbers, { name: "binaryCrossEntropy" }, "training-data", /from 0 to 1, got 1.25/);
  const { best } = await run(labels, { name: "focal" });
  assert.ok(best.loss > 0);
});
