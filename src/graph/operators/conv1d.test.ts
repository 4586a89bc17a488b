// conv1d with dilation, causal padding and groups; plain windows are in `operators.test.ts`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../../base/rng.ts";
import { gradientError } from "../gradient-error.ts";
import { largestError, randomValue, runOperator } from "../run-operator.ts";
import { conv1d } from "./conv1d.ts";

const CASES = [
  { T: 9, C: 2, K: 3, O: 3, stride: 1, dilation: 2, padding: "same", groups: 1 },
  { T: 9, C: 2, K: 3, O: 2, stride: 2, dilation: 3, padding: "valid", groups: 1 },
  { T: 7, C: 1, K: 3, O: 2, stride: 1, dilation: 2, padding: "causal", groups: 1 },
  { T: 7, C: 2, K: 2, O: 2, stride: 3, dilation: 1, padding: "causal", groups: 1 },
  { T: 5, C: 4, K: 3, O: 6, stride: 1, dilation: 1, padding: "same", groups: 2 },
  { T: 2, C: 3, K: 4, O: 3, stride: 1, dilation: 5, padding: "causal", groups: 3 },
] as const;

const beforeOf = ({ T, K, stride, dilation, padding }: (typeof CASES)[number]): number => {
  const reach = (K - 1) * dilation + 1;
  if (padding === "causal") return reach - 1;
  if (padding === "valid") return 0;
  return Math.floor(Math.max((Math.ceil(T / stride) - 1) * stride + reach - T, 0) / 2);
};

test("conv1d with dilation, causal padding and groups", () => {
  const rng = makeRng(4);
  for (const c of CASES) {
    const { T, C, K, O, stride, dilation, padding, groups } = c;
    const [x, b] = [randomValue(rng, 2, T, C), randomValue(rng, O)];
    const w = randomValue(rng, K, C / groups, O);
    const rows =
      padding === "valid"
        ? Math.floor((T - (K - 1) * dilation - 1) / stride) + 1
        : Math.ceil(T / stride);
    const expected: number[] = [];
    for (let n = 0; n < 2; n++)
      for (let row = 0; row < rows; row++)
        for (let o = 0; o < O; o++) {
          let sum = b.data[o]!;
          for (let k = 0; k < K; k++)
            for (let i = 0; i < C / groups; i++) {
              const t = row * stride - beforeOf(c) + k * dilation;
              const channel = Math.floor(o / (O / groups)) * (C / groups) + i;
              if (t >= 0 && t < T)
                sum += x.data[(n * T + t) * C + channel]! * w.data[(k * (C / groups) + i) * O + o]!;
            }
          expected.push(sum);
        }
    const attributes = { stride, dilation, padding, groups };
    const { shape, data } = runOperator(conv1d, [x, w, b], attributes);
    assert.deepEqual(shape, [2, rows, O], JSON.stringify(c));
    assert.ok(largestError(data, expected) < 5e-6, JSON.stringify(c));
  }
});

test("the gradients of conv1d with dilation, causal padding and groups", () => {
  for (const { T, C, K, O, ...attributes } of CASES) {
    const shapes = [[1, T, C], [K, C / attributes.groups, O], [O]];
    const { worst, where } = gradientError(shapes, (builder, names) =>
      builder.one(conv1d, names, attributes),
    );
    assert.ok(worst < 1e-4, `${worst} at ${where} of ${JSON.stringify(attributes)}`);
  }
});
