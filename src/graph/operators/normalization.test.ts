// Batch and layer normalisation and the random operators: plain loops, gradients, statistics.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../../base/rng.ts";
import { type Shape, sizeOf } from "../../tensor/tensor.ts";
import { buildGraph } from "../build.ts";
import { gradientError } from "../gradient-error.ts";
import type { GraphBuilder, Operator } from "../graph.ts";
import { interpretGraph } from "../interpret-graph.ts";
import { batchMoments, updateStatistics } from "./batch-moments.ts";
import { addBatchNormTraining, batchNorm, batchNormTraining } from "./batch-norm.ts";
import { gaussianNoise } from "./gaussian-noise.ts";
import { layerNorm } from "./layer-norm.ts";
import { spatialDropout1d } from "./spatial-dropout-1d.ts";

const rng = makeRng(23);
const values = (size: number): Float32Array =>
  Float32Array.from({ length: size }, () => rng.uniform(-2, 2));

const constant = (b: GraphBuilder, shape: Shape, data: Float32Array = values(sizeOf(shape))) => ({
  name: b.constant("c", "float32", shape, data),
  data,
});

function close(actual: ArrayLike<number>, expected: readonly number[], tolerance = 3e-6): void {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, i) => {
    assert.ok(Math.abs(actual[i]! - value) <= tolerance, `[${i}]: ${actual[i]}, not ${value}`);
  });
}

const meanOf = (list: readonly number[]): number => list.reduce((s, v) => s + v, 0) / list.length;
const varianceOf = (list: readonly number[]): number =>
  meanOf(list.map((v) => (v - meanOf(list)) * (v - meanOf(list))));

/** z multiplied by itself. */
const powerOf = (z: number, n: number): number => (n === 0 ? 1 : z * powerOf(z, n - 1));

const EPSILON = 1e-3;

for (const shape of [
  [6, 5],
  [2, 3, 4],
  [2, 2, 3, 1],
])
  test(`addBatchNormTraining of [${shape}] normalises each channel by its batch`, () => {
    const C = shape.at(-1)!;
    const b = buildGraph();
    const [x, gamma, beta] = [constant(b, shape), constant(b, [C]), constant(b, [C])] as const;
    const outputs = addBatchNormTraining(b, [x.name, gamma.name, beta.name], {
      epsilon: EPSILON,
    });
    const all = interpretGraph(b.finish(outputs), new Map());
    const channels = Array.from({ length: C }, (_, c) => [...x.data].filter((_, i) => i % C === c));
    const expected = [...x.data].map((v, i) => {
      const channel = channels[i % C]!;
      const z = (v - meanOf(channel)) / Math.sqrt(varianceOf(channel) + EPSILON);
      return z * gamma.data[i % C]! + beta.data[i % C]!;
    });
    const [y, mean, variance] = outputs.map((name) => all.get(name)!);
    close(y!, expected, 1e-5);
    close(mean!, channels.map(meanOf));
    close(variance!, channels.map(varianceOf));

    const { worst, where } = gradientError([shape, [C], [C]], (g, names) => {
      const inputs = names as unknown as readonly [string, string, string];
      return addBatchNormTraining(g, inputs, { epsilon: EPSILON })[0];
    });
    assert.ok(worst < 1e-6, `${where} is off by ${worst} of the largest`);
  });

test("batchMoments is exact far from 0 and with an outlier in front", () => {
  const rows = 5000;
  const b = buildGraph();
  const near = (): number => Math.fround(300 + rng.uniform(-1, 1));
  const x = Float32Array.from({ length: 2 * rows }, (_, i) => (i === 1 ? 5000 : near()));
  const outputs = b.apply(batchMoments, [constant(b, [rows, 2], x).name]);
  const all = interpretGraph(b.finish(outputs), new Map());
  const channels = [0, 1].map((c) => [...x].filter((_, i) => i % 2 === c));
  const [mean, variance] = outputs.map((name) => all.get(name)!);
  channels.map(meanOf).forEach((expected, c) => {
    assert.ok(Math.abs(mean![c]! / expected - 1) < 3e-6, `mean ${mean![c]}, not ${expected}`);
  });
  channels.forEach((channel, c) => {
    const center = meanOf(channel);
    const expected = meanOf(channel.map((v) => (v - center) * (v - center)));
    const error = Math.abs(variance![c]! / expected - 1);
    assert.ok(error < 2e-4, `variance ${variance![c]}, not ${expected}`);
  });
});

