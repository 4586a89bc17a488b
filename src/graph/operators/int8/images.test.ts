// The int8 operators on images against the formulas of TFLite Micro's reference kernels, written
// out here once more: window by window, with wide integers and nothing of the kernel language.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng, type Rng } from "../../../base/rng.ts";
import { interpret } from "../../../ir/interpret.ts";
import { verifyKernel } from "../../../ir/verify.ts";
import { quantizeMultiplier } from "../../../tensor/quantization.ts";
import { type Quantization, sizeOf } from "../../../tensor/tensor.ts";
import type { Attributes, Operator, TensorSpec } from "../../graph.ts";
import { addInt8 } from "./add.ts";
import { conv2dInt8 } from "./conv2d.ts";
import { depthwiseConv2dInt8 } from "./depthwise-conv2d.ts";
import {
  averagePool1dInt8,
  averagePool2dInt8,
  globalAveragePoolInt8,
  globalMaxPoolInt8,
  maxPool2dInt8,
} from "./pool.ts";
import { relu6Int8 } from "./relu6.ts";

type Given = { readonly spec: TensorSpec; readonly data: Int8Array | Int32Array };

function run(
  operator: Operator,
  given: readonly Given[],
  attributes: Attributes,
  quantization: Quantization,
): { readonly values: readonly number[]; readonly shape: readonly number[] } {
  const inputs = given.map(({ spec }) => spec);
  const [inferred] = operator.infer(inputs, attributes);
  const outputs = [{ quantization, ...inferred!, name: "y" }];
  const kernel = operator.lower({ inputs, outputs, attributes });
  verifyKernel(kernel);
  const y = new Int8Array(sizeOf(inferred!.shape));
  const arrays = [...given.map(({ data }) => data), y];
  const ports = kernel.buffers.filter(({ role }) => role === "input" || role === "output");
  interpret(kernel, Object.fromEntries(ports.map((port, n) => [port.name, arrays[n]!])));
  return { values: [...y], shape: inferred!.shape };
}

/** `MultiplyByQuantizedMultiplier` with double rounding. */
function rescaled(x: number, factor: number): number {
  const { multiplier, shift } = quantizeMultiplier(factor);
  const product = (BigInt(x) << BigInt(Math.max(shift, 0))) * BigInt(multiplier);
  const nudge = product >= 0n ? 1n << 30n : 1n - (1n << 30n);
  const high = Number((product + nudge) / (1n << 31n));
  const right = Math.max(-shift, 0);
  const mask = Number((1n << BigInt(right)) - 1n);
  const rest = ((high % (mask + 1)) + mask + 1) % (mask + 1);
  return Math.floor(high / (mask + 1)) + (rest > (mask >> 1) + (high < 0 ? 1 : 0) ? 1 : 0);
}

const clamped = (q: number, { scale, zeroPoint }: Quantization, activation: unknown): number => {
  const low = activation === "none" ? -128 : zeroPoint;
  const high = activation === "relu6" ? zeroPoint + Math.round(6 / Math.fround(scale[0]!)) : 127;
  return Math.min(Math.max(q, low), Math.min(high, 127));
};

const one = (rng: Rng): Quantization => ({
  scale: [Math.fround(rng.uniform(0.02, 0.2))],
  zeroPoint: rng.int(60) - 30,
});
const values = (rng: Rng, size: number): Int8Array =>
  Int8Array.from({ length: size }, () => rng.int(255) - 127);
const image = (rng: Rng, shape: readonly number[], quantization = one(rng), name = "x"): Given => ({
  spec: { name, dtype: "int8", shape, quantization },
  data: values(rng, sizeOf(shape)),
});

/** Where output place `at` of a window begins, and how many there are. */
function window(length: number, size: number, stride: number, dilation: number, same: boolean) {
  const reach = (size - 1) * dilation + 1;
  const count = same ? Math.ceil(length / stride) : Math.ceil((length - reach + 1) / stride);
  const before = same ? Math.max(0, (count - 1) * stride + reach - length) >> 1 : 0;
  return { count, start: (at: number) => at * stride - before };
}

