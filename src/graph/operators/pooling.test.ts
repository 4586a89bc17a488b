// Pooling over windows and over everything, and upsampling: against plain loops and differences.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../../base/rng.ts";
import { gradientError } from "../gradient-error.ts";
import type { Attributes, Operator } from "../graph.ts";
import {
  largestError,
  type OperatorValue,
  randomValue,
  runOperator as run,
} from "../run-operator.ts";
import { averagePool1d, averagePool2d } from "./average-pool.ts";
import { globalAveragePool, globalMaxPool } from "./global-pool.ts";
import { maxPool2d, maxPool2dGradient } from "./max-pool-2d.ts";
import { upsample2d } from "./upsample-2d.ts";

const rng = makeRng(11);
const random = (...shape: readonly number[]): OperatorValue => randomValue(rng, ...shape);

type Pair = readonly [number, number];
type Case = {
  readonly x: readonly [number, number, number, number];
  readonly size: Pair;
  readonly stride: Pair;
  readonly padding: "same" | "valid";
};

const CASES: readonly Case[] = [
  { x: [2, 5, 6, 3], size: [2, 2], stride: [2, 2], padding: "same" },
  { x: [1, 5, 7, 5], size: [3, 2], stride: [1, 2], padding: "valid" },
  { x: [1, 5, 4, 1], size: [3, 5], stride: [1, 1], padding: "same" },
  { x: [2, 7, 6, 2], size: [1, 2], stride: [3, 3], padding: "same" },
  { x: [2, 1, 1, 1], size: [1, 1], stride: [1, 1], padding: "valid" },
  { x: [1, 1, 1, 3], size: [4, 2], stride: [1, 1], padding: "same" },
];

/** The values that each output sees, in order. */
function windows({ x, size, stride, padding }: Case, data: ArrayLike<number>) {
  const [B, H, W, C] = x;
  const [down, across] = [0, 1].map((axis) => {
    const length = x[axis + 1]!;
    const count =
      padding === "same"
        ? Math.ceil(length / stride[axis]!)
        : Math.floor((length - size[axis]!) / stride[axis]!) + 1;
    const total = padding === "same" ? (count - 1) * stride[axis]! + size[axis]! - length : 0;
    return { count, before: Math.floor(Math.max(total, 0) / 2) };
  }) as [{ count: number; before: number }, { count: number; before: number }];
  const seen: number[][] = [];
  for (let n = 0; n < B; n++)
    for (let row = 0; row < down.count; row++)
      for (let column = 0; column < across.count; column++)
        for (let c = 0; c < C; c++) {
          const values: number[] = [];
          for (let i = 0; i < size[0]; i++)
            for (let j = 0; j < size[1]; j++) {
              const y = row * stride[0] - down.before + i;
              const z = column * stride[1] - across.before + j;
              if (y >= 0 && y < H && z >= 0 && z < W)
                values.push(data[((n * H + y) * W + z) * C + c]!);
            }
          seen.push(values);
        }
  return { shape: [B, down.count, across.count, C], seen };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, v) => sum + v, 0) / values.length;

test("maxPool2d and averagePool2d for sizes, strides and paddings", () => {
  for (const c of CASES) {
    const x = random(...c.x);
    const { shape, seen } = windows(c, x.data);
    const { x: _, ...attributes } = c;
    const largest = run(maxPool2d, [x], attributes);
    assert.deepEqual(largest.shape, shape);
    assert.deepEqual(
      [...largest.data],
      seen.map((values) => Math.max(...values)),
    );
    const average = run(averagePool2d, [x], attributes);
    assert.deepEqual(average.shape, shape);
    assert.ok(largestError(average.data, seen.map(mean)) < 2e-6, JSON.stringify(c));
  }
});

test("averagePool1d is averagePool2d over one row", () => {
  for (const [T, size, stride, padding] of [
    [9, 3, 2, "same"],
    [9, 2, 3, "valid"],
    [4, 7, 1, "same"],
  ] as const) {
    const x = random(2, T, 5);
    const { shape, seen } = windows(
      { x: [2, 1, T, 5], size: [1, size], stride: [1, stride], padding },
      x.data,
    );
    const average = run(averagePool1d, [x], { size, stride, padding });
    assert.deepEqual(average.shape, [shape[0], shape[2], shape[3]]);
    assert.ok(largestError(average.data, seen.map(mean)) < 2e-6);
  }
});

