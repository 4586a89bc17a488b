/** `swish(x)`: x * sigmoid(x), also called SiLU (Ramachandran, Zoph and Le 2017). */
import { addF, mulF, subF } from "../../ir/build.ts";
import type { Operator } from "../graph.ts";
import { elementwise } from "./elementwise.ts";
import { sigmoidOf } from "./sigmoid.ts";

/** `swishGradient(dy, x)`: dy * s * (1 + x * (1 - s)) with s = sigmoid(x). */
export const swishGradient: Operator = elementwise(
  "swishGradient",
  2,
  ([dy, x], _attributes, s) => {
    const share = s.value(sigmoidOf(x!), "share");
    return mulF(dy!, mulF(share, addF(1, mulF(x!, subF(1, share)))));
  },
);

export const swish: Operator = elementwise(
  "swish",
  1,
  ([x]) => mulF(x!, sigmoidOf(x!)),
  (builder, _node, { inputs: [x] }, [dy]) => [builder.one(swishGradient, [dy!, x!])],
);
