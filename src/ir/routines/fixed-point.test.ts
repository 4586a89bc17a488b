// The fixed-point builders against their definitions in gemmlowp, written out with BigInt.
import assert from "node:assert/strict";
import { test } from "node:test";
import { exp } from "../../base/math.ts";
import { makeRng } from "../../base/rng.ts";
import type { FixedPointMultiplier } from "../../tensor/quantization.ts";
import { add, buildKernel, type KernelBuilder, mul } from "../build.ts";
import { interpret } from "../interpret.ts";
import type { Expr } from "../kernel.ts";
import { verifyKernel } from "../verify.ts";
import { expOnNegative, oneOverOnePlus, rescaler } from "./fixed-point.ts";

const wrap = (x: bigint): bigint => BigInt.asIntN(32, x);
const saturate = (x: bigint): bigint =>
  x > 2147483647n ? 2147483647n : x < -2147483648n ? -2147483648n : x;

/** SaturatingRoundingDoublingHighMul: nudge, then divide; BigInt division truncates as C's does. */
const highMul = (a: bigint, b: bigint): bigint => {
  const product = a * b;
  return saturate((product + (product >= 0n ? 1n << 30n : 1n - (1n << 30n))) / (1n << 31n));
};
const divideByPowerOfTwo = (x: bigint, exponent: bigint): bigint => {
  const mask = (1n << exponent) - 1n;
  const threshold = (mask >> 1n) + (x < 0n ? 1n : 0n);
  return (x >> exponent) + ((x & mask) > threshold ? 1n : 0n);
};
const multiplyByQuantizedMultiplier = (x: number, factor: FixedPointMultiplier): number => {
  const left = BigInt(Math.max(factor.shift, 0));
  const right = BigInt(Math.max(-factor.shift, 0));
  const product = highMul(wrap(BigInt(x) << left), BigInt(factor.multiplier));
  return Number(divideByPowerOfTwo(product, right));
};

/** Runs `rescaler` on xs, row after row of one value for each channel. */
function rescaled(factors: readonly FixedPointMultiplier[], xs: Int32Array): Int32Array {
  const channels = factors.length;
  const kernel = buildKernel("rescale", (k) => {
    const input = k.input("int32", xs.length);
    const output = k.output("int32", xs.length);
    const rescale = rescaler(k, factors);
    k.parallel(xs.length / channels, (row) =>
      k.parallel(channels, (c) => {
        const at = add(mul(row, channels), c);
        output.store(at, rescale(k.value(input.load(at), "value"), c));
      }),
    );
  });
  verifyKernel(kernel);
  const result = new Int32Array(xs.length);
  interpret(kernel, { x: xs, y: result });
  return result;
}

const EDGES = [0, 1, -1, 2147483647, -2147483647, -2147483648, 1073741824, -1073741824, 3, -3];
const rng = makeRng(7);
const drawX = (): number => {
  if (rng.int(8) === 0) return EDGES[rng.int(EDGES.length)]!;
  return (rng.u32() | 0) >> rng.int(31);
};
const drawMultiplier = (): number =>
  rng.int(8) === 0
    ? [1073741824, 2147483647, 1073741825, 1610612736][rng.int(4)]!
    : 1073741824 + rng.int(1073741824);

/** Draws 40 values for each channel and compares. */
function compare(factors: readonly FixedPointMultiplier[]): number {
  const xs = Int32Array.from({ length: 40 * factors.length }, drawX);
  const expected = xs.map((x, i) => multiplyByQuantizedMultiplier(x, factors[i % factors.length]!));
  assert.deepEqual(rescaled(factors, xs), expected, JSON.stringify(factors));
  return xs.length;
}

test("rescaler equals MultiplyByQuantizedMultiplier for one factor of any shift", () => {
  let count = 0;
  for (let shift = -31; shift <= 30; shift++)
    for (let n = 0; n < 4; n++) count += compare([{ multiplier: drawMultiplier(), shift }]);
  count += compare([{ multiplier: 0, shift: 0 }]);
  assert.ok(count > 9000);
});

