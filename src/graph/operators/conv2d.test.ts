// conv2d and depthwiseConv2d against plain loops, and their gradients against finite differences.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../../base/rng.ts";
import { gradientError } from "../gradient-error.ts";
import type { Attributes } from "../graph.ts";
import {
  largestError,
  type OperatorValue,
  randomValue,
  runOperator as run,
} from "../run-operator.ts";
import { conv2d, conv2dInputGradient, conv2dWeightGradient } from "./conv2d.ts";
import { depthwiseConv2d } from "./depthwise-conv2d.ts";

const rng = makeRng(11);
const random = (...shape: readonly number[]): OperatorValue => randomValue(rng, ...shape);

type Case = {
  readonly x: readonly [number, number, number, number];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly dilation?: readonly [number, number];
  readonly padding: "same" | "valid";
  readonly groups?: number;
  readonly filters: number;
};

const CASES: readonly Case[] = [
  { x: [2, 5, 6, 3], kernel: [3, 3], stride: [1, 1], padding: "same", filters: 5 },
  { x: [2, 5, 6, 3], kernel: [3, 2], stride: [1, 2], padding: "valid", filters: 9 },
  { x: [1, 9, 5, 1], kernel: [5, 4], stride: [2, 2], padding: "same", filters: 4 },
  { x: [2, 1, 1, 1], kernel: [1, 1], stride: [1, 1], padding: "valid", filters: 1 },
  { x: [2, 1, 1, 2], kernel: [3, 5], stride: [2, 1], padding: "same", filters: 3 },
  { x: [3, 4, 4, 6], kernel: [1, 1], stride: [1, 1], padding: "same", filters: 8 },
  { x: [1, 7, 8, 2], kernel: [2, 1], stride: [3, 4], padding: "same", filters: 2 },
  { x: [1, 7, 8, 2], kernel: [2, 1], stride: [3, 4], padding: "valid", filters: 2 },
  {
    x: [1, 9, 8, 2],
    kernel: [3, 3],
    stride: [1, 1],
    dilation: [2, 3],
    padding: "same",
    filters: 3,
  },
  {
    x: [1, 9, 8, 2],
    kernel: [3, 2],
    stride: [2, 3],
    dilation: [3, 2],
    padding: "valid",
    filters: 3,
  },
  {
    x: [1, 9, 8, 1],
    kernel: [3, 2],
    stride: [2, 2],
    dilation: [4, 2],
    padding: "same",
    filters: 3,
  },
  {
    x: [1, 3, 2, 2],
    kernel: [2, 2],
    stride: [1, 1],
    dilation: [7, 5],
    padding: "same",
    filters: 2,
  },
  { x: [2, 4, 5, 6], kernel: [3, 3], stride: [1, 2], padding: "same", groups: 3, filters: 12 },
  { x: [1, 4, 5, 4], kernel: [2, 3], stride: [1, 1], padding: "same", groups: 4, filters: 4 },
  // Tall and wide kernels, whose borders have many parts: images with zeros around them.
  { x: [2, 11, 5, 2], kernel: [7, 3], stride: [2, 1], padding: "same", groups: 2, filters: 4 },
  { x: [2, 4, 12, 3], kernel: [2, 6], stride: [3, 1], padding: "same", filters: 2 },
  { x: [2, 9, 10, 1], kernel: [6, 5], stride: [1, 2], padding: "same", filters: 5 },
  // More than the weight gradient sums in one go.
  { x: [40, 9, 9, 2], kernel: [2, 1], stride: [1, 2], padding: "same", filters: 3 },
];

const reach = (size: number, dilation: number): number => (size - 1) * dilation + 1;

