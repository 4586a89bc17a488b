// Quantisation parameters against their definitions.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../base/rng.ts";
import {
  activationQuantization,
  effectiveScales,
  foldZeroPoint,
  quantizeMultiplier,
  quantizeValues,
  quantizeWeights,
  roundHalfAway,
} from "./quantization.ts";

const exactly = (x: number): { mantissa: bigint; exponent: number } => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const bits = view.getBigUint64(0);
  return {
    mantissa: (bits & 0xfffffffffffffn) | 0x10000000000000n,
    exponent: Number(bits >> 52n) - 1075,
  };
};

test("quantizeMultiplier is the nearest mantissa of 31 bits", () => {
  const rng = makeRng(5);
  for (let n = 0; n < 5000; n++) {
    const factor = (1 + rng.float() + rng.int(4) / 2 ** 40) * 2 ** (rng.int(60) - 30);
    const { multiplier, shift } = quantizeMultiplier(factor);
    assert.ok(multiplier >= 2 ** 30 && multiplier < 2 ** 31, `${factor}: ${multiplier}`);
    // |factor - multiplier * 2^(shift - 31)| <= 2^(shift - 32), in units of 2^-200.
    const { mantissa, exponent } = exactly(factor);
    const error =
      (mantissa << BigInt(exponent + 200)) - (BigInt(multiplier) << BigInt(shift + 169));
    const half = 1n << BigInt(shift + 168);
    assert.ok(error <= half && -error <= half, `${factor}`);
  }
});

test("quantizeMultiplier at its edges", () => {
  const at = (factor: number): number[] => Object.values(quantizeMultiplier(factor));
  assert.deepEqual(at(0), [0, 0]);
  assert.deepEqual(at(0.5), [1073741824, 0]);
  assert.deepEqual(at(1), [1073741824, 1]);
  assert.deepEqual(at(1 - 2 ** -32), [1073741824, 1]); // the mantissa carries
  assert.deepEqual(at(1 - 2 ** -31), [2147483647, 0]);
  assert.deepEqual(at(2 ** -32), [1073741824, -31]);
  assert.deepEqual(at(2 ** -32 * (1 - 2 ** -40)), [1073741824, -31]);
  assert.deepEqual(at(2 ** -33), [0, 0]);
  assert.deepEqual(at(5e-324), [0, 0]);
  assert.deepEqual(at(2147483647), [2147483647, 31]);
  for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY, 2147483648])
    assert.throws(() => quantizeMultiplier(bad), /multiplier/);
});

test("roundHalfAway rounds halves away from zero and nothing else up", () => {
  assert.deepEqual(
    [0.5, 1.5, -0.5, -2.5, 2.4, -2.4, 0.49999999999999994, -0.49999999999999994].map(
      (x) => roundHalfAway(x) + 0,
    ),
    [1, 2, -1, -3, 2, -2, 0, 0],
  );
});

test("activation parameters cover the range and 0", () => {
  assert.deepEqual(activationQuantization({ min: 0, max: 255 }), { scale: [1], zeroPoint: -128 });
  assert.deepEqual(activationQuantization({ min: 2, max: 51 }), {
    scale: [Math.fround(51 / 255)],
    zeroPoint: -128,
  });
  assert.deepEqual(activationQuantization({ min: -255, max: -1 }), { scale: [1], zeroPoint: 127 });
  assert.deepEqual(activationQuantization({ min: -1.5, max: 253.5 }), {
    scale: [1],
    zeroPoint: -127,
  });
  assert.deepEqual(activationQuantization({ min: 0, max: 0 }), { scale: [1], zeroPoint: -128 });
});

test("values are divided in float32, rounded half away and clamped", () => {
  const quantized = quantizeValues([0.25, -0.25, 0.75, 1e9, -1e9, Number.NaN], {
    scale: [0.5],
    zeroPoint: 3,
  });
  assert.deepEqual([...quantized], [4, 2, 5, 127, -128, -128]);
  // The nearest float32 of 0.3 over that of 0.2 is 1.5 in float32 but more in double.
  const [a, b] = [Math.fround(0.3), Math.fround(0.2)];
  assert.notEqual(a / b, 1.5);
  assert.deepEqual([...quantizeValues([a, -a], { scale: [b], zeroPoint: 0 })], [2, -2]);
});

test("weights are symmetric per channel or per tensor", () => {
  const weights = [1, -0.5, 0.25, 0, 0, 0, -4, 2, 0.016];
  const each = quantizeWeights(weights, [0.1, 0, -0.1], 0.5, true);
  assert.deepEqual([...each.weights], [127, -64, 32, 0, 0, 0, -127, 64, 1]);
  assert.deepEqual(each.quantization, {
    scale: [Math.fround(1 / 127), 0, Math.fround(4 / 127)],
    zeroPoint: 0,
    axis: 0,
  });
  assert.deepEqual([...each.bias], [25, 0, -6]);
  const one = quantizeWeights(weights, [0.1, 0, -0.1], 0.5, false);
  assert.deepEqual([...one.weights], [32, -16, 8, 0, 0, 0, -127, 64, 1]);
  assert.deepEqual(one.quantization, { scale: [Math.fround(4 / 127)], zeroPoint: 0 });
});

test("a bias too large for its scale widens the scale of the weights", () => {
  const { bias, weights, quantization } = quantizeWeights([1e-6, 0, 1], [1000, 5, 1], 1e-4, true);
  const step = (o: number): number => 1e-4 * quantization.scale[o]!;
  assert.ok(Math.abs(bias[0]! - 2 ** 30) < 256 && Math.abs(bias[0]! * step(0) - 1000) < 1e-3);
  assert.ok(Math.abs(bias[1]! * step(1) - 5) < 1e-5); // a channel of zeros with a bias
  assert.deepEqual([...weights], [0, 0, 127]);
});

test("the folded bias takes the zero point of the input into account", () => {
  assert.deepEqual([...foldZeroPoint([1, 2, -3, 4, 5, 6], [10, 20], -7)], [10, 125]);
  assert.deepEqual([...foldZeroPoint([127, 127], [-2147483648], 127)], [2147451390]); // wraps
});

test("the product of scales is float32 where the reference kernels form it so", () => {
  const scale = (value: number, axis?: number) => ({
    scale: [Math.fround(value)],
    zeroPoint: 0,
    ...(axis === undefined ? {} : { axis }),
  });
  const [a, b, c] = [scale(0.1), scale(0.3, 0), scale(0.7)];
  const product = Math.fround(0.1) * Math.fround(0.3);
  assert.deepEqual(effectiveScales(a, b, c, "float64"), [product / Math.fround(0.7)]);
  assert.deepEqual(effectiveScales(a, b, c, "float32"), [Math.fround(product) / Math.fround(0.7)]);
  assert.notEqual(product, Math.fround(product));
});
