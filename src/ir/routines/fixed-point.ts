/**
 * Fixed-point arithmetic of the int8 operators, equal to the bit to the reference kernels of
 * TFLite Micro with double rounding and to the gemmlowp functions beneath them. A number Qm.n is
 * an int32 with n fractional bits; Q0.31 lies within [-1, 1).
 *
 * The forms are chosen for a core with one 32x32->64 multiplication (smull on a Cortex-M4): most
 * outputs need the high word of one product and three more instructions.
 */
import type { FixedPointMultiplier } from "../../tensor/quantization.ts";
import {
  add,
  and,
  eq,
  gt,
  type Index,
  i32,
  i64,
  type KernelBuilder,
  le,
  max,
  op,
  or,
  type StatementBuilder,
  select,
  shl,
  shr,
  sub,
} from "../build.ts";
import type { Expr } from "../kernel.ts";

const int32 = (value: Index): Expr => (typeof value === "number" ? i32(value) : value);
const widen = (value: Index): Expr => op("widen", int32(value));
const product = (a: Index, b: Index): Expr => op("mulL", widen(a), widen(b));

/**
 * Saturating rounding doubling high multiplication, `(a * b + 2^30) >> 31`: the product of two
 * numbers in Q0.31. Ties go up. Not for a = b = -2^31, the one case that would saturate.
 */
export const doublingHighMul = (a: Index, b: Index): Expr =>
  op("narrow", op("shrL", op("addL", product(a, b), i64(1073741824)), i32(31)));

/**
 * `x / 2^exponent` rounded to nearest, ties away from zero.
 * @param x greater than -2^31, and below 2^31 - 1 where the exponent is 1
 * @param exponent within 0 to 31; as an expression within 1 to 31
 */
export function roundingShift(s: StatementBuilder, x: Expr, exponent: Index): Expr {
  if (exponent === 0) return x;
  const value = s.value(x);
  // A negative number is moved down by one before halves round up, so that they round down.
  const shifted = shr(add(value, shr(value, 31)), sub(exponent, 1));
  return shr(add(shifted, 1), 1);
}

/**
 * `doublingHighMul(x, multiplier)` divided by 2^exponent as `roundingShift` does, for exponents of
 * at least 2: both roundings in one product, of which only the high word is needed.
 *
 * With P = x * m + 2^30 the two steps are floor((floor(P / 2^31) - n) / 2^(e-1)) and one halving,
 * n = 1 for negative P. As n * 2^31 can go into the constant, all low bits are shifted out at once.
 * Where x < 0 <= P, both forms give 0.
 * @param exponentLess2 the exponent less 2
 */
function highMulShift(x: Expr, multiplier: Index, exponentLess2: Index): Expr {
  // 2^30 with the sign of x.
  const nudge = op("widen", or(and(x, -2147483648), 1073741824));
  const high = op("narrow", op("shrL", op("addL", product(x, multiplier), nudge), i32(32)));
  return shr(add(shr(high, exponentLess2), 1), 1);
}

/** `x * factor`, rounded twice as the reference kernels do; `x` should be a register. */
export function multiplyByFactor(
  s: StatementBuilder,
  x: Expr,
  { multiplier, shift }: FixedPointMultiplier,
): Expr {
  if (shift <= -2) return highMulShift(x, multiplier, -shift - 2);
  const scaled = doublingHighMul(shl(x, Math.max(shift, 0)), multiplier);
  return roundingShift(s, scaled, Math.max(-shift, 0));
}

/** As `multiplyByFactor` for a factor whose exponent is known only when the kernel runs. */
function multiplyByAnyFactor(s: StatementBuilder, x: Expr, multiplier: Expr, shift: Expr): Expr {
  const right = s.value(max(sub(0, shift), 0), "right");
  const value = s.value(doublingHighMul(shl(x, max(shift, 0)), multiplier), "scaled");
  const mask = s.value(sub(shl(1, right), 1), "mask");
  const threshold = sub(shr(mask, 1), shr(value, 31));
  return add(shr(value, right), select(gt(and(value, mask), threshold), 1, 0));
}

/**
 * Scales accumulators, each with the factor of its output channel; declares the tables it needs
 * as constants of the kernel. Factors that all channels share become literals.
 * @param factors one for each output channel, or one for all
 * @returns x, channel -> x * factor, where x is a register
 */
