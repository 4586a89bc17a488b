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

const emphasisOf = (k: StatementBuilder, target: Real, positiveWeight: number): Expr =>
  k.value(addF(1, mulF(positiveWeight - 1, target)), "emphasis");

export const binaryCrossEntropy: Operator = elementLoss({
  name: "binaryCrossEntropy",
  settings: BINARY_SETTINGS,
  loss: (k, logit, target, setting) => {
    const power = k.value(call(exp, negF(absF(logit))), "power");
    const tail = addF(call(log, addF(1, power)), maxF(negF(logit), 0));
    const emphasis = emphasisOf(k, target, setting("positiveWeight"));
    return addF(mulF(subF(1, target), logit), mulF(emphasis, tail));
  },
  slope: (k, logit, target, setting) => {
    const power = k.value(call(exp, logit), "power");
    const emphasis = emphasisOf(k, target, setting("positiveWeight"));
    return subF(subF(1, target), divF(emphasis, addF(1, power)));
  },
});
