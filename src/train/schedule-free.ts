/**
 * Schedule-Free AdamW (Defazio et al. 2024, "The Road Less Scheduled", algorithm 1): the gradient is
 * taken at y = (1 - beta1) z + beta1 x; then, with rate = learningRate sqrt(1 - beta2^t),
 *   v = beta2 v + (1 - beta2) g²,  z -= rate (g / (sqrt(v) + eps) + weightDecay y),  x = (1 - c) x + c z
 * where c is the largest rate so far, squared, over the sum of such squares (as in the authors'
 * program, which differs from the paper only where a rate falls). The parameter is x, the average,
 * so that what is evaluated and kept needs no conversion. No schedule is needed but a warm-up.
 * Running statistics of batch normalisation follow y, which is near x once a training has settled.
 *
 * `scheduleFree(x, z, v, g, schedule [2]) {beta1, beta2, epsilon, weightDecay}` updates x, z and v in
 * place; the schedule holds rate and c.
 */

import type { GraphBuilder, Operator } from "../graph/graph.ts";
import { elementwise } from "../graph/operators/elementwise.ts";
import { real } from "../graph/operators/rules.ts";
import { addF, divF, mulF, sqrtF, subF } from "../ir/build.ts";
import type { Expr } from "../ir/kernel.ts";
import { ADAM_SETTINGS, type AdamAttributes } from "./adam.ts";
import {
  feltGradient,
  movingSquare,
  type OptimizerDefinition,
  stateBeside,
  updateEach,
  updateOperator,
} from "./optimizer.ts";
import type { SettingTable } from "./settings.ts";

const SETTINGS: SettingTable = { ...ADAM_SETTINGS, weightDecay: { default: 0 } };

const between = (x: Expr, z: Expr, beta1: number): Expr => addF(mulF(1 - beta1, z), mulF(beta1, x));

/** `scheduleFreePoint(x, z) {beta1}`: y, where the gradient is taken. */
export const scheduleFreePoint: Operator = elementwise(
  "scheduleFreePoint",
  2,
  ([x, z], attributes) => between(x!, z!, real("scheduleFreePoint", attributes, "beta1")),
);

export const scheduleFree: Operator = updateOperator({
  name: "scheduleFree",
  settings: SETTINGS,
  states: ["z", "v"],
  schedule: ["rate", "share"],
  step: (k, { p: x, g, states: [z, v], schedule: [rate, share] }, attributes) => {
    const setting = (name: string): number => real("scheduleFree", attributes, name);
    const gradient = feltGradient(k, g);
    const variance = movingSquare(k, v!, gradient, setting("beta2"));
    const normalized = divF(gradient, addF(sqrtF(variance), setting("epsilon")));
    const decay = mulF(setting("weightDecay"), between(x, z!, setting("beta1")));
    const base = k.value(subF(z!, mulF(rate!, addF(normalized, decay))), "base");
    return [addF(mulF(subF(1, share!), x), mulF(share!, base)), base, variance];
  },
});

const base = (parameter: string): string => `${parameter}/base`;

export const scheduleFreeOptimizer: OptimizerDefinition = {
  name: "scheduleFree",
  settings: SETTINGS,
  scheduleSize: 2,
  schedule: (learningRate, settings) => {
    const { beta2 } = settings as AdamAttributes;
    let power = 1;
    let largest = 0;
    let sum = 0;
    return (factor = 1) => {
      power *= beta2;
      const rate = learningRate * factor * Math.sqrt(1 - power);
      largest = Math.max(largest, rate);
      sum += largest * largest;
      return [rate, sum === 0 ? 0 : (largest * largest) / sum];
    };
  },
  gradientPoints: (builder: GraphBuilder, parameters, { beta1 }) =>
    parameters.map((p) =>
      builder.one(scheduleFreePoint, [p, stateBeside(builder, p, "base", "parameter")], {
        beta1: beta1!,
      }),
    ),
  update: updateEach(scheduleFree, (b, p) => [base(p), stateBeside(b, p, "variance")]),
};
