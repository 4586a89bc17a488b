import assert from "node:assert/strict";
import { test } from "node:test";
import { cos, sin, TAU } from "../../base/math.ts";
import { makeRng } from "../../base/rng.ts";
import { buildKernel } from "../build.ts";
import { interpret } from "../interpret.ts";
import type { Kernel } from "../kernel.ts";
import { verifyKernel } from "../verify.ts";
import { addRealFft, isFftLength, spectrumLength } from "./rfft.ts";

function fftKernel(fftLength: number): Kernel {
  return buildKernel("rfft", (k) => {
    const x = k.input("float32", fftLength);
    const y = k.output("float32", spectrumLength(fftLength));
    addRealFft(k, y, x.load);
  });
}

/** The definition, summed in float64. */
function rfftRef(x: Float32Array): Float64Array {
  const y = new Float64Array(spectrumLength(x.length));
  for (let b = 0; b <= x.length / 2; b++) {
    for (let i = 0; i < x.length; i++) {
      const angle = (TAU * ((b * i) % x.length)) / x.length;
      y[2 * b]! += x[i]! * cos(angle);
      y[2 * b + 1]! -= x[i]! * sin(angle);
    }
  }
  return y;
}

function largestError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < b.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

for (const fftLength of [4, 8, 16, 32, 64, 256, 1024]) {
  test(`the transform of ${fftLength} samples is the sum that defines it`, () => {
    const kernel = fftKernel(fftLength);
    verifyKernel(kernel);
    const rng = makeRng(fftLength);
    const x = Float32Array.from({ length: fftLength }, () => rng.uniform(-1, 1));
    const expected = rfftRef(x);
    const wide = new Float64Array(expected.length);
    interpret(kernel, { x, y: wide }, { precision: "float64" });
    // Twiddle factors are rounded to float32, which float64 mode keeps: 2^-25 of each product.
    const scale = Math.sqrt(fftLength);
    assert.ok(largestError(wide, expected) < 1e-7 * scale, `${largestError(wide, expected)}`);
    const narrow = new Float32Array(expected.length);
    interpret(kernel, { x, y: narrow });
    assert.ok(largestError(narrow, expected) < 4e-7 * scale, `${largestError(narrow, expected)}`);
  });
}

test("the ends are real, and a cosine falls into its bin exactly", () => {
  const kernel = fftKernel(16);
  const y = new Float32Array(18);
  interpret(kernel, { x: new Float32Array(16).map((_, i) => [1, 0, -1, 0][i % 4]!), y });
  assert.deepEqual(
    [...y].map((value) => value + 0),
    [0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  );
});

test("lengths are powers of two of at least 4", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 12, 16, 1024, -4, 4.5, NaN].filter(isFftLength), [4, 16, 1024]);
  assert.throws(() => fftKernel(12), /power of two of at least 4, got 12/);
});
