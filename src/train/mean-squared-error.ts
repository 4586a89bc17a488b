/**
 * `meanSquaredError(predictions [B,K], targets [B,K], weights [B])`: loss [1], the sum over rows of
 * weight * the mean over K of (prediction - target)². Weights of 1 / B make it the mean.
 */
import type { Operator } from "../graph/graph.ts";
import { mulF, subF } from "../ir/build.ts";
import { elementLoss } from "./element-loss.ts";

export const meanSquaredError: Operator = elementLoss({
  name: "meanSquaredError",
  loss: (k, prediction, target) => {
    const error = k.value(subF(prediction, target), "error");
    return mulF(error, error);
  },
  slope: (_, prediction, target) => subF(prediction, target),
  slopeFactor: 2,
});
