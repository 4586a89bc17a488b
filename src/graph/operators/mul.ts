/** `mul(a, b)`: the product of two tensors of one shape, element by element. */
import { mulF } from "../../ir/build.ts";
import type { Operator } from "../graph.ts";
import { elementwise } from "./elementwise.ts";

export const mul: Operator = elementwise(
  "mul",
  2,
  ([a, b]) => mulF(a!, b!),
  (builder, _node, { inputs: [a, b] }, [dy]) => [
    builder.one(mul, [dy!, b!]),
    builder.one(mul, [dy!, a!]),
  ],
);
