// Each operator, as the interpreter runs it, against a plain loop written here.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as math from "../../base/math.ts";
import { makeRng } from "../../base/rng.ts";
import { interpret } from "../../ir/interpret.ts";
import { verifyKernel } from "../../ir/verify.ts";
import { makeArray, sizeOf, type TypedArray } from "../../tensor/tensor.ts";
import type { Attributes, Operator, TensorSpec } from "../graph.ts";
import { add } from "./add.ts";
import { columnSum } from "./column-sum.ts";
import { conv1d } from "./conv1d.ts";
import { dense } from "./dense.ts";
import { dropout } from "./dropout.ts";
import { matmul } from "./matmul.ts";
import { maxPool1d } from "./max-pool-1d.ts";
import { mul } from "./mul.ts";
import { relu } from "./relu.ts";
import { flatten, reshape } from "./reshape.ts";
import { scale } from "./scale.ts";
import { softmax } from "./softmax.ts";
import { standardize } from "./standardize.ts";
import { transpose2d } from "./transpose2d.ts";

type Value = { readonly shape: readonly number[]; readonly data: Float32Array | Int32Array };

const rng = makeRng(11);
const random = (...shape: number[]): Value => ({
  shape,
  data: Float32Array.from({ length: sizeOf(shape) }, () => rng.uniform(-2, 2)),
});

/** Runs one operator on the interpreter, forwards and backwards, and returns its first output. */
function run(
  operator: Operator,
  values: readonly Value[],
  attributes: Attributes = {},
): { shape: readonly number[]; data: TypedArray } {
  const inputs: TensorSpec[] = values.map(({ shape, data }, n) => ({
    name: `x${n}`,
    dtype: data instanceof Int32Array ? "int32" : "float32",
    shape,
  }));
  const outputs = operator.infer(inputs, attributes).map((o, n) => ({ ...o, name: `y${n}` }));
  const kernel = operator.lower({ attributes, inputs, outputs });
  verifyKernel(kernel);
  const results = [false, true].map((reverseParallel) => {
    const arrays = [
      ...values.map((value) => value.data),
      ...outputs.map((o) => makeArray(o.dtype, sizeOf(o.shape))),
    ];
    const ports = kernel.buffers.filter((b) => b.role !== "scratch" && b.role !== "constant");
    const buffers = Object.fromEntries(ports.map((port, n) => [port.name, arrays[n]!]));
    interpret(kernel, buffers, { reverseParallel });
    return arrays[values.length]!;
  });
  assert.deepEqual(results[0], results[1], "parallel iterations depend on each other");
  return { shape: outputs[0]!.shape, data: results[0]! };
}

function close(actual: ArrayLike<number>, expected: readonly number[], relative = 2e-6): void {
  assert.equal(actual.length, expected.length);
  expected.forEach((value, i) => {
    const error = Math.abs(actual[i]! - value);
    assert.ok(error <= relative * (1 + Math.abs(value)), `[${i}]: ${actual[i]}, not ${value}`);
  });
}

test("dense is x . w + b", () => {
  const [x, w, b] = [random(3, 7), random(7, 5), random(5)];
  const expected: number[] = [];
  for (let row = 0; row < 3; row++)
    for (let o = 0; o < 5; o++) {
      let sum = b.data[o]!;
      for (let i = 0; i < 7; i++) sum += x.data[row * 7 + i]! * w.data[i * 5 + o]!;
      expected.push(sum);
    }
  const { shape, data } = run(dense, [x, w, b]);
  assert.deepEqual(shape, [3, 5]);
  close(data, expected);
});

test("matmul, plain and with a transposed", () => {
  const [a, b] = [random(3, 4), random(4, 6)];
  const transposed = run(transpose2d, [a]);
  assert.deepEqual(transposed.shape, [4, 3]);
  assert.equal(transposed.data[1], a.data[4]);
  const expected: number[] = [];
  for (let m = 0; m < 3; m++)
    for (let n = 0; n < 6; n++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += a.data[m * 4 + k]! * b.data[k * 6 + n]!;
      expected.push(sum);
    }
  close(run(matmul, [a, b]).data, expected);
  close(run(matmul, [transposed as Value, b], { transposeA: true }).data, expected);
});

/** Padding by copying into a longer row, so that nothing is shared with the operators. */
function padded(x: Value, size: number, stride: number, padding: string, fill: number) {
  const [B, T, C] = x.shape as [number, number, number];
  const outputs = padding === "same" ? Math.ceil(T / stride) : Math.floor((T - size) / stride) + 1;
  const total = padding === "same" ? Math.max((outputs - 1) * stride + size - T, 0) : 0;
  const before = total >> 1;
  const at = (b: number, t: number, c: number): number =>
    t < before || t >= before + T ? fill : x.data[(b * T + t - before) * C + c]!;
  return { B, C, outputs, at };
}

const WINDOWS = [1, 2, 3, 5, 8].flatMap((size) =>
  [1, 2, 3].flatMap((stride) => ["same", "valid"].map((padding) => ({ size, stride, padding }))),
);

