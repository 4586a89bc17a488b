// K-means: clusters, scores and thresholds, and the operator against the score in TypeScript.
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";
import { buildGraph } from "../graph/build.ts";
import { interpret } from "../ir/interpret.ts";
import { verifyKernel } from "../ir/verify.ts";
import type { TypedArray } from "../tensor/tensor.ts";
import { fitKMeans, leaveOneOutThreshold, scoreKMeans, selectAxes } from "./k-means.ts";
import { lloyd, type Points, seedCentroids, squaredDistance } from "./k-means-clustering.ts";
import { addKMeansScore, kMeansScore } from "./k-means-score.ts";

/** Normal clouds around the given centers. */
function clouds(seed: number, centers: readonly (readonly number[])[], each: number): Points {
  const rng = makeRng(seed);
  const values = centers.flatMap((center) =>
    Array.from({ length: each }, () => center.map((x) => x + 0.1 * rng.normal())).flat(),
  );
  return { values: Float64Array.from(values), dimensions: centers[0]!.length };
}

const CENTERS = [
  [0, 0, 5],
  [3, 0, -5],
  [0, 4, 0],
];

test("three clouds are found, members score at most 0 and strangers above", () => {
  const points = clouds(1, CENTERS, 40);
  const model = fitKMeans(points, { seed: 9, clusters: 3 });
  const real = [0, 1, 2].map((c) =>
    [0, 1, 2].map(
      (d) => Math.round(model.centroids[c * 3 + d]! / model.inverseStd[d]! + model.mean[d]!) + 0,
    ),
  );
  assert.deepEqual(real.toSorted(), CENTERS.toSorted());
  const scores = scoreKMeans(model, points);
  assert.ok(scores.every((score) => score < 1e-6));
  assert.ok(Math.max(...scores) > -1e-6, "the farthest member lies on its cluster's border");
  const strangers = clouds(2, [[1.5, 2, 2]], 20);
  assert.ok(scoreKMeans(model, strangers).every((score) => score > 0.3));
});

test("Lloyd's algorithm equals its plain form, without the triangle inequality", () => {
  for (const dimensions of [1, 3, 7]) {
    const rng = makeRng(dimensions);
    const z = Float64Array.from({ length: 400 * dimensions }, () => rng.normal());
    const fast = seedCentroids(z, dimensions, 16, makeRng(3));
    const plain = { centroids: fast.centroids.slice(), owners: fast.owners.slice() };
    lloyd(z, dimensions, fast, 12);
    for (let iteration = 0; iteration < 12; iteration++) {
      for (let c = 0; c < 16; c++) {
        const members = [...plain.owners.keys()].filter((p) => plain.owners[p] === c);
        for (let d = 0; d < dimensions && members.length > 0; d++) {
          const sum = members.reduce((total, p) => total + z[p * dimensions + d]!, 0);
          plain.centroids[c * dimensions + d] = sum / members.length;
        }
      }
      plain.owners.forEach((_, p) => {
        const distances = Array.from({ length: 16 }, (_, c) =>
          squaredDistance(z, p, plain.centroids, c, dimensions),
        );
        plain.owners[p] = distances.indexOf(Math.min(...distances));
      });
    }
    assert.deepEqual(fast.owners, plain.owners);
    assert.deepEqual(fast.centroids, plain.centroids);
  }
});

test("few, equal and constant points", () => {
  const fit = (values: number[], dimensions: number) =>
    fitKMeans({ values: Float64Array.from(values), dimensions }, { seed: 1 });
  const few = fit([1, 7, 2, 7, 3, 7], 2);
  assert.equal(few.maxErrors.length, 3);
  assert.equal(few.inverseStd[1], 1);
  assert.deepEqual([...few.maxErrors], [0, 0, 0]);
  const equal = fit([0.1, 0.1, 0.1, 0.1], 1);
  assert.deepEqual([equal.inverseStd[0], equal.maxErrors.length], [1, 1]);
  assert.throws(() => fit([], 2), UserError);
  assert.throws(() => fit([1, Number.NaN], 1), /must be finite, got NaN/);
});

test("the same seed gives the same model, another seed another one", () => {
  const points = clouds(4, CENTERS, 60);
  assert.deepEqual(fitKMeans(points, { seed: 1 }), fitKMeans(points, { seed: 1 }));
  assert.notDeepEqual(fitKMeans(points, { seed: 1 }), fitKMeans(points, { seed: 2 }));
});

test("kMeansScore equals the score in TypeScript, for axes in a row and in any order", () => {
  const width = 8;
  const rows = 50;
  const rng = makeRng(6);
  const features = Float32Array.from({ length: rows * width }, () => 2 + 3 * rng.normal());
  for (const axes of [[1, 3, 5], [6, 0, 1, 7], [4], [5, 3, 1]]) {
    const model = fitKMeans(selectAxes(features, width, axes), { seed: 3, clusters: 8 });
    const strange = Float32Array.from(features, (x) => x * 2 - 3);
    strange[2 * width + axes[0]!] = Number.NaN;
    const builder = buildGraph();
    const x = builder.input("x", "float32", [rows, width]);
    const y = addKMeansScore(builder, x, model, axes, "anomaly");
    const node = builder.nodes()[0]!;
    const [inputs, outputs] = [node.inputs.map(builder.spec), [builder.spec(y)]];
    const kernel = kMeansScore.lower({ attributes: node.attributes, inputs, outputs });
    verifyKernel(kernel);
    const scores = new Float32Array(rows);
    const contents: TypedArray[] = [strange, ...inputs.slice(1).map((t) => t.data!), scores];
    interpret(kernel, Object.fromEntries(contents.map((c, i) => [kernel.buffers[i]!.name, c])), {
      reverseParallel: true,
    });
    const expected = scoreKMeans(model, selectAxes(strange, width, axes));
    scores.forEach((score, row) => {
      if (row === 2) assert.ok(score > 3.4e38 && expected[row] === Number.POSITIVE_INFINITY);
      else assert.ok(Math.abs(score - expected[row]!) < 1e-5, `${axes}: ${score} ${expected[row]}`);
    });
  }
});

test("the threshold is the percentile of the scores without the recording itself", () => {
  const rng = makeRng(8);
  const group = (center: number): Points => ({
    values: Float64Array.from({ length: 40 }, () => center + rng.normal()),
    dimensions: 2,
  });
  const groups = [group(0), group(0.5), group(1), group(8)];
  const scores = groups.flatMap((held) => {
    const others = groups.filter((g) => g !== held).flatMap((g) => [...g.values]);
    const model = fitKMeans({ values: Float64Array.from(others), dimensions: 2 }, { seed: 5 });
    return [...scoreKMeans(model, held)];
  });
  scores.sort((a, b) => a - b);
  const at = (percentile: number) => leaveOneOutThreshold(groups, { seed: 5, percentile });
  assert.equal(at(100), scores.at(-1));
  assert.equal(at(0), scores[0]);
  assert.ok(Math.abs(at(50) - (scores[39]! + scores[40]!) / 2) < 1e-12);
  assert.equal(leaveOneOutThreshold(groups, { seed: 5 }), at(99));
  assert.ok(at(99) > 1, "the recording apart from the others lies outside of them");
  assert.ok(leaveOneOutThreshold([groups[0]!], { seed: 5 }) < at(99));
  const one = { values: Float64Array.of(1, 2), dimensions: 2 };
  assert.throws(() => leaveOneOutThreshold([one], { seed: 5 }), UserError);
});
