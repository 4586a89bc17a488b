/**
 * Logarithm to base 10 in float32, at most 0.70 ulp for every positive argument, subnormals
 * included; -Infinity of zero, NaN below. The split of `log.ts`, whose leading part is cut to 12
 * bits so that its product with the upper 12 bits of 1 / log 10 is exact.
 */
import { log10 as log10in64 } from "../../base/math.ts";
import { addF, and, bitsToFloat, buildRoutine, floatToBits, mulF, subF } from "../build.ts";
import type { Routine } from "../kernel.ts";
import { addLogParts, withLogSpecials } from "./log.ts";

export const log10: Routine = buildRoutine(
  "log10",
  [{ name: "x", type: "float32" }],
  log10in64,
  (s, x) => {
    const { k, head, errorOf, cubic } = addLogParts(s, x);
    const upper = s.value(bitsToFloat(and(floatToBits(head), -4096)), "upper");
    const lower = addF(errorOf(upper), cubic);
    // log10 2 in a part of 16 bits, whose product with k is exact, and the rest.
    const large = s.value(mulF(k, 0.301025391), "large");
    const product = s.value(mulF(upper, 0.434204102), "product");
    const sum = s.value(addF(large, product), "sum");
    const sumError = addF(subF(large, sum), product);
    const small = addF(mulF(lower, 0.434294492), mulF(upper, 9.03803375e-5));
    const value = addF(sum, addF(sumError, addF(mulF(k, 4.60503907e-6), small)));
    return withLogSpecials(x, value);
  },
);
