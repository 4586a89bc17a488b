// convTranspose2d against plain loops by Keras's rule of sizes, and its gradients.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../../base/rng.ts";
import { gradientError } from "../gradient-error.ts";
import { largestError, randomValue, runOperator as run } from "../run-operator.ts";
import { addBias } from "./add-bias.ts";
import { convTranspose2d } from "./conv-transpose-2d.ts";

type Case = readonly [
  x: readonly [number, number, number, number],
  kernel: readonly [number, number],
  stride: readonly [number, number],
  padding: "same" | "valid",
  outputs: number,
];

const CASES: readonly Case[] = [
  [[2, 3, 4, 3], [3, 3], [2, 2], "same", 5],
  [[1, 3, 4, 2], [3, 2], [2, 3], "valid", 4],
  [[1, 1, 1, 1], [1, 1], [1, 1], "same", 1],
  [[1, 5, 2, 1], [2, 4], [3, 1], "same", 2],
  [[1, 4, 3, 2], [1, 2], [3, 4], "valid", 3],
  [[2, 2, 3, 4], [4, 5], [1, 2], "valid", 1],
];

/** Each input adds its value times the kernel at its place; "same" cuts what stands over. */
function plain(
  [[B, H, W, C], [kh, kw], [down, across], padding, O]: Case,
  x: ArrayLike<number>,
  w: ArrayLike<number>,
) {
  const axis = (length: number, size: number, stride: number) => {
    const over = Math.max(size - stride, 0);
    return padding === "same"
      ? { length: length * stride, before: over >> 1 }
      : { length: length * stride + over, before: 0 };
  };
  const [rows, columns] = [axis(H, kh, down), axis(W, kw, across)];
  const y = new Array<number>(B * rows.length * columns.length * O).fill(0);
  for (let b = 0; b < B; b++)
    for (let i = 0; i < H; i++)
      for (let j = 0; j < W; j++)
        for (let p = 0; p < kh; p++)
          for (let q = 0; q < kw; q++) {
            const [row, column] = [i * down + p - rows.before, j * across + q - columns.before];
            if (row < 0 || row >= rows.length || column < 0 || column >= columns.length) continue;
            for (let o = 0; o < O; o++)
              for (let c = 0; c < C; c++)
                y[((b * rows.length + row) * columns.length + column) * O + o]! +=
                  x[((b * H + i) * W + j) * C + c]! * w[((p * kw + q) * O + o) * C + c]!;
          }
  return { shape: [B, rows.length, columns.length, O], y };
}

test("convTranspose2d for sizes, strides, paddings", () => {
  const rng = makeRng(3);
  for (const one of CASES) {
    const [shape, kernel, stride, padding, outputs] = one;
    const x = randomValue(rng, ...shape);
    const w = randomValue(rng, ...kernel, outputs, shape[3]);
    const actual = run(convTranspose2d, [x, w], { stride, padding });
    const expected = plain(one, x.data, w.data);
    assert.deepEqual(actual.shape, expected.shape, JSON.stringify(one));
    assert.ok(largestError(actual.data, expected.y) < 5e-6, JSON.stringify(one));
  }
});

test("the gradients of convTranspose2d and addBias", () => {
  const small: readonly Case[] = [
    [[1, 2, 2, 2], [3, 2], [2, 1], "same", 2],
    [[2, 1, 2, 1], [1, 3], [2, 2], "valid", 2],
  ];
  for (const [shape, kernel, stride, padding, outputs] of small) {
    const shapes = [shape, [...kernel, outputs, shape[3]], [outputs]];
    const { worst, where } = gradientError(shapes, (builder, [x, w, b]) =>
      builder.one(addBias, [builder.one(convTranspose2d, [x!, w!], { stride, padding }), b!]),
    );
    assert.ok(worst < 1e-6, `${worst} at ${where}`);
  }
});

test("shape rules name the operator, the rule and the value", () => {
  const rng = makeRng(1);
  const [x, w] = [randomValue(rng, 1, 3, 3, 4), randomValue(rng, 2, 2, 5, 3)];
  const stride = [2, 2];
  assert.throws(
    () => run(convTranspose2d, [x, w], { stride, padding: "same" }),
    /convTranspose2d: "x1" must have shape \[2,2,5,4\], got \[2,2,5,3\]/,
  );
  assert.throws(
    () => run(convTranspose2d, [x, randomValue(rng, 2, 2, 5, 4)], { stride, padding: "causal" }),
    /convTranspose2d: padding must be "same" or "valid", got causal/,
  );
  assert.throws(
    () => run(addBias, [x, randomValue(rng, 3)]),
    /addBias: "x1" must have shape \[4\], got \[3\]/,
  );
});
