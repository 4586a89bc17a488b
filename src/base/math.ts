/**
 * Elementary functions in float64 that give the same bits on every engine, which `Math.sin`,
 * `Math.pow` and `**` do not promise. Only correctly rounded operations are used: + - * /, sqrt,
 * exact bit access and, for huge angles, BigInt.
 *
 * Method: reduce the argument (Cody and Waite 1980, "Software Manual for the Elementary
 * Functions"; beyond 2^20 Payne and Hanek 1983), sum the Taylor series on the short interval, and
 * carry the leading terms as an unevaluated sum of two doubles (Dekker 1971; Muller, "Elementary
 * Functions", chapters 2 and 11). The error is below 0.8 ulp, for log2, log10 and pow about 0.6.
 */

export const PI: number = Math.PI;
export const TAU: number = 2 * Math.PI;
export const LN2: number = Math.LN2;

// Exact value of a constant = the sum of its parts. LN2_0 has 42 significant bits and PIO2_0 to
// PIO2_2 have 33, so that their products with the integers met here are exact.
const LN2_0 = 0.6931471805598903;
const LN2_1 = 5.497923018708371e-14;
const PIO2_0 = 1.5707963267341256;
const PIO2_1 = 6.077100506303966e-11;
const PIO2_2 = 2.0222662487111665e-21;
const PIO2_3 = 8.4784276603689e-32;
const PIO2_TAIL = 6.123233995736766e-17; // pi/2 - PI / 2
const INVERSE_LN2 = Math.LOG2E;
const INVERSE_LN2_TAIL = 2.0355273740931033e-17;
const INVERSE_LN10 = Math.LOG10E;
const INVERSE_LN10_TAIL = 1.098319650216765e-17;
const TWO_OVER_PI = 0.6366197723675814;

/** floor(2/pi * 2^1200): enough bits for the largest double. */
const TWO_OVER_PI_BITS = BigInt(
  "0xa2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e0" +
    "06492eea09d1921cfe1deb1cb129a73ee88235f52ebb4484e99c7026b45f7e413991d639835339f4" +
    "9c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb09b74f463f669e5fea2d" +
    "7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b",
);

/** 1/n!; n! is exact up to 22. */
function inverseFactorial(n: number): number {
  let product = 1;
  for (let i = 2; i <= n; i++) product *= i;
  return 1 / product;
}

const EXP = Array.from({ length: 13 }, (_, i) => inverseFactorial(i + 2)); // from r^2
const SINH = Array.from({ length: 8 }, (_, i) => inverseFactorial(2 * i + 3)); // from r^3
const COSH = Array.from({ length: 8 }, (_, i) => inverseFactorial(2 * i + 4)); // from r^4
const SIN = SINH.map((value, i) => (i % 2 === 0 ? -value : value));
const COS = COSH.map((value, i) => (i % 2 === 0 ? value : -value));
const LOG = Array.from({ length: 12 }, (_, i) => 2 / (2 * i + 7)); // from s^7

// Second results: functions that return the larger part of a sum leave the rest here, which
// spares an allocation per operation. Read it before the next call.
let tail = 0;
let exponent = 0;
let quadrant = 0;

const bits = new DataView(new ArrayBuffer(8));

/** 2^k for -1022 <= k <= 1023. */
function powerOfTwo(k: number): number {
  bits.setInt32(0, (k + 1023) << 20);
  bits.setInt32(4, 0);
  return bits.getFloat64(0);
}

/** x * 2^k, rounded once, for 0.5 <= |x| < 2 and -1200 < k <= 1100. */
function scale(x: number, k: number): number {
  if (k > 1023) return x * powerOfTwo(1023) * powerOfTwo(k - 1023);
  if (k < -1020) return x * powerOfTwo(k + 300) * powerOfTwo(-300);
  return x * powerOfTwo(k);
}

/** a + b exactly (Knuth): returns the rounded sum and leaves its error in `tail`. */
function twoSum(a: number, b: number): number {
  const sum = a + b;
  const part = sum - a;
  tail = a - (sum - part) + (b - part);
  return sum;
}

