/**
 * `elu(x) {alpha}`: x where it is positive, else alpha * (e^x - 1), by the routine that keeps its
 * digits near 0 (Clevert, Unterthiner and Hochreiter 2016). alpha is positive, so the sign of the
 * output is that of the input and the gradient needs the output only; at 0 it is alpha, the left one.
 */
import { addF, call, gtF, mulF, selectF } from "../../ir/build.ts";
import { expm1 } from "../../ir/routines/expm1.ts";
import type { Operator } from "../graph.ts";
import { elementwise } from "./elementwise.ts";
import { real, rule } from "./rules.ts";

/** `eluGradient(dy, y) {alpha}`: dy where y is positive, else dy * (y + alpha). */
export const eluGradient: Operator = elementwise("eluGradient", 2, ([dy, y], attributes) => {
  const slope = addF(y!, real("eluGradient", attributes, "alpha"));
  return selectF(gtF(y!, 0), dy!, mulF(dy!, slope));
});

export const elu: Operator = elementwise(
  "elu",
  1,
  ([x], attributes) => {
    const below = mulF(real("elu", attributes, "alpha"), call(expm1, x!));
    return selectF(gtF(x!, 0), x!, below);
  },
  (builder, { attributes }, { outputs: [y] }, [dy]) => [
    builder.one(eluGradient, [dy!, y!], attributes),
  ],
  (attributes) => {
    const alpha = real("elu", attributes, "alpha");
    rule("elu", alpha > 0, "alpha must be positive", alpha);
  },
);
