/**
 * Numbers of int8 quantisation: scales and zero points from ranges, quantised arrays, and the
 * fixed-point form of a real multiplier. Follows the TFLite converter, which computes in float32
 * and rounds half away from zero, so that the same ranges give the same integers.
 */
import { assert } from "../base/errors.ts";
import type { Quantization } from "./tensor.ts";

/** The extremes of the values of a tensor. */
export type ValueRange = { readonly min: number; readonly max: number };

/** `multiplier * 2^(shift - 31)`: an int32 mantissa in [2^30, 2^31), or 0 with shift 0. */
export type FixedPointMultiplier = { readonly multiplier: number; readonly shift: number };

/** Every softmax has this output, whatever was observed: probabilities in steps of 1/256. */
export const SOFTMAX_QUANTIZATION: Quantization = { scale: [1 / 256], zeroPoint: -128 };

/** Rounds to the nearest integer, half away from zero. */
export function roundHalfAway(x: number): number {
  const magnitude = Math.abs(x);
  const whole = Math.floor(magnitude);
  const rounded = magnitude - whole >= 0.5 ? whole + 1 : whole;
  return x < 0 ? -rounded : rounded;
}

const clamp = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);

/** The scale of a tensor that has one. */
export function scaleOf(quantization: Quantization | undefined): number {
  assert(quantization?.scale.length === 1, "the tensor has one scale");
  return Math.fround(quantization.scale[0]!);
}

/**
 * Parameters of an int8 activation: 256 steps over the range, widened to hold 0, which is exact. A
 * range of zero width gets the scale 1, so that the tensor can still be divided by it.
 */
export function activationQuantization(range: ValueRange): Quantization {
  const min = Math.fround(Math.min(range.min, 0));
  const max = Math.fround(Math.max(range.max, 0));
  const scale = Math.fround(Math.fround(max - min) / 255);
  if (scale === 0) return { scale: [1], zeroPoint: -128 };
  const zeroPoint = clamp(roundHalfAway(Math.fround(-128 - Math.fround(min / scale))), -128, 127);
  return { scale: [scale], zeroPoint: zeroPoint + 0 };
}

/** `clamp(round(x / scale) + zeroPoint)` of every value; NaN gives the lowest. */
export function quantizeValues(
  values: ArrayLike<number>,
  quantization: Quantization,
): Int8Array<ArrayBuffer> {
  const scale = scaleOf(quantization);
  const { zeroPoint } = quantization;
  const quantized = new Int8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const q = roundHalfAway(Math.fround(Math.fround(values[i]!) / scale)) + zeroPoint;
    quantized[i] = Number.isNaN(q) ? -128 : clamp(q, -128, 127);
  }
  return quantized;
}

export type QuantizedWeights = {
  /** int8 in [-127, 127], in the order of the given values. */
  readonly weights: Int8Array<ArrayBuffer>;
  /** int32 [outputs], at the scale of the input times that of the output's weights. */
  readonly bias: Int32Array<ArrayBuffer>;
  /** Axis 0 of the weights per channel, or one scale. */
  readonly quantization: Quantization;
};

/**
 * Symmetric weights and their bias. Where a bias is so large beside its weights that it would
 * leave int32, the scale of the weights grows until it fits.
 * @param weights float32 [outputs, ...], row-major
 * @param bias float32 [outputs]
 * @param inputScale of the activation that the weights multiply
 * @param perChannel one scale for each output rather than one for all
 */