test("global pools reduce all places of a channel", () => {
  const x = random(2, 3, 4, 5);
  const columns = [0, 1].flatMap((n) =>
    [0, 1, 2, 3, 4].map((c) => Array.from({ length: 12 }, (_, i) => x.data[(n * 12 + i) * 5 + c]!)),
  );
  const average = run(globalAveragePool, [x]);
  assert.deepEqual(average.shape, [2, 5]);
  assert.ok(largestError(average.data, columns.map(mean)) < 2e-6);
  assert.deepEqual(
    [...run(globalMaxPool, [x]).data],
    columns.map((values) => Math.max(...values)),
  );
  assert.deepEqual(run(globalMaxPool, [random(3, 7, 2)]).shape, [3, 2]);
  assert.throws(() => run(globalMaxPool, [random(3, 7)]), /globalMaxPool: x must have at least 3/);
});

test("upsample2d repeats pixels", () => {
  const x = random(2, 2, 3, 2);
  const { shape, data } = run(upsample2d, [x], { factor: [3, 2] });
  assert.deepEqual(shape, [2, 6, 6, 2]);
  for (let i = 0; i < data.length; i++) {
    const [n, y, z, c] = [Math.floor(i / 72), Math.floor(i / 12) % 6, Math.floor(i / 2) % 6, i % 2];
    const from = ((n * 2 + Math.floor(y / 3)) * 3 + Math.floor(z / 2)) * 2 + c;
    assert.equal(data[i], x.data[from]);
  }
});

test("of equal maxima the first takes the gradient", () => {
  const x = { shape: [1, 2, 3, 1], data: Float32Array.of(1, 7, 7, 7, 2, 7) };
  const dy = { shape: [1, 1, 2, 1], data: Float32Array.of(10, 1) };
  const y = { shape: [1, 1, 2, 1], data: Float32Array.of(7, 7) };
  const attributes = { size: [2, 2], stride: [1, 1], padding: "valid" };
  assert.deepEqual([...run(maxPool2dGradient, [dy, x, y], attributes).data], [0, 11, 0, 0, 0, 0]);
});

const DIFFERENTIATED: readonly (readonly [Operator, readonly number[], Attributes])[] = [
  [maxPool2d, [2, 4, 3, 2], { size: [2, 2], stride: [2, 2], padding: "same" }],
  [maxPool2d, [1, 4, 5, 1], { size: [3, 3], stride: [1, 2], padding: "same" }],
  [averagePool2d, [2, 4, 3, 2], { size: [3, 2], stride: [1, 1], padding: "same" }],
  [averagePool2d, [1, 5, 5, 1], { size: [1, 2], stride: [2, 3], padding: "valid" }],
  [averagePool1d, [2, 7, 2], { size: 3, stride: 2, padding: "same" }],
  [globalAveragePool, [2, 3, 2, 3], {}],
  [globalMaxPool, [2, 5, 3], {}],
  [upsample2d, [2, 2, 3, 2], { factor: [2, 3] }],
];

test("the gradients of pools and upsampling", () => {
  for (const [operator, shape, attributes] of DIFFERENTIATED) {
    const { worst, where } = gradientError([shape], (builder, names) =>
      builder.one(operator, names, attributes),
    );
    assert.ok(worst < 1e-4, `${operator.name} [${shape}]: ${worst} at ${where}`);
  }
});

test("shape rules of pools name the operator, the rule and the value", () => {
  const attributes = { size: [2, 2], stride: [1, 1], padding: "valid" };
  assert.throws(
    () => run(maxPool2d, [random(1, 1, 2, 1)], attributes),
    /maxPool2d: a window must fit 1 rows, got 2/,
  );
  assert.throws(
    () => run(averagePool2d, [random(1, 2, 2, 1)], { ...attributes, size: [0, 1] }),
    /averagePool2d: size must be two whole numbers of at least 1, got 0,1/,
  );
  assert.throws(
    () => run(upsample2d, [random(1, 2, 2, 1)], { factor: 2 }),
    /upsample2d: factor must be two whole numbers/,
  );
});