/** a * b exactly (Dekker, Veltkamp): as `twoSum`; |a|, |b| < 2^970. */
function twoProduct(a: number, b: number): number {
  const product = a * b;
  const wideA = a * 134217729;
  const wideB = b * 134217729;
  const headA = wideA - (wideA - a);
  const headB = wideB - (wideB - b);
  const restA = a - headA;
  const restB = b - headB;
  tail = headA * headB - product + headA * restB + restA * headB + restA * restB;
  return product;
}

/** (a + aTail) * (b + bTail) to about 2^-102. */
function twoTimes(a: number, aTail: number, b: number, bTail: number): number {
  const product = twoProduct(a, b);
  return twoSum(product, tail + (a * bTail + aTail * b));
}

function polynomial(x: number, coefficients: readonly number[]): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = coefficients[i]! + x * sum;
  return sum;
}

/** exp(x + xTail) = (result + tail) * 2^exponent, result in [0.65, 1.42]; |x| < 800. */
function expParts(x: number, xTail: number): number {
  const k = Math.round(x * INVERSE_LN2);
  const r = twoSum(x - k * LN2_0, xTail - k * LN2_1);
  const rTail = tail;
  const rest = r * r * polynomial(r, EXP) + (rTail + r * rTail);
  const head = twoSum(1, r);
  exponent = k;
  return twoSum(head, tail + rest);
}

/**
 * log(x + xTail) = result + tail for 0 < x < Infinity, to about 2^-66 of its value. With
 * x = 2^k m, s = (m - 1) / (m + 1) and z = s^2: log m = s (2 + z (2/3 + z (2/5 + ...))).
 */
function logParts(x: number, xTail: number): number {
  let k = 0;
  let m = x;
  if (x < 2.2250738585072014e-308) {
    m *= 18014398509481984; // 2^54: subnormals become normal
    k = -54;
  }
  bits.setFloat64(0, m);
  const high = bits.getInt32(0);
  k += (high >> 20) - 1023;
  bits.setInt32(0, (high & 0xfffff) | 0x3ff00000);
  m = bits.getFloat64(0);
  if (m > Math.SQRT2) {
    m /= 2;
    k += 1;
  }
  const mTail = xTail === 0 ? 0 : scale(xTail, -k);
  const top = twoSum(m - 1, mTail);
  const topTail = tail;
  const bottom = twoSum(m, 1);
  const bottomTail = tail + mTail;
  const s = top / bottom;
  const product = twoProduct(s, bottom);
  const sTail = (top - product - tail + (topTail - s * bottomTail)) / bottom;
  const z = twoTimes(s, sTail, s, sTail);
  const zTail = tail;
  // 2/5 and 2/3 are in two parts; the later terms are small enough for one.
  let sum = twoSum(0.4, z * polynomial(z, LOG));
  sum = twoTimes(z, zTail, sum, tail - 2.2204460492503132e-17);
  let rest = tail;
  sum = twoSum(0.6666666666666666, sum);
  rest += tail + 3.700743415417188e-17;
  sum = twoTimes(z, zTail, sum, rest);
  sum = twoTimes(s, sTail, sum, tail);
  rest = tail + 2 * sTail;
  sum = twoSum(2 * s, sum);
  rest += tail;
  sum = twoSum(k * LN2_0, sum);
  return twoSum(sum, rest + (tail + k * LN2_1));
}

/**
 * x = quadrant * pi/2 + (result + tail), |result| <= pi/4 (a hair more), quadrant in 0..3; finite
 * x. The remainder is right to about 2^-80 of its value for every double.
 */
