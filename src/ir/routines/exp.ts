/**
 * e^x in float32, at most 0.77 ulp everywhere; subnormal results are kept. The argument is reduced
 * by a multiple of log 2 in two parts (Cody and Waite 1980), a minimax polynomial of degree 6
 * covers [-log(2)/2, log(2)/2], and the sums that matter carry their rounding error along
 * (Muller, "Elementary Functions", chapters 2, 4 and 11). No branch: it runs in vector lanes.
 */
import { exp as exp64 } from "../../base/math.ts";
import {
  add,
  addF,
  bitsToFloat,
  buildRoutine,
  floatToBits,
  maxF,
  minF,
  mulF,
  shl,
  shr,
  sub,
  subF,
} from "../build.ts";
import type { Expr, Routine } from "../kernel.ts";
import { polynomial, ROUNDER, ROUNDER_BITS } from "./parts.ts";

const powerOfTwo = (k: Expr): Expr => bitsToFloat(shl(add(k, 127), 23));

export const exp: Routine = buildRoutine("exp", [{ name: "x", type: "float32" }], exp64, (s, x) => {
  // Beyond these bounds the result is infinite or zero anyway. Written so that a NaN passes.
  const bounded = s.value(maxF(-104, minF(89, x)), "bounded");
  const shifted = s.value(addF(mulF(bounded, Math.LOG2E), ROUNDER), "shifted");
  const k = s.value(sub(floatToBits(shifted), ROUNDER_BITS), "k");
  const n = s.value(subF(shifted, ROUNDER), "n");
  // log 2 in a part of 16 bits, whose product with n is exact, and the rest.
  const near = s.value(subF(bounded, mulF(n, 0.693145752)), "near");
  const far = s.value(mulF(n, 1.42860677e-6), "far");
  const r = s.value(subF(near, far), "r");
  const rError = subF(subF(near, r), far);
  const curve = polynomial(
    r,
    [0.49999994, 0.166665167, 0.0416681059, 0.00836913101, 0.00138365512],
  );
  const sum = s.value(addF(1, r), "sum");
  const sumError = addF(subF(1, sum), r);
  const power = addF(sum, addF(sumError, addF(rError, mulF(mulF(r, r), curve))));
  // Two factors, so that neither overflows or is subnormal and the last product rounds once.
  const half = s.value(shr(k, 1), "half");
  return mulF(mulF(power, powerOfTwo(half)), powerOfTwo(sub(k, half)));
});