test("rescaler equals MultiplyByQuantizedMultiplier for a factor per channel", () => {
  let count = 0;
  const draw = (low: number, high: number): FixedPointMultiplier[] =>
    Array.from({ length: 8 }, () =>
      rng.int(8) === 0
        ? { multiplier: 0, shift: 0 }
        : { multiplier: drawMultiplier(), shift: low + rng.int(high - low + 1) },
    );
  for (let shift = -31; shift <= 30; shift += 2) count += compare(draw(shift, shift));
  for (let n = 0; n < 20; n++) count += compare(draw(-31, -2));
  for (let n = 0; n < 20; n++) count += compare(draw(-31, 30));
  for (let n = 0; n < 10; n++) count += compare(draw(-2, 1));
  count += compare(Array.from({ length: 8 }, () => ({ multiplier: 0, shift: 0 })));
  assert.ok(count > 20000, `${count}`);
});

/** Applies a function of one number, built in a kernel, to all of xs. */
function applied(build: (k: KernelBuilder, x: Expr) => Expr, xs: readonly number[]): Int32Array {
  const kernel = buildKernel("apply", (k) => {
    const input = k.input("int32", xs.length, "argument");
    const output = k.output("int32", xs.length, "result");
    k.parallel(xs.length, (i) => output.store(i, build(k, k.value(input.load(i), "value"))));
  });
  verifyKernel(kernel);
  const result = new Int32Array(xs.length);
  interpret(kernel, { argument: Int32Array.from(xs), result });
  return result;
}

/** gemmlowp `exp_on_negative_values` with 5 integer bits. */
function referenceExp(raw: number): number {
  const a = BigInt(raw);
  if (a === 0n) return 2147483647;
  const quarter = 1n << 24n;
  const part = (a & (quarter - 1n)) - quarter;
  const x = saturate(part << 5n) + (1n << 28n);
  const x2 = highMul(x, x);
  const x3 = highMul(x2, x);
  const x4 = highMul(x2, x2);
  const c = 1895147668n;
  const inner = highMul(divideByPowerOfTwo(x4, 2n) + x3, 715827883n) + x2;
  let result = c + highMul(c, x + divideByPowerOfTwo(inner, 1n));
  const rest = part - a;
  [1672461947n, 1302514674n, 790015084n, 290630308n, 39332535n, 720401n, 242n].forEach((f, i) => {
    if (rest & (1n << BigInt(24 + i))) result = highMul(result, f);
  });
  return Number(result);
}

// The fifth term that the polynomial leaves out is up to (1/8)^5 / 120 = 2.5e-7.
test("expOnNegative equals gemmlowp, which is close to exp", () => {
  const least = 31 * 67108864;
  // Every third lies at the edge of a quarter.
  const xs = Array.from({ length: 6000 }, (_, n) =>
    n % 3 === 0 ? -((n / 3) % 125) * (1 << 24) + (n % 2) : -(rng.u32() % (least + 1)),
  ).map((x) => Math.min(x, 0));
  applied(expOnNegative, xs).forEach((actual, n) => {
    const a = xs[n]!;
    assert.equal(actual, referenceExp(a), `a = ${a}`);
    assert.ok(Math.abs(actual / 2147483648 - exp(a / 67108864)) < 3e-7, `a = ${a}`);
  });
});

/** gemmlowp `one_over_one_plus_x_for_x_in_0_1`. */
function referenceReciprocal(x: number): number {
  const sum = BigInt(x) + 2147483647n;
  const half = (sum + 1n) / 2n;
  let y = 1515870810n + highMul(half, -1010580540n);
  for (let step = 0; step < 3; step++) {
    const error = (1n << 29n) - highMul(half, y);
    y += saturate(highMul(y, error) << 2n);
  }
  return Number(saturate(y << 1n));
}

test("oneOverOnePlus equals gemmlowp, which is close to the quotient", () => {
  const xs = Array.from({ length: 4000 }, (_, n) =>
    n < 64 ? n : n < 128 ? 2147483647 - (n - 64) : rng.u32() >>> 1,
  );
  applied(oneOverOnePlus, xs).forEach((actual, n) => {
    const x = xs[n]!;
    assert.equal(actual, referenceReciprocal(x), `x = ${x}`);
    assert.ok(Math.abs(actual / 2147483648 - 1 / (1 + x / 2147483648)) < 1e-8, `x = ${x}`);
  });
});
