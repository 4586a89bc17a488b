/**
 * e^x - 1 in float32 with all its digits near 0: below 1/2 in magnitude x + x² P(x) with a minimax
 * polynomial P of degree 5 (relative error 3.2e-9 before rounding), elsewhere e^x - 1 by `exp`,
 * where no digits cancel. At most 2 ulp. No branch: it runs in vector lanes.
 */
import { expm1 as expm1Float64 } from "../../base/math.ts";
import { absF, addF, buildRoutine, call, ltF, mulF, selectF, subF } from "../build.ts";
import type { Routine } from "../kernel.ts";
import { exp } from "./exp.ts";
import { polynomial } from "./parts.ts";

const P = [
  0.50000006, 0.166666642, 0.0416653603, 0.00833357871, 0.00139961764, 0.000198498092,
] as const;

export const expm1: Routine = buildRoutine(
  "expm1",
  [{ name: "x", type: "float32" }],
  expm1Float64,
  (s, x) => {
    const near = s.value(addF(x, mulF(mulF(x, x), polynomial(x, P))), "near");
    const far = s.value(subF(call(exp, x), 1), "far");
    return selectF(ltF(absF(x), 0.5), near, far);
  },
);
