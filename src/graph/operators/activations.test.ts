// The activations against float64 formulas, their edges, and their gradients.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as math from "../../base/math.ts";
import { buildGraph } from "../build.ts";
import { gradientError } from "../gradient-error.ts";
import type { Attributes, Operator } from "../graph.ts";
import { interpretGraph } from "../interpret-graph.ts";
import { div } from "./div.ts";
import { elu } from "./elu.ts";
import { gelu } from "./gelu.ts";
import { hardSigmoid } from "./hard-sigmoid.ts";
import { hardSwish } from "./hard-swish.ts";
import { leakyRelu } from "./leaky-relu.ts";
import { relu6 } from "./relu6.ts";
import { sigmoid } from "./sigmoid.ts";
import { softplus } from "./softplus.ts";
import { sub } from "./sub.ts";
import { swish } from "./swish.ts";
import { tanh } from "./tanh.ts";

/** The operator applied to each number of `xs`, in float32. */
function apply(operator: Operator, attributes: Attributes, xs: Float32Array): readonly number[] {
  const builder = buildGraph();
  const y = builder.one(operator, [builder.constant("x", "float32", [xs.length], xs)], attributes);
  return [...interpretGraph(builder.finish([y]), new Map()).get(y)!];
}

const sigmoid64 = (x: number): number => 1 / (1 + math.exp(-x));
const tanh64 = (x: number): number => {
  const e = math.expm1(2 * Math.abs(x));
  return x === 0 ? 0 : Math.abs(x) > 300 ? Math.sign(x) : (Math.sign(x) * e) / (e + 2);
};

type Case = {
  readonly operator: Operator;
  readonly attributes?: Attributes;
  readonly exact: (x: number) => number;
  /** Largest relative error in units of 2^-23, where the result is no subnormal. */
  readonly tolerance: number;
  /** Below this x only the absolute error counts, of results that are nearly 0. */
  readonly from?: number;
};

const CASES: readonly Case[] = [
  { operator: relu6, exact: (x) => Math.min(Math.max(x, 0), 6), tolerance: 0 },
  {
    operator: leakyRelu,
    attributes: { alpha: 0.25 },
    exact: (x) => (x > 0 ? x : 0.25 * x),
    tolerance: 0,
  },
  {
    operator: elu,
    attributes: { alpha: 1.5 },
    exact: (x) => (x > 0 ? x : 1.5 * math.expm1(x)),
    tolerance: 2,
  },
  { operator: sigmoid, exact: sigmoid64, tolerance: 2, from: -87 },
  {
    operator: hardSigmoid,
    exact: (x) => Math.min(Math.max(x + 3, 0), 6) / 6,
    tolerance: 2,
    from: -2,
  },
  { operator: tanh, exact: tanh64, tolerance: 3 },
  { operator: swish, exact: (x) => x * sigmoid64(x), tolerance: 3, from: -87 },
  {
    operator: hardSwish,
    exact: (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6,
    tolerance: 2,
    from: -2,
  },
  {
    operator: gelu,
    exact: (x) => 0.5 * x * (1 + tanh64(Math.sqrt(2 / math.PI) * (x + 0.044715 * x * x * x))),
    tolerance: 6,
    from: -2,
  },
  {
    operator: softplus,
    exact: (x) => Math.max(x, 0) + math.log1p(math.exp(-Math.abs(x))),
    tolerance: 3,
    from: -87,
  },
];

/** Magnitudes from 1e-30 to 90, of both signs. */
const XS = Float32Array.from({ length: 6000 }, (_, i) => {
  const magnitude = 90 * math.exp(-((i >> 1) / 3000) * (i % 4 < 2 ? 8 : 70));
  return i % 2 ? -magnitude : magnitude;
});

for (const { operator, attributes = {}, exact, tolerance, from = -1e30 } of CASES) {
  test(`${operator.name} equals its formula and has its gradient`, () => {
    apply(operator, attributes, XS).forEach((y, i) => {
      const x = XS[i]!;
      const expected = exact(x);
      const error = Math.abs(y - expected);
      const unit = Math.max(x >= from ? Math.abs(expected) : 1, 1.2e-38) / 8388608;
      assert.ok(error <= tolerance * unit, `x ${x}: ${y}, not ${expected}`);
    });
    const { worst, where } = gradientError([[7, 9]], (b, [x]) =>
      b.one(operator, [b.one(div, [x!, quarter(b)])], attributes),
    );
    assert.ok(worst < 1e-6, `${where} is off by ${worst} of the largest`);
  });

  test(`${operator.name} is finite for what is large`, () => {
    const large = Float32Array.of(3e38, -3e38, 100, -100);
    assert.ok(apply(operator, attributes, large).every((y) => Number.isFinite(y)));
  });
}

/** 0.25 everywhere: the inputs within ± 2 then reach the flat parts, beyond ± 6. */
function quarter(b: ReturnType<typeof buildGraph>): string {
  return b.constant("quarter", "float32", [7, 9], new Float32Array(63).fill(0.25));
}

test("near 0 tanh and elu keep every digit", () => {
  const tiny = Float32Array.of(1e-8, -1e-8, 1e-38, -3e-20);
  assert.deepEqual(apply(tanh, {}, tiny), [...tiny]);
  assert.deepEqual(apply(elu, { alpha: 1 }, tiny), [...tiny]);
});

test("NaN stays NaN where a sum or product passes it on", () => {
  const nan = Float32Array.of(Number.NaN);
  for (const operator of [sigmoid, tanh, swish, gelu])
    assert.ok(Number.isNaN(apply(operator, {}, nan)[0]), operator.name);
});

test("sub and div, and their gradients", () => {
  const builder = buildGraph();
  const [a, b] = [Float32Array.of(3, 5, -1), Float32Array.of(2, -4, 8)].map((data, n) =>
    builder.constant(`x${n}`, "float32", [3], data),
  ) as [string, string];
  const [difference, quotient] = [builder.one(sub, [a, b]), builder.one(div, [a, b])];
  const all = interpretGraph(builder.finish([difference, quotient]), new Map());
  assert.deepEqual([...all.get(difference)!], [1, 9, -9]);
  assert.deepEqual([...all.get(quotient)!], [1.5, -1.25, -0.125]);
  for (const operator of [sub, div]) {
    const shape = [2, 5];
    const { worst } = gradientError([shape, shape], (g, names) => {
      // A divisor that stays away from 0.
      const [x, y] = names as [string, string];
      return g.one(operator, [x, g.one(sub, [y, constantOf(g, shape, 5)])]);
    });
    assert.ok(worst < 1e-6, `${operator.name}: ${worst}`);
  }
});

function constantOf(b: ReturnType<typeof buildGraph>, shape: readonly number[], value: number) {
  const size = shape.reduce((n, m) => n * m, 1);
  return b.constant("c", "float32", shape, new Float32Array(size).fill(value));
}

test("attributes out of their range are refused", () => {
  const x = Float32Array.of(1);
  assert.throws(() => apply(elu, { alpha: 0 }, x), /elu: alpha must be positive, got 0/);
  assert.throws(() => apply(leakyRelu, {}, x), /leakyRelu: alpha must be a finite number/);
});
