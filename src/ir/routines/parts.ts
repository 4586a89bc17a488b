/** What several routines share. */
import { addF, mulF, type Real } from "../build.ts";
import type { Expr } from "../kernel.ts";

/**
 * 1.5 * 2^23. Adding it rounds a float32 below 2^22 to an integer, which then stands in the low
 * bits of the sum (above `ROUNDER_BITS`); subtracting it again gives that integer as a float32.
 */
export const ROUNDER = 12582912;
export const ROUNDER_BITS = 0x4b400000;

/** c0 + x (c1 + x (c2 + ...)) by Horner's rule. */
export function polynomial(x: Expr, coefficients: readonly [number, ...number[]]): Real {
  const last = coefficients.length - 1;
  let sum: Real = coefficients[last]!;
  for (let i = last - 1; i >= 0; i--) sum = addF(coefficients[i]!, mulF(x, sum));
  return sum;
}
