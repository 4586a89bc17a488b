/**
 * `meanAbsoluteError(predictions [B,K], targets [B,K], weights [B])`: the mean of
 * |prediction - target|, weighted by row. Its slope where both are equal counts as 0.
 */
import type { Operator } from "../graph/graph.ts";
import { absF, subF } from "../ir/build.ts";
import { elementLoss } from "./element-loss.ts";
import { signOf } from "./optimizer.ts";

export const meanAbsoluteError: Operator = elementLoss({
  name: "meanAbsoluteError",
  loss: (_, prediction, target) => absF(subF(prediction, target)),
  slope: (k, prediction, target) => signOf(k.value(subF(prediction, target), "error")),
});
