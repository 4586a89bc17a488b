/**
 * `binaryCrossEntropy(logits [B,K], targets [B,K] from 0 to 1, weights [B]) {positiveWeight}`: for
 * each output a yes or no of its own, with q = positiveWeight and s the sigmoid,
 *   -(q target log(s(logit)) + (1 - target) log(1 - s(logit))),
 * the mean over K, weighted by row. Calculated as
 *   (1 - target) logit + (1 + (q - 1) target) (log(1 + exp(-|logit|)) + max(-logit, 0)),
 * which neither overflows nor cancels.
 */
import type { Operator } from "../graph/graph.ts";
import {
  absF,
  addF,
  call,
  divF,
  maxF,
  mulF,
  negF,
  type Real,
  type StatementBuilder,
  subF,
} from "../ir/build.ts";
import type { Expr } from "../ir/kernel.ts";
import { exp } from "../ir/routines/exp.ts";
import { log } from "../ir/routines/log.ts";
import { elementLoss } from "./element-loss.ts";
import type { SettingTable } from "./settings.ts";

export const BINARY_SETTINGS: SettingTable = { positiveWeight: { default: 1 } };

/** What the tail counts where a yes counts `positiveWeight` times. */
const emphasisOf = (k: StatementBuilder, target: Real, positiveWeight: Real): Expr => {
  const more = typeof positiveWeight === "number" ? positiveWeight - 1 : subF(positiveWeight, 1);
  return k.value(addF(1, mulF(more, target)), "emphasis");
};

/** The loss of one element. */
export function sigmoidLoss(
  k: StatementBuilder,
  logit: Expr,
  target: Expr,
  positiveWeight: Real,
): Expr {
  const power = k.value(call(exp, negF(absF(logit))), "power");
  const tail = addF(call(log, addF(1, power)), maxF(negF(logit), 0));
  const emphasis = emphasisOf(k, target, positiveWeight);
  return addF(mulF(subF(1, target), logit), mulF(emphasis, tail));
}

/** Its derivative by the logit. */
export function sigmoidSlope(
  k: StatementBuilder,
  logit: Expr,
  target: Expr,
  positiveWeight: Real,
): Expr {
  const power = k.value(call(exp, logit), "power");
  const emphasis = emphasisOf(k, target, positiveWeight);
  return subF(subF(1, target), divF(emphasis, addF(1, power)));
}

export const binaryCrossEntropy: Operator = elementLoss({
  name: "binaryCrossEntropy",
  settings: BINARY_SETTINGS,
  loss: (k, logit, target, setting) => sigmoidLoss(k, logit, target, setting("positiveWeight")),
  slope: (k, logit, target, setting) => sigmoidSlope(k, logit, target, setting("positiveWeight")),
});
