/** `add(a, b)`: the sum of two tensors of one shape, element by element. */
import { addF } from "../../ir/build.ts";
import type { Operator } from "../graph.ts";
import { elementwise } from "./elementwise.ts";

export const add: Operator = elementwise(
  "add",
  2,
  ([a, b]) => addF(a!, b!),
  (_builder, _node, _names, [dy]) => [dy, dy],
);
