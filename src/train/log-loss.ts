/**
 * `logLoss(probabilities [B,K], targets [B,K] from 0 to 1, weights [B]) {epsilon}`: for outputs that
 * are probabilities already, each a yes or no of its own,
 *   -(target log(p + epsilon) + (1 - target) log(1 - p + epsilon)),
 * the mean over K, weighted by row. Outputs below 0 or above 1 count as those; their slope leads
 * back. From logits `binaryCrossEntropy` is the better choice, as it never loses digits.
 */
import type { Operator } from "../graph/graph.ts";
import {
  addF,
  call,
  divF,
  maxF,
  minF,
  mulF,
  negF,
  type StatementBuilder,
  subF,
} from "../ir/build.ts";
import type { Expr } from "../ir/kernel.ts";
import { log } from "../ir/routines/log.ts";
import { elementLoss } from "./element-loss.ts";
import type { SettingTable } from "./settings.ts";

export const LOG_LOSS_SETTINGS: SettingTable = {
  epsilon: { default: 1e-7, from: 1e-30, below: 0.5 },
};

/** p + epsilon and 1 - p + epsilon. */
function held(k: StatementBuilder, probability: Expr, epsilon: number): readonly [Expr, Expr] {
  const p = k.value(maxF(0, k.value(minF(1, probability), "below")), "p");
  return [k.value(addF(p, epsilon), "yes"), k.value(addF(subF(1, p), epsilon), "no")];
}

export const logLoss: Operator = elementLoss({
  name: "logLoss",
  settings: LOG_LOSS_SETTINGS,
  loss: (k, probability, target, setting) => {
    const [yes, no] = held(k, probability, setting("epsilon"));
    const sum = addF(mulF(target, call(log, yes)), mulF(subF(1, target), call(log, no)));
    return negF(sum);
  },
  slope: (k, probability, target, setting) => {
    const [yes, no] = held(k, probability, setting("epsilon"));
    return subF(divF(subF(1, target), no), divF(target, yes));
  },
});
