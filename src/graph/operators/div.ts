/** `div(a, b)`: the quotient of two tensors of one shape, element by element. */
import { divF, mulF, negF } from "../../ir/build.ts";
import type { Operator } from "../graph.ts";
import { elementwise } from "./elementwise.ts";

/** `divisorGradient(dy, b, y)`: -dy * y / b, the gradient with respect to the divisor. */
export const divisorGradient: Operator = elementwise("divisorGradient", 3, ([dy, b, y]) =>
  negF(divF(mulF(dy!, y!), b!)),
);

export const div: Operator = elementwise(
  "div",
  2,
  ([a, b]) => divF(a!, b!),
  (builder, _node, { inputs: [, b], outputs: [y] }, [dy]) => [
    builder.one(div, [dy!, b!]),
    builder.one(divisorGradient, [dy!, b!, y!]),
  ],
);
