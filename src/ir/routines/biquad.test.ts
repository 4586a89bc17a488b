import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../../base/rng.ts";
import { buildKernel } from "../build.ts";
import { interpret } from "../interpret.ts";
import { verifyKernel } from "../verify.ts";
import { addBiquads, type Biquad, largestPole } from "./biquad.ts";

const SECTIONS: readonly Biquad[] = [
  { b0: 0.25, b1: 0.5, b2: 0.25, a1: -0.5, a2: 0.375 },
  { b0: 1, b1: -2, b2: 0.75, a1: 0.25, a2: 0.125 },
];

/** The difference equation, one section after the other. */
function filterRef(x: Float64Array, { b0, b1, b2, a1, a2 }: Biquad): Float64Array {
  const y = new Float64Array(x.length);
  const before = (of: Float64Array, i: number): number => (i < 0 ? 0 : of[i]!);
  for (let i = 0; i < x.length; i++)
    y[i] =
      b0 * x[i]! +
      b1 * before(x, i - 1) +
      b2 * before(x, i - 2) -
      a1 * before(y, i - 1) -
      a2 * before(y, i - 2);
  return y;
}

test("a cascade is its difference equations, one after the other", () => {
  const size = 40;
  const kernel = buildKernel("filter", (k) => {
    const x = k.input("float32", size);
    const y = k.output("float32", size);
    const filter = addBiquads(k, SECTIONS);
    k.loop(size, (i) => y.store(i, filter(x.load(i))));
  });
  verifyKernel(kernel);
  const rng = makeRng(1);
  const x = Float64Array.from({ length: size }, () => Math.fround(rng.uniform(-1, 1)));
  const expected = SECTIONS.reduce(filterRef, x);
  const wide = new Float64Array(size);
  const narrow = new Float32Array(size);
  interpret(kernel, { x, y: wide }, { precision: "float64" });
  interpret(kernel, { x: Float32Array.from(x), y: narrow });
  expected.forEach((value, i) => {
    assert.ok(Math.abs(wide[i]! - value) < 1e-14, `${i}: ${wide[i]} for ${value}`);
    assert.ok(Math.abs(narrow[i]! - value) < 1e-6, `${i}: ${narrow[i]} for ${value}`);
  });
});

test("the largest pole is found for real and complex poles", () => {
  const section = (a1: number, a2: number): Biquad => ({ b0: 1, b1: 0, b2: 0, a1, a2 });
  assert.equal(largestPole(section(0, 0.25)), 0.5); // +-0.5i
  assert.equal(largestPole(section(-0.25, -0.125)), 0.5); // 0.5 and -0.25
  assert.equal(largestPole(section(-2, 1 - 1e-9)), 1); // rounds to a double pole at 1
});
