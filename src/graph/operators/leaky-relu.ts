/** `leakyRelu(x) {alpha}`: x where it is positive, else alpha * x. At 0 its gradient is alpha. */
import { gtF, mulF, selectF } from "../../ir/build.ts";
import type { Operator } from "../graph.ts";
import { elementwise } from "./elementwise.ts";
import { real } from "./rules.ts";

/** `leakyReluGradient(dy, x) {alpha}`: dy where x is positive, else alpha * dy. */
export const leakyReluGradient: Operator = elementwise(
  "leakyReluGradient",
  2,
  ([dy, x], attributes) =>
    selectF(gtF(x!, 0), dy!, mulF(real("leakyReluGradient", attributes, "alpha"), dy!)),
);

export const leakyRelu: Operator = elementwise(
  "leakyRelu",
  1,
  ([x], attributes) => selectF(gtF(x!, 0), x!, mulF(real("leakyRelu", attributes, "alpha"), x!)),
  (builder, { attributes }, { inputs: [x] }, [dy]) => [
    builder.one(leakyReluGradient, [dy!, x!], attributes),
  ],
  (attributes) => real("leakyRelu", attributes, "alpha"),
);
