/**
 * Natural logarithm in float32, at most 0.71 ulp for every positive argument, subnormals included;
 * -Infinity of zero, NaN below. x = 2^k (1 + f) with 1 + f between sqrt(1/2) and sqrt(2), and
 * log(1 + f) = f - f^2/2 + f^3 P(f) with a minimax polynomial P; k log 2 is added in two parts and
 * the leading sums carry their rounding error along (Muller, "Elementary Functions", chapters 2,
 * 4 and 11). No branch: it runs in vector lanes.
 */
import { log as log64 } from "../../base/math.ts";
import {
  add,
  addF,
  and,
  bitsToFloat,
  buildRoutine,
  eqF,
  f32,
  floatToBits,
  ltF,
  mulF,
  type StatementBuilder,
  select,
  selectF,
  shr,
  sub,
  subF,
  toFloat,
} from "../build.ts";
import type { Expr, Routine } from "../kernel.ts";
import { polynomial } from "./parts.ts";

const SQRT_HALF_BITS = 0x3f3504f3;

const P = [
  0.333333105, -0.249999866, 0.200022265, -0.166692525, 0.142186642, -0.12384335, 0.118729264,
  -0.117898643, 0.069155395,
] as const;

/** log x = k log 2 + (f - f^2/2) + cubic. */
export type LogParts = {
  /** The exponent, a float32. */
  readonly k: Expr;
  /** f - f^2/2, rounded. */
  readonly head: Expr;
  /** f - f^2/2 minus some rounded value of it. */
  readonly errorOf: (rounded: Expr) => Expr;
  readonly cubic: Expr;
};

/** Adds the statements that split the logarithm of a positive, finite x. */
export function addLogParts(s: StatementBuilder, x: Expr): LogParts {
  const isSubnormal = s.value(ltF(x, f32(1.1754943508222875e-38)), "is_subnormal");
  const normal = selectF(isSubnormal, mulF(x, 8388608), x);
  const offset = s.value(sub(floatToBits(normal), SQRT_HALF_BITS), "offset");
  const k = toFloat(sub(shr(offset, 23), select(isSubnormal, 23, 0)));
  const mantissa = bitsToFloat(add(and(offset, 0x7fffff), SQRT_HALF_BITS));
  const f = s.value(subF(mantissa, 1), "f");
  const square = s.value(mulF(f, f), "square");
  const half = s.value(mulF(0.5, square), "half");
  return {
    k: s.value(k, "k"),
    head: s.value(subF(f, half), "head"),
    errorOf: (rounded) => subF(subF(f, rounded), half),
    cubic: mulF(mulF(f, square), polynomial(f, P)),
  };
}

/** Puts the values of a logarithm outside the positive, finite numbers around `value`. */
export function withLogSpecials(x: Expr, value: Expr): Expr {
  const atMostZero = selectF(eqF(x, 0), f32(Number.NEGATIVE_INFINITY), f32(Number.NaN));
  const finite = selectF(ltF(0, x), value, atMostZero);
  return selectF(ltF(x, f32(Number.POSITIVE_INFINITY)), finite, x);
}

export const log: Routine = buildRoutine("log", [{ name: "x", type: "float32" }], log64, (s, x) => {
  const { k, head, errorOf, cubic } = addLogParts(s, x);
  // log 2 in a part of 16 bits, whose product with k is exact, and the rest.
  const large = s.value(mulF(k, 0.693145752), "large");
  const sum = s.value(addF(large, head), "sum");
  const sumError = addF(subF(large, sum), head);
  const small = addF(cubic, mulF(k, 1.42860677e-6));
  const value = addF(sum, addF(sumError, addF(errorOf(head), small)));
  return withLogSpecials(x, value);
});
