/** `hardSwish(x)`: x * hardSigmoid(x), as in MobileNetV3 (Howard et al. 2019). Its gradient is 0 at
 * -3 and 1 at 3. */
import { addF, gtF, ltF, mulF, selectF } from "../../ir/build.ts";
import type { Operator } from "../graph.ts";
import { elementwise } from "./elementwise.ts";
import { hardSigmoidOf } from "./hard-sigmoid.ts";

/** `hardSwishGradient(dy, x)`: 0 up to -3, dy from 3 on, between them dy * (2 x + 3) / 6. */
export const hardSwishGradient: Operator = elementwise("hardSwishGradient", 2, ([dy, x]) => {
  const between = mulF(dy!, mulF(addF(addF(x!, x!), 3), 1 / 6));
  return selectF(gtF(x!, -3), selectF(ltF(x!, 3), between, dy!), 0);
});

export const hardSwish: Operator = elementwise(
  "hardSwish",
  1,
  ([x]) => mulF(x!, hardSigmoidOf(x!)),
  (builder, _node, { inputs: [x] }, [dy]) => [builder.one(hardSwishGradient, [dy!, x!])],
);