test("batchNorm uses the statistics it is given", () => {
  const b = buildGraph();
  const [x, gamma, beta, mean] = [[2, 3, 4], [4], [4], [4]].map((shape) => constant(b, shape));
  const variance = constant(b, [4], values(4).map(Math.abs));
  const inputs = [x, gamma, beta, mean, variance].map((c) => c!.name);
  const y = b.one(batchNorm, inputs, { epsilon: EPSILON });
  close(
    interpretGraph(b.finish([y]), new Map()).get(y)!,
    [...x!.data].map((v, i) => {
      const c = i % 4;
      const z = (v - mean!.data[c]!) / Math.sqrt(variance.data[c]! + EPSILON);
      return z * gamma!.data[c]! + beta!.data[c]!;
    }),
    2e-5,
  );
});

test("updateStatistics follows the statistics of the batch", () => {
  const b = buildGraph();
  const data = [1, 2, 3, 4].map((seed) => makeRng(seed)).map((r) => [r.uniform(0, 1), r.normal()]);
  const old = ["m", "v"].map((name, n) =>
    b.state(name, "float32", [2], Float32Array.from(data[n]!)),
  );
  const batch = data.slice(2).map((list) => constant(b, [2], Float32Array.from(list)).name);
  b.apply(updateStatistics, [...old, ...batch], { momentum: 0.75 });
  const all = interpretGraph(b.finish([]), new Map());
  old.forEach((name, n) => {
    close(
      all.get(name)!,
      data[n]!.map((v, i) => 0.75 * v + 0.25 * data[n + 2]![i]!),
      1e-6,
    );
  });
});

test("layerNorm normalises each row; its gradient", () => {
  const b = buildGraph();
  const [x, gamma, beta] = [[2, 3, 5], [5], [5]].map((shape) => constant(b, shape));
  const y = b.one(layerNorm, [x!.name, gamma!.name, beta!.name], { epsilon: EPSILON });
  const expected = [...x!.data].map((v, i) => {
    const row = [...x!.data].slice(i - (i % 5), i - (i % 5) + 5);
    const z = (v - meanOf(row)) / Math.sqrt(varianceOf(row) + EPSILON);
    return z * gamma!.data[i % 5]! + beta!.data[i % 5]!;
  });
  close(interpretGraph(b.finish([y]), new Map()).get(y)!, expected, 1e-5);
  const { worst, where } = gradientError([[2, 3, 5], [5], [5]], (g, names) =>
    g.one(layerNorm, names, { epsilon: EPSILON }),
  );
  assert.ok(worst < 1e-6, `${where} is off by ${worst} of the largest`);
});

test("epsilon and shapes are checked", () => {
  const b = buildGraph();
  const [x, gamma] = [constant(b, [4, 3]).name, constant(b, [3]).name];
  assert.throws(
    () => b.apply(batchNormTraining, [x, gamma, gamma, gamma, gamma], { epsilon: 0 }),
    /batchNormTraining: epsilon must be positive, got 0/,
  );
  assert.throws(
    () => b.one(layerNorm, [x, gamma, constant(b, [4]).name], { epsilon: 1 }),
    /layerNorm: "c_2" must have shape \[3\], got \[4\]/,
  );
});

