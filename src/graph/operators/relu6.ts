/** `relu6(x)`: x held between 0 and 6; NaN gives 0. At 0 and at 6 its gradient is 0. */
import { andB, gtF, ltF, maxF, minF, selectF } from "../../ir/build.ts";
import type { Operator } from "../graph.ts";
import { elementwise } from "./elementwise.ts";

/** `relu6Gradient(dy, y)`: passes dy where the output lies between the bounds. */
export const relu6Gradient: Operator = elementwise("relu6Gradient", 2, ([dy, y]) =>
  selectF(andB(gtF(y!, 0), ltF(y!, 6)), dy!, 0),
);

export const relu6: Operator = elementwise(
  "relu6",
  1,
  ([x]) => minF(maxF(x!, 0), 6),
  (builder, _node, { outputs: [y] }, [dy]) => [builder.one(relu6Gradient, [dy!, y!])],
);
