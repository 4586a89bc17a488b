/**
 * `sigmoid(x)`: 1 / (1 + e^-x). One exponential, one sum, one quotient, each rounded once: within 3
 * ulp, and 0 where e^-x is infinite, below -88.7.
 */
import { addF, call, divF, mulF, negF, subF } from "../../ir/build.ts";
import type { Expr } from "../../ir/kernel.ts";
import { exp } from "../../ir/routines/exp.ts";
import type { Operator } from "../graph.ts";
import { elementwise } from "./elementwise.ts";

/** The expression 1 / (1 + e^-x), for operators that contain it. */
export const sigmoidOf = (x: Expr): Expr => divF(1, addF(1, call(exp, negF(x))));

/** `sigmoidGradient(dy, y)`: dy * y * (1 - y). */
export const sigmoidGradient: Operator = elementwise("sigmoidGradient", 2, ([dy, y]) =>
  mulF(dy!, mulF(y!, subF(1, y!))),
);

export const sigmoid: Operator = elementwise(
  "sigmoid",
  1,
  ([x]) => sigmoidOf(x!),
  (builder, _node, { outputs: [y] }, [dy]) => [builder.one(sigmoidGradient, [dy!, y!])],
);