export function quantizeWeights(
  weights: ArrayLike<number>,
  bias: ArrayLike<number>,
  inputScale: number,
  perChannel: boolean,
): QuantizedWeights {
  const outputs = bias.length;
  const perOutput = weights.length / outputs;
  const magnitudes = new Float32Array(outputs);
  for (let o = 0; o < outputs; o++) {
    let magnitude = 0;
    for (let i = o * perOutput; i < (o + 1) * perOutput; i++)
      magnitude = Math.max(magnitude, Math.abs(weights[i]!));
    magnitudes[o] = magnitude;
  }
  if (!perChannel) magnitudes.fill(magnitudes.reduce((a, b) => Math.max(a, b), 0));
  for (let o = 0; o < outputs; o++) {
    const size = Math.abs(bias[o]!);
    if (size > 0 && size >= 0.5 * inputScale * (magnitudes[o]! / 127) * 2147483648)
      magnitudes[o] = ((2 * size) / 2147483648) * (127 / inputScale);
  }
  if (!perChannel) magnitudes.fill(magnitudes.reduce((a, b) => Math.max(a, b), 0));

  const scales = magnitudes.map((magnitude) => magnitude / 127);
  const quantizedWeights = new Int8Array(weights.length);
  const quantizedBias = new Int32Array(outputs);
  for (let o = 0; o < outputs; o++) {
    // A channel without weights and bias keeps the scale 0: its multiplier is 0 as well.
    if (magnitudes[o] === 0) continue;
    const steps = Math.fround(127 / magnitudes[o]!);
    for (let i = o * perOutput; i < (o + 1) * perOutput; i++)
      quantizedWeights[i] = clamp(
        roundHalfAway(Math.fround(Math.fround(weights[i]!) * steps)),
        -127,
        127,
      );
    const biasSteps = Math.fround(1 / Math.fround(Math.fround(inputScale) * scales[o]!));
    const q = roundHalfAway(Math.fround(Math.fround(bias[o]!) * biasSteps));
    quantizedBias[o] = clamp(q, -2147483647, 2147483647);
  }
  return {
    weights: quantizedWeights,
    bias: quantizedBias,
    quantization: perChannel
      ? { scale: Array.from(scales), zeroPoint: 0, axis: 0 }
      : { scale: [scales[0]!], zeroPoint: 0 },
  };
}

/**
 * The bias that makes `sum w * x + bias'` equal `sum w * (x - inputZeroPoint) + bias`, exact in
 * the wrapping arithmetic of int32.
 * @param weights int8 [outputs, ...], row-major
 */
export function foldZeroPoint(
  weights: ArrayLike<number>,
  bias: ArrayLike<number>,
  inputZeroPoint: number,
): Int32Array<ArrayBuffer> {
  const perOutput = weights.length / bias.length;
  return Int32Array.from(bias, (b, o) => {
    let sum = 0;
    for (let i = o * perOutput; i < (o + 1) * perOutput; i++) sum += weights[i]!;
    return (b - inputZeroPoint * sum) | 0;
  });
}

/**
 * The factors between a sum of products and the output, one for each scale of the weights.
 * @param product the precision of input scale times weight scale: the reference kernels form it in
 *   float32 in a dense layer with one scale for all weights, and in double everywhere else
 */
export function effectiveScales(
  input: Quantization | undefined,
  weights: Quantization | undefined,
  output: Quantization | undefined,
  product: "float32" | "float64",
): readonly number[] {
  assert(weights !== undefined, "the weights are quantised");
  const inputScale = scaleOf(input);
  const outputScale = scaleOf(output);
  return weights.scale.map((scale) => {
    const both = inputScale * Math.fround(scale);
    return (product === "float32" ? Math.fround(both) : both) / outputScale;
  });
}

const bits = new DataView(new ArrayBuffer(8));

/**
 * Splits a factor into mantissa and exponent, through its bits: exact on every machine. Factors
 * below 2^-32 become 0.
 * @param factor finite, not negative, below 2^31
 */
export function quantizeMultiplier(factor: number): FixedPointMultiplier {
  assert(factor >= 0 && factor < 2147483648, `a multiplier is within [0, 2^31), got ${factor}`);
  bits.setFloat64(0, factor);
  const exponent = (bits.getUint32(0) >>> 20) - 1022;
  if (exponent < -32) return { multiplier: 0, shift: 0 };
  bits.setUint32(0, (bits.getUint32(0) & 0x000fffff) | (1022 << 20)); // now in [0.5, 1)
  const mantissa = Math.round(bits.getFloat64(0) * 2147483648);
  const carries = mantissa === 2147483648;
  const shift = carries ? exponent + 1 : exponent;
  if (shift < -31) return { multiplier: 0, shift: 0 };
  return { multiplier: carries ? 1073741824 : mantissa, shift };
}
