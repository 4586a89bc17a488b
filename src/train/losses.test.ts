// Losses and optimizers against formulas in float64, gradients against central differences.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as math from "../base/math.ts";
import { makeRng } from "../base/rng.ts";
import { buildGraph } from "../graph/build.ts";
import { gradientError } from "../graph/gradient-error.ts";
import { interpretGraph } from "../graph/interpret-graph.ts";
import { adam, adamSchedule } from "./adam.ts";
import { gather } from "./gather.ts";
import { meanSquaredError } from "./mean-squared-error.ts";
import { sgd } from "./sgd.ts";
import { softmaxCrossEntropy } from "./softmax-cross-entropy.ts";

const B = 5;
const C = 3;
const rng = makeRng(9);
const LOGITS = Float32Array.from({ length: B * C }, () => rng.uniform(-3, 3));
const largestOf = (row: number): number => {
  const logits = [...LOGITS.slice(row * C, row * C + C)];
  return logits.indexOf(Math.max(...logits));
};
// Row 2 is right but has weight 0, so that it must not be counted.
const LABELS = Int32Array.of(0, 2, largestOf(2), largestOf(3), 2);
const WEIGHTS = Float32Array.of(0.2, 0.5, 0, 0.25, 0.05);

const close = (actual: number, expected: number): void =>
  assert.ok(
    Math.abs(actual - expected) <= 1e-6 * (1 + Math.abs(expected)),
    `${actual}, not ${expected}`,
  );

test("cross-entropy is the weighted sum of -log softmax, with the count of hits", () => {
  const b = buildGraph();
  const [loss, correct] = b.apply(softmaxCrossEntropy, [
    b.constant("logits", "float32", [B, C], LOGITS),
    b.constant("labels", "int32", [B], LABELS),
    b.constant("weights", "float32", [B], WEIGHTS),
  ]);
  let expected = 0;
  let hits = 0;
  for (let row = 0; row < B; row++) {
    const logits = [...LOGITS.slice(row * C, row * C + C)];
    const sum = logits.reduce((s, z) => s + math.exp(z), 0);
    expected += WEIGHTS[row]! * (math.log(sum) - logits[LABELS[row]!]!);
    if (WEIGHTS[row]! > 0 && largestOf(row) === LABELS[row]) hits++;
  }
  const result = interpretGraph(b.finish([loss!, correct!]), new Map());
  close(result.get(loss!)![0]!, expected);
  assert.equal(result.get(correct!)![0], hits);
});

test("cross-entropy of certain and impossible labels stays finite", () => {
  const b = buildGraph();
  const [loss] = b.apply(softmaxCrossEntropy, [
    b.constant("logits", "float32", [2, 2], Float32Array.of(500, -500, 500, -500)),
    b.constant("labels", "int32", [2], Int32Array.of(0, 1)),
    b.constant("weights", "float32", [2], Float32Array.of(0.5, 0.5)),
  ]);
  assert.equal(interpretGraph(b.finish([loss!]), new Map()).get(loss!)![0], 500);
});

test("gradient of the cross-entropy", () => {
  const { worst, where } = gradientError([[B, C]], (b, [logits]) => {
    const labels = b.constant("labels", "int32", [B], LABELS);
    const weights = b.constant("weights", "float32", [B], WEIGHTS);
    return b.apply(softmaxCrossEntropy, [logits!, labels, weights])[0]!;
  });
  assert.ok(worst < 1e-6, `${where} is off by ${worst}`);
});

test("mean squared error and its gradient", () => {
  const targets = Float32Array.from({ length: B * C }, () => rng.uniform(-1, 1));
  const b = buildGraph();
  const loss = b.one(meanSquaredError, [
    b.constant("predictions", "float32", [B, C], LOGITS),
    b.constant("targets", "float32", [B, C], targets),
    b.constant("weights", "float32", [B], WEIGHTS),
  ]);
  const expected = LOGITS.reduce((s, p, i) => {
    const error = p - targets[i]!;
    return s + (WEIGHTS[Math.floor(i / C)]! * error * error) / C;
  }, 0);
  close(interpretGraph(b.finish([loss]), new Map()).get(loss)![0]!, expected);
  const { worst, where } = gradientError([[B, C]], (builder, [predictions]) =>
    builder.one(meanSquaredError, [
      predictions!,
      builder.constant("targets", "float32", [B, C], targets),
      builder.constant("weights", "float32", [B], WEIGHTS),
    ]),
  );
  assert.ok(worst < 1e-6, `${where} is off by ${worst}`);
});

test("three steps of Adam and of SGD with momentum", () => {
  const start = [1, -2, 0.5];
  const gradients = [
    [0.1, -3, 0],
    [-0.2, 1, 1e-4],
    [0.3, 2, -1e-4],
  ];
  const b = buildGraph();
  const zero = () => new Float32Array(3);
  const p = b.state("p", "float32", [3], Float32Array.from(start));
  const q = b.state("q", "float32", [3], Float32Array.from(start));
  const [m, v, u] = ["m", "v", "u"].map((name) => b.state(name, "float32", [3], zero()));
  const g = b.input("g", "float32", [3]);
  const schedule = b.input("schedule", "float32", [2]);
  const rate = b.input("rate", "float32", [1]);
  b.apply(adam, [p, m!, v!, g, schedule], { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 });
  b.apply(sgd, [q, u!, g, rate], { momentum: 0.9 });
  const graph = b.finish([]);
  const next = adamSchedule(0.01);
  const states = new Map<string, ArrayLike<number>>();
  const [em, ev, eu] = [zero(), zero(), zero()].map((z) => [...z]);
  const [ep, eq] = [[...start], [...start]];
  gradients.forEach((gradient, t) => {
    states.set("g", gradient).set("schedule", next()).set("rate", [0.01]);
    const results = interpretGraph(graph, states);
    for (const name of ["p", "q", "m", "v", "u"]) states.set(name, results.get(name)!);
    const [c1, c2] = [1 - math.pow(0.9, t + 1), 1 - math.pow(0.999, t + 1)];
    gradient.forEach((value, i) => {
      em![i] = 0.9 * em![i]! + 0.1 * value;
      ev![i] = 0.999 * ev![i]! + 0.001 * value * value;
      eu![i] = 0.9 * eu![i]! + value;
      ep![i]! -= (0.01 * (em![i]! / c1)) / (Math.sqrt(ev![i]! / c2) + 1e-8);
      eq![i]! -= 0.01 * eu![i]!;
      close(states.get("p")![i]!, ep![i]!);
      close(states.get("q")![i]!, eq![i]!);
    });
  });
});

test("gather takes rows and clamps", () => {
  const b = buildGraph();
  const data = b.constant("data", "float32", [3, 2], Float32Array.of(0, 1, 10, 11, 20, 21));
  const rows = b.one(gather, [data, b.input("indices", "int32", [4])]);
  const result = interpretGraph(b.finish([rows]), new Map([["indices", [2, 0, -5, 99]]]));
  assert.deepEqual([...result.get(rows)!], [20, 21, 0, 1, 0, 1, 20, 21]);
});
