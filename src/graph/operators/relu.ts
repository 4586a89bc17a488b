/** `relu(x)`: x where it is positive, else 0; NaN gives 0. At 0 its gradient is 0, the left one. */
import { gtF, maxF, selectF } from "../../ir/build.ts";
import type { Operator } from "../graph.ts";
import { elementwise } from "./elementwise.ts";

/** `reluGradient(dy, y)`: passes dy where the output of relu is positive. */
export const reluGradient: Operator = elementwise("reluGradient", 2, ([dy, y]) =>
  selectF(gtF(y!, 0), dy!, 0),
);

export const relu: Operator = elementwise(
  "relu",
  1,
  ([x]) => maxF(x!, 0),
  (builder, _node, { outputs: [y] }, [dy]) => [builder.one(reluGradient, [dy!, y!])],
);
