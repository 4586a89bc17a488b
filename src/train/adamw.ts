/**
 * AdamW (Loshchilov and Hutter 2019, algorithm 2): Adam, and beside it p -= rate weightDecay p,
 * which the moments do not see. Vectors (biases, scales) do not decay.
 *
 * `adamW(p, m, v, g, schedule [3]) {beta1, beta2, epsilon, weightDecay}` updates p, m and v in place;
 * the schedule holds Adam's two values and the rate.
 */
import type { Operator } from "../graph/graph.ts";
import { real } from "../graph/operators/rules.ts";
import { addF, divF, mulF, sqrtF, subF } from "../ir/build.ts";
import { ADAM_SETTINGS, type AdamAttributes, adamSchedule } from "./adam.ts";
import {
  feltGradient,
  movingMean,
  movingSquare,
  type OptimizerDefinition,
  stateBeside,
  updateEach,
  updateOperator,
} from "./optimizer.ts";
import type { SettingTable } from "./settings.ts";

const SETTINGS: SettingTable = { ...ADAM_SETTINGS, weightDecay: { default: 0.01 } };

export const adamW: Operator = updateOperator({
  name: "adamW",
  settings: SETTINGS,
  states: ["m", "v"],
  schedule: ["stepSize", "correction", "rate"],
  step: (k, { p, g, states: [m, v], schedule: [stepSize, correction, rate] }, attributes) => {
    const setting = (name: string): number => real("adamW", attributes, name);
    const gradient = feltGradient(k, g);
    const mean = movingMean(k, m!, gradient, setting("beta1"));
    const variance = movingSquare(k, v!, gradient, setting("beta2"));
    const scale = addF(mulF(sqrtF(variance), correction!), setting("epsilon"));
    const decay = mulF(mulF(rate!, setting("weightDecay")), p);
    return [subF(p, addF(divF(mulF(stepSize!, mean), scale), decay)), mean, variance];
  },
});

export const adamWOptimizer: OptimizerDefinition = {
  name: "adamW",
  settings: SETTINGS,
  scheduleSize: 3,
  schedule: (learningRate, settings) => {
    const next = adamSchedule(learningRate, settings as AdamAttributes);
    return (factor = 1) => [...next(factor), learningRate * factor];
  },
  update: updateEach(adamW, (b, p) => [stateBeside(b, p, "mean"), stateBeside(b, p, "variance")]),
};