function reduceAngle(x: number): number {
  const size = Math.abs(x);
  tail = 0;
  quadrant = 0;
  if (size <= 0.7853981633974483) return x;
  if (size < 1048576) {
    const n = Math.round(x * TWO_OVER_PI);
    const first = twoSum(x - n * PIO2_0, -n * PIO2_1);
    let rest = tail;
    const second = twoSum(first, -n * PIO2_2);
    rest += tail - n * PIO2_3;
    quadrant = n & 3;
    return twoSum(second, rest);
  }
  bits.setFloat64(0, x);
  const high = bits.getInt32(0);
  const mantissa = (BigInt((high & 0xfffff) | 0x100000) << 32n) | BigInt(bits.getInt32(4) >>> 0);
  // x * 2/pi as a fixed-point number, and its distance from the nearest integer.
  const fractionBits = BigInt(1200 + 1075 - ((high >> 20) & 0x7ff));
  const turns = (high < 0 ? -mantissa : mantissa) * TWO_OVER_PI_BITS;
  const n = (turns + (1n << (fractionBits - 1n))) >> fractionBits;
  const fraction = (turns - (n << fractionBits)) >> (fractionBits - 200n);
  const head = Number(fraction);
  const unit = powerOfTwo(-200);
  const rest = Number(fraction - BigInt(head)) * unit;
  const result = twoTimes(head * unit, rest, PI / 2, PIO2_TAIL);
  quadrant = Number(n & 3n);
  return result;
}

/** sin(r + rTail) = result + tail for |r| <= pi/4. */
function sinParts(r: number, rTail: number): number {
  const z = r * r;
  return twoSum(r, r * z * polynomial(z, SIN) + rTail * (1 - 0.5 * z));
}

/** cos(r + rTail) = result + tail for |r| <= pi/4. */
function cosParts(r: number, rTail: number): number {
  const z = twoProduct(r, r);
  const rest = z * z * polynomial(z, COS) - 0.5 * tail - r * rTail;
  const head = twoSum(1, -0.5 * z);
  return twoSum(head, tail + rest);
}

/** e^x; above about 709.78 Infinity, below about -745.13 zero. */
export function exp(x: number): number {
  if (x > 710) return Infinity;
  if (x < -746) return 0;
  return scale(expParts(x, 0), exponent);
}

/** e^x - 1, accurate near zero too. */
export function expm1(x: number): number {
  if (Math.abs(x) < 0.34) return x + x * x * polynomial(x, EXP);
  if (x > 710) return Infinity;
  if (x < -40) return -1;
  const head = expParts(x, 0);
  if (exponent > 100) return scale(head, exponent);
  const unit = powerOfTwo(exponent);
  const rest = tail * unit;
  const sum = twoSum(head * unit, -1);
  return sum + (tail + rest);
}

/** True where the logarithm is plain: x positive and finite. Elsewhere see `logOfSpecial`. */
function isPositive(x: number): boolean {
  return x > 0 && x < Infinity;
}

function logOfSpecial(x: number): number {
  return x === 0 ? -Infinity : x > 0 ? x : NaN;
}

/** Natural logarithm; log(0) = -Infinity, NaN below zero. */
export function log(x: number): number {
  return isPositive(x) ? logParts(x, 0) : logOfSpecial(x);
}

/** Logarithm to base 2, exact for powers of two. */
export function log2(x: number): number {
  if (!isPositive(x)) return logOfSpecial(x);
  return twoTimes(logParts(x, 0), tail, INVERSE_LN2, INVERSE_LN2_TAIL);
}

/** Logarithm to base 10, exact for the powers of ten that are doubles. */
export function log10(x: number): number {
  if (!isPositive(x)) return logOfSpecial(x);
  return twoTimes(logParts(x, 0), tail, INVERSE_LN10, INVERSE_LN10_TAIL);
}

/** log(1 + x), accurate near zero too. */
export function log1p(x: number): number {
  if (Math.abs(x) < 5e-17) return x;
  if (!(x > -1 && x < Infinity)) return logOfSpecial(1 + x);
  return logParts(twoSum(1, x), tail);
}

/** Sine of x radians, for any finite x; NaN for infinities. */
export function sin(x: number): number {
  if (Math.abs(x) < 1e-8) return x;
  if (!(Math.abs(x) < Infinity)) return NaN;
  const r = reduceAngle(x);
  const value = quadrant & 1 ? cosParts(r, tail) : sinParts(r, tail);
  return quadrant & 2 ? -value : value;
}