/** Every output as a sum over all taps, those beyond the border skipped; and both gradients. */
function plain(c: Case, x: OperatorValue, w: OperatorValue, b: OperatorValue, dy?: OperatorValue) {
  const [B, H, W, C] = c.x;
  const [dilation, groups] = [c.dilation ?? [1, 1], c.groups ?? 1];
  const [inputs, outputs] = [C / groups, c.filters / groups];
  const axes = [0, 1].map((axis) => {
    const [length, size] = [[H, W][axis]!, reach(c.kernel[axis]!, dilation[axis]!)];
    const stride = c.stride[axis]!;
    if (c.padding === "valid")
      return { count: Math.floor((length - size) / stride) + 1, before: 0 };
    const count = Math.ceil(length / stride);
    return { count, before: Math.floor(Math.max((count - 1) * stride + size - length, 0) / 2) };
  });
  const [down, across] = axes as [(typeof axes)[0], (typeof axes)[0]];
  const data: number[] = [];
  const [dx, dw] = [x, w]
    .map((value) => value.data.length)
    .map((n) => new Array<number>(n).fill(0));
  for (let n = 0; n < B; n++)
    for (let row = 0; row < down.count; row++)
      for (let column = 0; column < across.count; column++)
        for (let o = 0; o < c.filters; o++) {
          let sum = b.data[o]!;
          for (let kh = 0; kh < c.kernel[0]; kh++)
            for (let kw = 0; kw < c.kernel[1]; kw++)
              for (let i = 0; i < inputs; i++) {
                const y = row * c.stride[0] - down.before + kh * dilation[0]!;
                const z = column * c.stride[1] - across.before + kw * dilation[1]!;
                if (y < 0 || y >= H || z < 0 || z >= W) continue;
                const channel = Math.floor(o / outputs) * inputs + i;
                const here = ((n * H + y) * W + z) * C + channel;
                const weight = ((kh * c.kernel[1] + kw) * inputs + i) * c.filters + o;
                sum += x.data[here]! * w.data[weight]!;
                const gradient = dy?.data[data.length] ?? 0;
                dx![here]! += gradient * w.data[weight]!;
                dw![weight]! += gradient * x.data[here]!;
              }
          data.push(sum);
        }
  return { shape: [B, down.count, across.count, c.filters], data, dx: dx!, dw: dw! };
}

const attributesOf = ({ stride, dilation, padding, groups }: Case): Attributes => ({
  stride,
  padding,
  ...(dilation ? { dilation } : {}),
  ...(groups ? { groups } : {}),
});

/** The cases with as many groups as channels, as depthwise convolutions. */
const DEPTHWISE: readonly Case[] = CASES.map((c) => {
  const channels = c.x[3];
  return { ...c, groups: channels, filters: channels * (c.filters % 2 === 0 ? 1 : 2) };
});

const title = (c: Case): string => JSON.stringify(c);

test("conv2d for sizes, strides, dilations, paddings, groups", () => {
  for (const c of CASES) {
    const x = random(...c.x);
    const w = random(...c.kernel, c.x[3] / (c.groups ?? 1), c.filters);
    const b = random(c.filters);
    const expected = plain(c, x, w, b);
    const { shape, data } = run(conv2d, [x, w, b], attributesOf(c));
    assert.deepEqual(shape, expected.shape, title(c));
    assert.ok(largestError(data, expected.data) < 5e-6, title(c));
  }
});

test("depthwiseConv2d is a convolution with a group for each channel", () => {
  for (const c of DEPTHWISE) {
    const [x, b] = [random(...c.x), random(c.filters)];
    const w = random(...c.kernel, c.x[3], c.filters / c.x[3]);
    const expected = plain(c, x, w, b);
    const { groups: _, ...attributes } = attributesOf(c);
    const { shape, data } = run(depthwiseConv2d, [x, w, b], attributes);
    assert.deepEqual(shape, expected.shape, title(c));
    assert.ok(largestError(data, expected.data) < 5e-6, title(c));
  }
});

/** Cases small enough for finite differences, which run the interpreter twice per element. */
const SMALL: readonly Case[] = [
  { x: [2, 3, 2, 2], kernel: [3, 2], stride: [1, 1], padding: "same", filters: 2 },
  { x: [1, 4, 5, 1], kernel: [2, 3], stride: [2, 1], padding: "valid", filters: 2 },
  { x: [1, 4, 3, 2], kernel: [1, 1], stride: [3, 2], padding: "same", filters: 1 },
  {
    x: [1, 5, 4, 1],
    kernel: [2, 2],
    stride: [1, 2],
    dilation: [2, 3],
    padding: "same",
    filters: 2,
  },
  { x: [1, 2, 3, 4], kernel: [2, 2], stride: [1, 1], padding: "same", groups: 2, filters: 2 },
  { x: [1, 1, 1, 1], kernel: [1, 1], stride: [1, 1], padding: "same", filters: 1 },
];

