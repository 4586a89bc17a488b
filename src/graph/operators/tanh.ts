/**
 * `tanh(x)`: with e = e^(2|x|) - 1, which the routine gives with all its digits near 0, it is
 * e / (e + 2) and has the sign of x; |x| is bounded by 10, beyond which the result is 1. At most
 * 3 ulp off anywhere, and exactly x where x is tiny.
 */
import { absF, addF, call, divF, ltF, minF, mulF, negF, selectF, subF } from "../../ir/build.ts";
import { expm1 } from "../../ir/routines/expm1.ts";
import type { Operator } from "../graph.ts";
import { elementwise } from "./elementwise.ts";

/** `tanhGradient(dy, y)`: dy * (1 - y²). */
export const tanhGradient: Operator = elementwise("tanhGradient", 2, ([dy, y]) =>
  mulF(dy!, subF(1, mulF(y!, y!))),
);

export const tanh: Operator = elementwise(
  "tanh",
  1,
  ([x], _attributes, s) => {
    // Written so that a NaN passes.
    const bounded = minF(10, absF(x!));
    const e = s.value(call(expm1, mulF(2, bounded)), "e");
    const magnitude = s.value(divF(e, addF(e, 2)), "magnitude");
    return selectF(ltF(x!, 0), negF(magnitude), magnitude);
  },
  (builder, _node, { outputs: [y] }, [dy]) => [builder.one(tanhGradient, [dy!, y!])],
);
