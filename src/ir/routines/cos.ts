/**
 * Cosine in float32, at most 0.80 ulp for |x| <= 2^13; beyond as the sine, whose reduction and
 * polynomials it shares.
 */
import { cos as cos64 } from "../../base/math.ts";
import { add, buildRoutine, shl } from "../build.ts";
import type { Routine } from "../kernel.ts";
import { addAngleParts, selectQuadrant } from "./sin.ts";

export const cos: Routine = buildRoutine("cos", [{ name: "x", type: "float32" }], cos64, (s, x) => {
  const parts = addAngleParts(s, x);
  const sign = shl(add(parts.quadrant, 1), 30);
  return selectQuadrant(parts, parts.cosine, parts.sine, sign);
});