test("the gradients of conv2d", () => {
  for (const c of SMALL) {
    const shapes = [c.x, [...c.kernel, c.x[3] / (c.groups ?? 1), c.filters], [c.filters]];
    const { worst, where } = gradientError(shapes, (builder, names) =>
      builder.one(conv2d, names, attributesOf(c)),
    );
    assert.ok(worst < 1e-4, `${worst} at ${where} of ${title(c)}`);
  }
});

test("the gradients of depthwiseConv2d", () => {
  for (const c of SMALL.slice(0, 4)) {
    const multiplier = 3 - c.x[3];
    const shapes = [c.x, [...c.kernel, c.x[3], multiplier], [c.x[3] * multiplier]];
    const { groups: _, ...attributes } = attributesOf(c);
    const { worst, where } = gradientError(shapes, (builder, names) =>
      builder.one(depthwiseConv2d, names, attributes),
    );
    assert.ok(worst < 1e-4, `${worst} at ${where} of ${title(c)}`);
  }
});

test("both gradients against plain loops", () => {
  for (const c of CASES) {
    const [x, w] = [random(...c.x), random(...c.kernel, c.x[3] / (c.groups ?? 1), c.filters)];
    const attributes = attributesOf(c);
    const { shape } = plain(c, x, w, random(c.filters));
    const dy = random(...shape);
    const expected = plain(c, x, w, random(c.filters), dy);
    const dx = run(conv2dInputGradient, [dy, w], { ...attributes, inputSize: c.x.slice(1, 3) });
    assert.deepEqual(dx.shape, c.x);
    assert.ok(largestError(dx.data, expected.dx) < 1e-5, title(c));
    const dw = run(conv2dWeightGradient, [x, dy], { ...attributes, kernelSize: c.kernel });
    assert.deepEqual(dw.shape, w.shape);
    assert.ok(largestError(dw.data, expected.dw) < 1e-5, title(c));
  }
});

test("multiply-accumulates count the taps within the image", () => {
  const spec = (name: string, shape: readonly number[]) =>
    ({ name, dtype: "float32", shape }) as const;
  const inputs = [spec("x", [2, 3, 3, 4]), spec("w", [3, 3, 4, 5]), spec("b", [5])];
  const attributes = { stride: [1, 1], padding: "same" };
  const outputs = [{ ...spec("y", [2, 3, 3, 5]) }];
  // A row of three sees 2 + 3 + 2 taps, so the image sees 49.
  assert.equal(conv2d.macs!({ inputs, outputs, attributes }), 2 * 49 * 4 * 5);
});

test("shape rules name the operator, the rule and the value", () => {
  const image = random(1, 3, 3, 4);
  assert.throws(
    () => run(conv2d, [image, random(3, 3, 3, 2), random(2)], { stride: [1, 1], padding: "same" }),
    /conv2d: "x1" must have shape \[3,3,4,2\], got \[3,3,3,2\]/,
  );
  assert.throws(
    () =>
      run(conv2d, [image, random(1, 1, 1, 4), random(4)], {
        stride: [1, 1],
        padding: "same",
        groups: 3,
      }),
    /conv2d: groups must divide 4 channels, got 3/,
  );
  assert.throws(
    () => run(conv2d, [image, random(4, 1, 4, 2), random(2)], { stride: [1, 1], padding: "valid" }),
    /conv2d: a window must fit 3 rows, got 4/,
  );
  assert.throws(
    () =>
      run(depthwiseConv2d, [image, random(1, 1, 4, 1), random(4)], { stride: 1, padding: "same" }),
    /depthwiseConv2d: stride must be two whole numbers of at least 1, got 1/,
  );
});
