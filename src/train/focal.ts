/**
 * `focal(logits [B,C], labels int32 [B], weights [B]) {gamma}` (Lin et al. 2017, equation 4, over a
 * softmax): a row's loss is -(1 - p)^gamma log p with p the probability of the label, so that rows
 * that are already well classified count little. Outputs: see `class-loss.ts`.
 */

import type { Operator } from "../graph/graph.ts";
import { real } from "../graph/operators/rules.ts";
import {
  call,
  divF,
  eq,
  maxF,
  mulF,
  negF,
  type StatementBuilder,
  select,
  subF,
  toFloat,
} from "../ir/build.ts";
import type { Expr } from "../ir/kernel.ts";
import { exp } from "../ir/routines/exp.ts";
import { log } from "../ir/routines/log.ts";
import { classLoss } from "./class-loss.ts";
import type { SettingTable } from "./settings.ts";

export const FOCAL_SETTINGS: SettingTable = { gamma: { default: 2 } };

// The smallest 1 - p: beyond it the loss is 0 for any gamma, and its logarithm stays finite.
const SMALLEST_REST = 1e-30;

/** 1 - p and its power gamma. */
function modulation(k: StatementBuilder, p: Expr, gamma: number): { rest: Expr; power: Expr } {
  const rest = k.value(maxF(SMALLEST_REST, k.value(subF(1, p), "gap")), "rest");
  return { rest, power: call(exp, mulF(gamma, call(log, rest))) };
}

export const focal: Operator = classLoss({
  name: "focal",
  check: (attributes) => real("focal", attributes, "gamma"),
  loss: (k, { sum, margin }, attributes) => {
    const logP = k.value(subF(margin, call(log, sum)), "logP");
    const { power } = modulation(k, call(exp, logP), real("focal", attributes, "gamma"));
    return mulF(power, negF(logP));
  },
  gradient: (k, { probability, labelProbability, label, classes, store }, attributes) => {
    const gamma = real("focal", attributes, "gamma");
    const p = k.value(labelProbability, "p");
    const { rest, power } = modulation(k, p, gamma);
    const logP = call(log, maxF(p, SMALLEST_REST * 1e-7));
    // dLoss / dp times p; softmax's own derivative is (one at the label - probabilities) p.
    const bend = divF(mulF(mulF(gamma, p), logP), rest);
    const slope = k.value(mulF(power, subF(bend, 1)), "slope");
    k.loop(classes, (c) => {
      const one = select(eq(c, label), 1, 0);
      store(c, mulF(slope, subF(toFloat(one), probability(c))));
    });
  },
});
