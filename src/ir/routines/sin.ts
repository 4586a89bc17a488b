/**
 * Sine in float32, at most 0.79 ulp for |x| <= 2^13. Beyond, digits are lost one by one; above
 * 2^22 and for infinities the result is NaN. |x| is reduced by the nearest multiple of pi/2, which is
 * subtracted in four parts (Cody and Waite 1980); the rest of the reduction is kept as a second
 * float32 and minimax polynomials give sine and cosine (Muller, "Elementary Functions", chapters
 * 4 and 11). No branch: it runs in vector lanes.
 */
import { sin as sin64 } from "../../base/math.ts";
import {
  absF,
  addF,
  and,
  bitsToFloat,
  buildRoutine,
  eq,
  f32,
  floatToBits,
  leF,
  mulF,
  type StatementBuilder,
  selectF,
  shl,
  subF,
  xor,
} from "../build.ts";
import type { Expr, Routine } from "../kernel.ts";
import { polynomial, ROUNDER } from "./parts.ts";

/** |x| = quadrant pi/2 + r, |r| <= pi/4; the quadrant counts in the two low bits only. */
export type AngleParts = {
  readonly size: Expr;
  readonly quadrant: Expr;
  /** Of r, not of x. */
  readonly sine: Expr;
  readonly cosine: Expr;
};

/** Adds the statements that reduce an angle and compute the sine and cosine of what is left. */
export function addAngleParts(s: StatementBuilder, x: Expr): AngleParts {
  const size = s.value(absF(x), "size");
  const shifted = s.value(addF(mulF(size, 0.636619747), ROUNDER), "shifted");
  const n = s.value(subF(shifted, ROUNDER), "n");
  // The first three parts have 11 bits: their products with n < 2^13 are exact, as are the first
  // two differences.
  const near = s.value(subF(subF(size, mulF(n, 1.5703125)), mulF(n, 0.000483751297)), "near");
  const far = s.value(mulF(n, 7.54953362e-8), "far");
  const r = s.value(subF(near, far), "r");
  const rest = s.value(subF(subF(subF(near, r), far), mulF(n, 2.56334407e-12)), "rest");
  const square = s.value(mulF(r, r), "square");
  const half = s.value(mulF(0.5, square), "half");
  const head = s.value(subF(1, half), "head");
  const headError = subF(subF(1, head), half);
  const C = polynomial(square, [0.0416666456, -0.00138873013, 2.44306702e-5]);
  const quartic = subF(mulF(mulF(square, square), C), mulF(r, rest));
  const cosine = s.value(addF(head, addF(headError, quartic)), "cosine");
  const S = polynomial(square, [-0.166666552, 0.00833219104, -0.000195185989]);
  const cubic = addF(mulF(mulF(r, square), S), mulF(rest, cosine));
  const sine = s.value(addF(r, cubic), "sine");
  return { size, quadrant: floatToBits(shifted), sine, cosine };
}

/**
 * The result of a sine or cosine.
 * @param even the value in even quadrants
 * @param odd the value in odd quadrants
 * @param sign an int32 whose highest bit says whether to change the sign
 */
export function selectQuadrant(parts: AngleParts, even: Expr, odd: Expr, sign: Expr): Expr {
  const value = selectF(eq(and(parts.quadrant, 1), 0), even, odd);
  const signed = bitsToFloat(xor(floatToBits(value), and(sign, -2147483648)));
  return selectF(leF(parts.size, 4194304), signed, f32(Number.NaN));
}

export const sin: Routine = buildRoutine("sin", [{ name: "x", type: "float32" }], sin64, (s, x) => {
  const parts = addAngleParts(s, x);
  const sign = xor(floatToBits(x), shl(parts.quadrant, 30));
  return selectQuadrant(parts, parts.sine, parts.cosine, sign);
});
