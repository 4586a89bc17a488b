/** `hardSigmoid(x)`: x + 3 held between 0 and 6, over 6 (Keras 3 and PyTorch). At -3 and at 3
 * its gradient is 0. */
import { addF, andB, gtF, ltF, maxF, minF, mulF, selectF } from "../../ir/build.ts";
import type { Expr } from "../../ir/kernel.ts";
import type { Operator } from "../graph.ts";
import { elementwise } from "./elementwise.ts";

/** The expression relu6(x + 3) / 6, for operators that contain it. */
export const hardSigmoidOf = (x: Expr): Expr => mulF(minF(maxF(addF(x, 3), 0), 6), 1 / 6);

/** `hardSigmoidGradient(dy, x)`: dy / 6 between -3 and 3, else 0. */
export const hardSigmoidGradient: Operator = elementwise("hardSigmoidGradient", 2, ([dy, x]) =>
  selectF(andB(gtF(x!, -3), ltF(x!, 3)), mulF(dy!, 1 / 6), 0),
);

export const hardSigmoid: Operator = elementwise(
  "hardSigmoid",
  1,
  ([x]) => hardSigmoidOf(x!),
  (builder, _node, { inputs: [x] }, [dy]) => [builder.one(hardSigmoidGradient, [dy!, x!])],
);
