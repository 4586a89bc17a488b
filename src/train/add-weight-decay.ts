/**
 * `addWeightDecay(g, p) {weightDecay}`: g + weightDecay p, the gradient of a loss to which half the
 * sum of squared weights is added that many times (L2, Tikhonov's regularization). Optimizers that
 * normalize gradients normalize the decay as well; AdamW and its relatives decay beside them.
 */
import type { Operator } from "../graph/graph.ts";
import { elementwise } from "../graph/operators/elementwise.ts";
import { real } from "../graph/operators/rules.ts";
import { addF, mulF } from "../ir/build.ts";

export const addWeightDecay: Operator = elementwise(
  "addWeightDecay",
  2,
  ([g, p], attributes) => addF(g!, mulF(real("addWeightDecay", attributes, "weightDecay"), p!)),
  undefined,
  (attributes) => real("addWeightDecay", attributes, "weightDecay"),
);
