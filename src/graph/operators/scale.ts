/** `scale(x) {factor}`: a tensor times a number. */
import { mulF } from "../../ir/build.ts";
import type { Operator } from "../graph.ts";
import { elementwise } from "./elementwise.ts";
import { real } from "./rules.ts";

export const scale: Operator = elementwise(
  "scale",
  1,
  ([x], attributes) => mulF(x!, real("scale", attributes, "factor")),
  (builder, { attributes }, _names, [dy]) => [builder.one(scale, [dy!], attributes)],
  (attributes) => real("scale", attributes, "factor"),
);
