/** `sub(a, b)`: the difference of two tensors of one shape, element by element. */
import { subF } from "../../ir/build.ts";
import type { Operator } from "../graph.ts";
import { elementwise } from "./elementwise.ts";
import { scale } from "./scale.ts";

export const sub: Operator = elementwise(
  "sub",
  2,
  ([a, b]) => subF(a!, b!),
  (builder, _node, _names, [dy]) => [dy, builder.one(scale, [dy!], { factor: -1 })],
);