function random(operator: Operator, x: Float32Array, shape: Shape, seed: number, stream: number) {
  const b = buildGraph();
  const names = [
    b.constant("x", "float32", shape, x),
    b.constant("seed", "int32", [1], Int32Array.of(seed)),
  ];
  const y = b.one(operator, names, { rate: 0.25, standardDeviation: 0.5, stream });
  return [...interpretGraph(b.finish([y]), new Map()).get(y)!];
}

test("spatialDropout1d drops whole channels of a sample", () => {
  const shape = [40, 5, 50];
  const ones = new Float32Array(sizeOf(shape)).fill(1);
  const y = random(spatialDropout1d, ones, shape, 1, 0);
  let kept = 0;
  for (let batch = 0; batch < 40; batch++)
    for (let c = 0; c < 50; c++) {
      const times = [0, 1, 2, 3, 4].map((t) => y[(batch * 5 + t) * 50 + c]!);
      assert.ok(times.every((v) => v === times[0]));
      assert.ok(times[0] === 0 || times[0] === Math.fround(1 / 0.75));
      if (times[0] !== 0) kept++;
    }
  assert.ok(Math.abs(kept / 2000 - 0.75) < 0.03, `kept ${kept / 2000}`);
  assert.notDeepEqual(random(spatialDropout1d, ones, shape, 2, 0), y);
  // Places of an image are dropped together as times are.
  assert.deepEqual(random(spatialDropout1d, ones, [40, 1, 5, 50], 1, 0), y);
  const { worst } = gradientError([[3, 2, 4]], (b, [x]) => {
    const seed = b.constant("seed", "int32", [1], Int32Array.of(7));
    return b.one(spatialDropout1d, [x!, seed], { rate: 0.4, stream: 3 });
  });
  assert.ok(worst < 1e-6, `${worst}`);
});

test("gaussianNoise has the moments of a normal distribution", () => {
  const x = new Float32Array(5000).fill(3);
  const noise = random(gaussianNoise, x, [5000], 1, 0).map((v) => (v - 3) / 0.5);
  // Each within five standard errors: 1, sqrt 2, sqrt 15, sqrt 96 over sqrt 5000.
  const moment = (power: number): number => meanOf(noise.map((z) => powerOf(z, power)));
  [0, 1, 0, 3].forEach((expected, n) => {
    const error = Math.abs(moment(n + 1) - expected);
    assert.ok(error < 0.0708 * [1, 1.42, 3.88, 9.8][n]!, `moment ${n + 1} is off by ${error}`);
  });
  const neighbours = meanOf(noise.slice(1).map((z, i) => z * noise[i]!));
  assert.ok(Math.abs(neighbours) < 0.0708, `neighbours correlate by ${neighbours}`);
  for (const [seed, stream] of [
    [2, 0],
    [1, 1],
  ] as const) {
    const other = random(gaussianNoise, x, [5000], seed, stream).map((v) => (v - 3) / 0.5);
    const correlation = meanOf(other.map((z, i) => z * noise[i]!));
    assert.ok(Math.abs(correlation) < 0.0708, `correlates by ${correlation}`);
  }
  const { worst } = gradientError([[3, 4]], (b, [input]) => {
    const seed = b.constant("seed", "int32", [1], Int32Array.of(7));
    return b.one(gaussianNoise, [input!, seed], { standardDeviation: 0.3, stream: 3 });
  });
  assert.ok(worst < 1e-6, `${worst}`);
});

test("batchNorm by running statistics, which are constants: the gradients of x, gamma, beta", () => {
  for (const shape of [
    [5, 3],
    [2, 2, 1],
  ]) {
    const C = shape.at(-1)!;
    const { worst, where } = gradientError([shape, [C], [C]], (builder, [x, gamma, beta]) => {
      const mean = constant(builder, [C]).name;
      const variance = constant(builder, [C], values(C).map(Math.abs)).name;
      return builder.one(batchNorm, [x!, gamma!, beta!, mean, variance], { epsilon: EPSILON });
    });
    assert.ok(worst < 1e-6, `[${shape}] ${where} is off by ${worst}`);
  }
});