export function rescaler(
  k: KernelBuilder,
  factors: readonly FixedPointMultiplier[],
): (x: Expr, channel: Expr) => Expr {
  const first = factors[0]!;
  if (factors.every((f) => f.multiplier === first.multiplier && f.shift === first.shift))
    return (x) => multiplyByFactor(k, x, first);
  const multipliers = k.constant(
    Int32Array.from(factors, (f) => f.multiplier),
    "int32",
    "multipliers",
  );
  // A factor of 0 gives 0 under any exponent, so it takes one that suits the others.
  const live = factors.filter((f) => f.multiplier !== 0).map((f) => f.shift);
  const shifts = factors.map((f) => (f.multiplier === 0 ? live[0]! : f.shift));
  if (shifts.every((shift) => shift === shifts[0]!)) {
    const shift = shifts[0]!;
    if (shift <= -2) return (x, o) => highMulShift(x, multipliers.load(o), -shift - 2);
    return (x, o) =>
      roundingShift(
        k,
        doublingHighMul(shl(x, Math.max(shift, 0)), multipliers.load(o)),
        Math.max(-shift, 0),
      );
  }
  if (shifts.every((shift) => shift <= -2)) {
    const exponents = k.constant(
      Int8Array.from(shifts, (shift) => -shift - 2),
      "int8",
      "exponents",
    );
    return (x, o) => highMulShift(x, multipliers.load(o), exponents.load(o));
  }
  const table = k.constant(Int8Array.from(shifts), "int8", "shifts");
  return (x, o) => {
    const shift = k.value(table.load(o), "shift");
    return multiplyByAnyFactor(k, x, multipliers.load(o), shift);
  };
}

/** e^(-1/4), e^(-1/2), … e^(-16) in Q0.31: the factors of the bits 24 to 30 in Q5.26. */
const EXP_FACTORS = Int32Array.of(
  1672461947,
  1302514674,
  790015084,
  290630308,
  39332535,
  720401,
  242,
);
const EXP_MINUS_EIGHTH = 1895147668;
const ONE_THIRD = 715827883;
const LARGEST = 2147483647;

/**
 * `exp(a)` for a <= 0 in Q5.26, as Q0.31 (gemmlowp `exp_on_negative_values`): a Taylor polynomial
 * around -1/8 on the part of `a` within [-1/4, 0), times a factor for each higher bit. Declares a
 * table of the kernel.
 * @param a a register
 */
export function expOnNegative(k: KernelBuilder, a: Expr): Expr {
  const factors = k.constant(EXP_FACTORS, "int32", "expFactors");
  const quarter = 1 << 24;
  const part = k.value(sub(and(a, quarter - 1), quarter), "part");
  const rest = k.value(sub(part, a), "rest");
  const x = k.value(add(shl(part, 5), 1 << 28), "centered");
  const x2 = k.value(doublingHighMul(x, x), "square");
  const x3 = doublingHighMul(x2, x);
  const x4 = k.value(doublingHighMul(x2, x2), "fourth");
  const third = doublingHighMul(add(roundingShift(k, x4, 2), x3), ONE_THIRD);
  const polynomial = add(x, roundingShift(k, add(third, x2), 1));
  const result = k.register(
    add(doublingHighMul(polynomial, EXP_MINUS_EIGHTH), EXP_MINUS_EIGHTH),
    "exponential",
  );
  k.loop(EXP_FACTORS.length, (i) =>
    k.when(eq(and(shr(rest, add(i, 24)), 1), 1), () =>
      result.set(doublingHighMul(result.get, factors.load(i))),
    ),
  );
  return select(eq(a, 0), LARGEST, result.get);
}

/**
 * `1 / (1 + x)` for x within [0, 1), both in Q0.31 (gemmlowp `one_over_one_plus_x_for_x_in_0_1`):
 * three Newton steps towards the reciprocal of h = (1 + x) / 2, in Q2.29.
 */
export function oneOverOnePlus(s: StatementBuilder, x: Expr): Expr {
  const half = s.value(add(shr(x, 1), 1 << 30), "half");
  const y = s.register(add(doublingHighMul(half, -1010580540), 1515870810), "inverse");
  s.loop(3, () => {
    const error = s.value(sub(1 << 29, doublingHighMul(half, y.get)), "error");
    y.set(add(y.get, shl(doublingHighMul(y.get, error), 2)));
  });
  return select(le(1 << 30, y.get), LARGEST, shl(y.get, 1));
}
