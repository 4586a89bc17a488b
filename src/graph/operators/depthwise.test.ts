// Depthwise loops against the loops of grouped convolutions, which sum in the same order.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../../base/rng.ts";
import { interpret } from "../../ir/interpret.ts";
import type { Kernel } from "../../ir/kernel.ts";
import { verifyKernel } from "../../ir/verify.ts";
import { lowerConvolution, lowerInputGradient, lowerWeightGradient } from "./convolution.ts";
import type { Convolution } from "./convolution-shape.ts";
import {
  lowerDepthwise,
  lowerDepthwiseInputGradient,
  lowerDepthwiseWeightGradient,
} from "./depthwise.ts";
import { windows2d } from "./window-2d.ts";

/** The output of a kernel on seeded inputs, its parallel loops backwards. */
function resultOf(kernel: Kernel): Float32Array {
  verifyKernel(kernel);
  const rng = makeRng(3);
  const arrays = kernel.buffers.map(({ role, length }) =>
    Float32Array.from({ length }, () => (role === "input" ? rng.uniform(-1, 1) : Number.NaN)),
  );
  const contents = Object.fromEntries(kernel.buffers.map((b, n) => [b.name, arrays[n]!]));
  interpret(kernel, contents, { reverseParallel: true });
  return arrays[kernel.buffers.findIndex((b) => b.role === "output")]!;
}

type Case = readonly [
  input: readonly [number, number],
  size: readonly [number, number],
  stride?: readonly [number, number],
  dilation?: readonly [number, number],
];

const CASES: readonly Case[] = [
  [
    [5, 5],
    [3, 3],
  ],
  [
    [4, 1],
    [3, 3],
  ],
  [
    [3, 31],
    [3, 3],
  ],
  [
    [6, 23],
    [3, 5],
    [2, 2],
  ],
  [
    [9, 16],
    [2, 2],
    [3, 3],
  ],
  [
    [5, 18],
    [2, 3],
    [1, 1],
    [2, 3],
  ],
  [
    [7, 17],
    [3, 3],
    [1, 2],
    [4, 1],
  ],
];

for (const [input, size, stride = [1, 1], dilation = [1, 1]] of CASES)
  for (const padding of ["same", "valid"] as const) {
    if (padding === "valid" && input.some((n, i) => n < (size[i]! - 1) * dilation[i]! + 1))
      continue;
    test(`depthwise loops on [${input}] with [${size}] / [${stride}], [${dilation}], ${padding}`, () => {
      const windows = windows2d("test", input, size, { stride, dilation, padding });
      const c: Convolution = { ...windows, batch: 2, groups: 3, inputs: 1, outputs: 1 };
      for (const [ours, general] of [
        [lowerDepthwise, lowerConvolution],
        [lowerDepthwiseInputGradient, lowerInputGradient],
        [lowerDepthwiseWeightGradient, lowerWeightGradient],
      ] as const) {
        const expected = resultOf(general("general", c));
        assert.deepEqual(resultOf(ours("ours", c)), expected);
        assert.ok(expected.some((v) => v !== 0) && expected.every(Number.isFinite));
      }
    });
  }