test("conv1d for sizes, strides and paddings", () => {
  for (const T of [1, 4, 9])
    for (const { size, stride, padding } of WINDOWS) {
      if (padding === "valid" && size > T) continue;
      const [x, w, b] = [random(2, T, 3), random(size, 3, 4), random(4)];
      const { B, C, outputs, at } = padded(x, size, stride, padding, 0);
      const expected: number[] = [];
      for (let n = 0; n < B; n++)
        for (let t = 0; t < outputs; t++)
          for (let o = 0; o < 4; o++) {
            let sum = b.data[o]!;
            for (let k = 0; k < size; k++)
              for (let c = 0; c < C; c++)
                sum += at(n, t * stride + k, c) * w.data[(k * C + c) * 4 + o]!;
            expected.push(sum);
          }
      const { shape, data } = run(conv1d, [x, w, b], { stride, padding });
      assert.deepEqual(shape, [2, outputs, 4]);
      close(data, expected, 5e-6);
    }
});

test("maxPool1d for sizes, strides and paddings", () => {
  for (const T of [1, 4, 9])
    for (const { size, stride, padding } of WINDOWS) {
      if (padding === "valid" && size > T) continue;
      const x = random(2, T, 3);
      const { B, C, outputs, at } = padded(x, size, stride, padding, Number.NEGATIVE_INFINITY);
      const expected: number[] = [];
      for (let n = 0; n < B; n++)
        for (let t = 0; t < outputs; t++)
          for (let c = 0; c < C; c++) {
            let largest = Number.NEGATIVE_INFINITY;
            for (let k = 0; k < size; k++) largest = Math.max(largest, at(n, t * stride + k, c));
            expected.push(largest);
          }
      const { shape, data } = run(maxPool1d, [x], { size, stride, padding });
      assert.deepEqual(shape, [2, outputs, 3]);
      assert.deepEqual([...data], expected);
    }
});

test("elementwise: relu, add, mul, scale", () => {
  const [a, b] = [random(2, 5), random(2, 5)];
  const pairs = [...a.data].map((x, i) => [x, b.data[i]!] as const);
  assert.deepEqual(
    [...run(relu, [a]).data],
    pairs.map(([x]) => (x > 0 ? x : 0)),
  );
  assert.deepEqual(
    [...run(add, [a, b]).data],
    pairs.map(([x, y]) => Math.fround(x + y)),
  );
  assert.deepEqual(
    [...run(mul, [a, b]).data],
    pairs.map(([x, y]) => Math.fround(x * y)),
  );
  const halves = pairs.map(([x]) => x / 2);
  assert.deepEqual([...run(scale, [a], { factor: 0.5 }).data], halves);
});

test("reshape and flatten keep the elements", () => {
  const x = random(2, 6);
  const reshaped = run(reshape, [x], { shape: [3, 2] });
  assert.deepEqual(reshaped.shape, [2, 3, 2]);
  assert.deepEqual([...reshaped.data], [...x.data]);
  assert.deepEqual(run(flatten, [random(2, 3, 4)]).shape, [2, 12]);
  assert.throws(() => run(reshape, [x], { shape: [4] }), /reshape: .* must keep its 12 elements/);
});

test("softmax sums to 1 and survives large logits", () => {
  const x = random(4, 6);
  x.data.set([1000, 999, -1000, 0, 1, 2]);
  const expected: number[] = [];
  for (let row = 0; row < 4; row++) {
    const logits = [...x.data.slice(row * 6, row * 6 + 6)];
    const largest = Math.max(...logits);
    const powers = logits.map((z) => math.exp(z - largest));
    const sum = powers.reduce((s, p) => s + p, 0);
    expected.push(...powers.map((p) => p / sum));
  }
  close(run(softmax, [x]).data, expected, 5e-7);
});

test("standardize scales columns; columnSum adds them", () => {
  const [x, mean, inverseStd] = [random(4, 3), random(3), random(3)];
  close(
    run(standardize, [x, mean, inverseStd]).data,
    [...x.data].map((v, i) => (v - mean.data[i % 3]!) * inverseStd.data[i % 3]!),
  );
  const sums = [0, 1, 2].map((c) => [0, 1, 2, 3].reduce((s, r) => s + x.data[r * 3 + c]!, 0));
  close(run(columnSum, [x]).data, sums);
});

test("dropout keeps the given share, scaled, and differs by seed and stream", () => {
  const x = { shape: [100, 100], data: new Float32Array(10000).fill(1) };
  const kept = (seed: number, stream: number): number[] => [
    ...run(dropout, [x, { shape: [1], data: Int32Array.of(seed) }], { rate: 0.25, stream }).data,
  ];
  const first = kept(1, 0);
  assert.ok(first.every((v) => v === 0 || v === Math.fround(1 / 0.75)));
  const share = first.filter((v) => v > 0).length / 10000;
  assert.ok(Math.abs(share - 0.75) < 0.015, `kept ${share}`);
  assert.deepEqual(kept(1, 0), first);
  // Two independent masks agree on 0.75² + 0.25² of the elements.
  for (const other of [kept(2, 0), kept(1, 1)]) {
    const same = other.filter((v, i) => v === first[i]).length / 10000;
    assert.ok(Math.abs(same - 0.625) < 0.02, `agree on ${same}`);
  }
});

test("shape rules name the operator, the rule and the value", () => {
  assert.throws(
    () => run(dense, [random(3, 7), random(6, 5), random(5)]),
    /dense: "x1" must have shape \[7,5\], got \[6,5\]/,
  );
  assert.throws(
    () =>
      run(conv1d, [random(1, 2, 1), random(3, 1, 1), random(1)], { stride: 1, padding: "valid" }),
    /conv1d: a window must fit 2 rows, got 3/,
  );
  assert.throws(
    () => run(maxPool1d, [random(1, 2, 1)], { size: 2, stride: 0, padding: "same" }),
    /stride must be a whole number of at least 1, got 0/,
  );
});
