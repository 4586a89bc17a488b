/**
 * `softplus(x)`: log(1 + e^x), written as max(x, 0) + log(1 + p) with p = e^-|x|, which cannot
 * overflow. log(1 + p) is log(q) * p / (q - 1) with q = 1 + p as it was rounded, so that the small
 * results far below 0 keep their digits (Kahan's form; see Higham, "Accuracy and Stability of
 * Numerical Algorithms", 1.14.1).
 */
import { absF, addF, call, divF, eqF, maxF, mulF, negF, selectF, subF } from "../../ir/build.ts";
import { exp } from "../../ir/routines/exp.ts";
import { log } from "../../ir/routines/log.ts";
import type { Operator } from "../graph.ts";
import { elementwise } from "./elementwise.ts";
import { sigmoidOf } from "./sigmoid.ts";

/** `softplusGradient(dy, x)`: dy * sigmoid(x). */
export const softplusGradient: Operator = elementwise("softplusGradient", 2, ([dy, x]) =>
  mulF(dy!, sigmoidOf(x!)),
);

export const softplus: Operator = elementwise(
  "softplus",
  1,
  ([x], _attributes, s) => {
    const p = s.value(call(exp, negF(absF(x!))), "p");
    const q = s.value(addF(1, p), "q");
    const ratio = divF(mulF(call(log, q), p), subF(q, 1));
    return addF(maxF(x!, 0), selectF(eqF(q, 1), p, ratio));
  },
  (builder, _node, { inputs: [x] }, [dy]) => [builder.one(softplusGradient, [dy!, x!])],
);