/** Cosine of x radians, for any finite x; NaN for infinities. */
export function cos(x: number): number {
  if (!(Math.abs(x) < Infinity)) return NaN;
  const r = reduceAngle(x);
  const value = quadrant & 1 ? sinParts(r, tail) : cosParts(r, tail);
  return quadrant === 1 || quadrant === 2 ? -value : value;
}

/** Tangent of x radians, for any finite x; NaN for infinities. */
export function tan(x: number): number {
  if (Math.abs(x) < 1e-8) return x;
  if (!(Math.abs(x) < Infinity)) return NaN;
  const r = reduceAngle(x);
  const rTail = tail;
  const sine = sinParts(r, rTail);
  const sineTail = tail;
  const cosine = cosParts(r, rTail);
  return quadrant & 1
    ? -divide(cosine, tail, sine, sineTail)
    : divide(sine, sineTail, cosine, tail);
}

/** (a + aTail) / (b + bTail). */
function divide(a: number, aTail: number, b: number, bTail: number): number {
  const quotient = a / b;
  const product = twoProduct(quotient, b);
  return quotient + (a - product - tail + (aTail - quotient * bTail)) / b;
}

/** (e^x + sign e^-x) / 2 for x >= 0.5 and finite. */
function hyperbolic(x: number, sign: 1 | -1): number {
  if (x > 711) return Infinity;
  const head = expParts(x, 0);
  const headTail = tail;
  if (exponent > 40) return scale(head, exponent - 1);
  // e^-x in units of 2^exponent, as two parts.
  const unit = sign * powerOfTwo(-2 * exponent);
  const inverse = 1 / head;
  const product = twoProduct(inverse, head);
  const inverseTail = (1 - product - tail - inverse * headTail) * inverse;
  const sum = twoSum(head, unit * inverse);
  return scale(sum + (tail + headTail + unit * inverseTail), exponent - 1);
}

/** Hyperbolic sine. */
export function sinh(x: number): number {
  if (x < 0) return -sinh(-x);
  return x < 0.5 ? x + x * (x * x) * polynomial(x * x, SINH) : hyperbolic(x, -1);
}

/** Hyperbolic cosine. */
export function cosh(x: number): number {
  const size = Math.abs(x);
  if (!(size < 0.5)) return hyperbolic(size, 1);
  const z = size * size;
  return 1 + (0.5 * z + z * z * polynomial(z, COSH));
}

/** Inverse hyperbolic sine, log(x + sqrt(x^2 + 1)). */
export function asinh(x: number): number {
  if (x < 0) return -asinh(-x);
  if (x < 1e-8 || !(x < Infinity)) return x;
  if (x > 1e9) {
    const head = logParts(x, 0);
    return head + (tail + LN2);
  }
  const square = twoProduct(x, x);
  const squareTail = tail;
  const inner = twoSum(1, square);
  const innerTail = tail + squareTail;
  const root = Math.sqrt(inner);
  const product = twoProduct(root, root);
  const rootTail = (inner - product - tail + innerTail) / (2 * root);
  const sum = twoSum(x, root);
  return logParts(sum, tail + rootTail);
}

/** x to the power y, with the special values of `Math.pow`. */
export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  const size = Math.abs(x);
  if (Number.isNaN(x) || Number.isNaN(y) || (size === 1 && Math.abs(y) === Infinity)) return NaN;
  const isInteger = Math.abs(y) < Infinity && Math.floor(y) === y;
  if (x < 0 && size < Infinity && Math.abs(y) < Infinity && !isInteger) return NaN;
  const sign = isInteger && y % 2 !== 0 && (x < 0 || Object.is(x, -0)) ? -1 : 1;
  if (size === 0 || size === Infinity || Math.abs(y) === Infinity)
    return size > 1 === y > 0 ? sign * Infinity : sign * 0;
  if (size === 1) return sign;
  const logarithm = logParts(size, 0);
  const estimate = logarithm * y;
  if (estimate > 710) return sign * Infinity;
  if (estimate < -746) return sign * 0;
  const product = twoTimes(logarithm, tail, y, 0);
  return sign * scale(expParts(product, tail), exponent);
}