const SHAPES = [
  { H: 7, W: 5, C: 4, K: [3, 3], stride: [1, 1], dilation: [1, 1], padding: "same" },
  { H: 8, W: 6, C: 2, K: [3, 2], stride: [2, 3], dilation: [1, 1], padding: "same" },
  { H: 6, W: 6, C: 4, K: [2, 3], stride: [1, 2], dilation: [2, 1], padding: "valid" },
  { H: 5, W: 9, C: 2, K: [3, 3], stride: [1, 1], dilation: [1, 2], padding: "same" },
  { H: 1, W: 1, C: 2, K: [1, 1], stride: [1, 1], dilation: [1, 1], padding: "valid" },
  { H: 2, W: 2, C: 2, K: [3, 3], stride: [4, 4], dilation: [1, 1], padding: "same" },
] as const;

for (const kind of ["conv2d", "grouped", "depthwise"] as const)
  test(`${kind}: every tap, its rounding and its clamp`, () => {
    const rng = makeRng(7).fork(kind);
    for (const { H, W, C, K, stride, dilation, padding } of SHAPES)
      for (const activation of ["none", "relu", "relu6"]) {
        const [KH, KW] = K;
        const groups = kind === "conv2d" ? 1 : kind === "grouped" ? 2 : C;
        const outputs = kind === "depthwise" ? 2 : 3;
        const [I, O] = [C / groups, groups * outputs];
        const x = image(rng, [2, H, W, C]);
        const output = one(rng);
        const quantization: Quantization = {
          scale: Array.from({ length: O }, () => Math.fround(rng.uniform(0.002, 0.02))),
          zeroPoint: 0,
          axis: 0,
        };
        const shape = kind === "depthwise" ? [O, KH, KW] : [O, KH, KW, I];
        const w: Given = {
          spec: { name: "w", dtype: "int8", shape, quantization },
          data: values(rng, sizeOf(shape)),
        };
        const { zeroPoint, scale } = x.spec.quantization!;
        const raw = Int32Array.from({ length: O }, () => rng.int(2000) - 1000);
        const taps = KH * KW * I;
        const folded = raw.map(
          (b, o) =>
            b -
            zeroPoint * [...w.data.subarray(o * taps, (o + 1) * taps)].reduce((a, v) => a + v, 0),
        );
        const b: Given = { spec: { name: "b", dtype: "int32", shape: [O] }, data: folded };
        const operator = kind === "depthwise" ? depthwiseConv2dInt8 : conv2dInt8;
        const attributes: Attributes = { stride, dilation, padding, activation, groups };
        const y = run(operator, [x, w, b], attributes, output);
        const rows = window(H, KH, stride[0], dilation[0], padding === "same");
        const columns = window(W, KW, stride[1], dilation[1], padding === "same");
        const expected: number[] = [];
        for (let n = 0; n < 2; n++)
          for (let r = 0; r < rows.count; r++)
            for (let q = 0; q < columns.count; q++)
              for (let o = 0; o < O; o++) {
                let sum = raw[o]!;
                for (let i = 0; i < KH; i++)
                  for (let j = 0; j < KW; j++)
                    for (let c = 0; c < I; c++) {
                      const h = rows.start(r) + i * dilation[0];
                      const v = columns.start(q) + j * dilation[1];
                      if (h < 0 || h >= H || v < 0 || v >= W) continue;
                      const channel = Math.floor(o / outputs) * I + c;
                      const value = x.data[((n * H + h) * W + v) * C + channel]! - zeroPoint;
                      sum += value * w.data[o * taps + (i * KW + j) * I + c]!;
                    }
                const factor = (scale[0]! * quantization.scale[o]!) / output.scale[0]!;
                expected.push(
                  clamped(rescaled(sum, factor) + output.zeroPoint, output, activation),
                );
              }
        assert.deepEqual(y.shape, [2, rows.count, columns.count, O]);
        assert.deepEqual(y.values, expected, JSON.stringify({ H, W, K, activation }));
      }
  });

test("pools: means round half away from zero, and keep the scale", () => {
  const rng = makeRng(11);
  for (const { H, W, C, K, stride, padding } of SHAPES) {
    const x = image(rng, [2, H, W, C]);
    const quantization = x.spec.quantization!;
    const rows = window(H, K[0], stride[0], 1, padding === "same");
    const columns = window(W, K[1], stride[1], 1, padding === "same");
    for (const activation of ["none", "relu", "relu6"])
      for (const operator of [maxPool2dInt8, averagePool2dInt8]) {
        const attributes: Attributes = { size: K, stride, padding, activation };
        const y = run(operator, [x], attributes, quantization);
        const expected: number[] = [];
        for (let n = 0; n < 2; n++)
          for (let r = 0; r < rows.count; r++)
            for (let q = 0; q < columns.count; q++)
              for (let c = 0; c < C; c++) {
                const seen: number[] = [];
                for (let i = 0; i < K[0]; i++)
                  for (let j = 0; j < K[1]; j++) {
                    const [h, v] = [rows.start(r) + i, columns.start(q) + j];
                    if (h >= 0 && h < H && v >= 0 && v < W)
                      seen.push(x.data[((n * H + h) * W + v) * C + c]!);
                  }
                expected.push(clamped(pooled(operator, seen), quantization, activation));
              }
        assert.deepEqual(y.values, expected);
      }
  }
  const sequence = image(rng, [1, 7, 3]);
  const y = run(
    averagePool1dInt8,
    [sequence],
    { size: 2, stride: 2, padding: "same", activation: "none" },
    sequence.spec.quantization!,
  );
  assert.deepEqual(y.values.slice(-3), [...sequence.data.slice(-3)]);
});

function pooled(operator: Operator, seen: readonly number[]): number {
  if (/max/i.test(operator.name)) return Math.max(...seen);
  const sum = seen.reduce((a, b) => a + b, 0);
  const half = Math.floor(seen.length / 2);
  // Without the sign that a zero may have.
  return Math.trunc((sum > 0 ? sum + half : sum - half) / seen.length) + 0;
}

test("global pools take every place of a channel", () => {
  const rng = makeRng(13);
  for (const shape of [
    [2, 5, 3, 4],
    [1, 9, 2],
    [1, 1, 1, 3],
  ]) {
    const x = image(rng, shape);
    const C = shape.at(-1)!;
    const places = sizeOf(shape.slice(1, -1));
    for (const operator of [globalAveragePoolInt8, globalMaxPoolInt8]) {
      const y = run(operator, [x], {}, x.spec.quantization!);
      const expected = Array.from({ length: shape[0]! * C }, (_, at) =>
        pooled(
          operator,
          Array.from({ length: places }, (_, p) => {
            const image = Math.floor(at / C);
            return x.data[(image * places + p) * C + (at % C)]!;
          }),
        ),
      );
      assert.deepEqual(y.values, expected);
    }
  }
});

test("sums meet at twice the larger scale", () => {
  const rng = makeRng(17);
  for (const activation of ["none", "relu", "relu6"])
    for (let round = 0; round < 20; round++) {
      const [a, b] = [image(rng, [1, 40]), image(rng, [1, 40], one(rng), "b")];
      const output = one(rng);
      const y = run(addInt8, [a, b], { activation }, output);
      const [first, second] = [a.spec.quantization!, b.spec.quantization!];
      const common = 2 * Math.max(first.scale[0]!, second.scale[0]!);
      const expected = Array.from(a.data, (value, i) => {
        const left = rescaled((value - first.zeroPoint) * 1048576, first.scale[0]! / common);
        const right = rescaled(
          (b.data[i]! - second.zeroPoint) * 1048576,
          second.scale[0]! / common,
        );
        const sum = rescaled(left + right, common / (1048576 * output.scale[0]!));
        return clamped(sum + output.zeroPoint, output, activation);
      });
      assert.deepEqual(y.values, expected);
    }
});

test("relu6 ends at six", () => {
  const x = image(makeRng(19), [1, 200], { scale: [0.1], zeroPoint: -20 });
  const y = run(relu6Int8, [x], {}, x.spec.quantization!);
  assert.deepEqual([Math.min(...y.values), Math.max(...y.values)], [-20, 40]);
});
