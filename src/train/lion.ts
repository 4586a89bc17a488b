/**
 * Lion (Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms", program 1):
 *   p -= rate (sign(beta1 m + (1 - beta1) g) + weightDecay p),  m = beta2 m + (1 - beta2) g
 * Its rate is to be 3 to 10 times below Adam's. Vectors (biases, scales) do not decay.
 *
 * `lion(p, m, g, schedule [1]) {beta1, beta2, weightDecay}` updates p and m in place.
 */
import type { Operator } from "../graph/graph.ts";
import { real } from "../graph/operators/rules.ts";
import { addF, mulF, subF } from "../ir/build.ts";
import {
  movingMean,
  type OptimizerDefinition,
  rateSchedule,
  signOf,
  stateBeside,
  updateEach,
  updateOperator,
} from "./optimizer.ts";
import type { SettingTable } from "./settings.ts";

const SETTINGS: SettingTable = {
  beta1: { default: 0.9, below: 1 },
  beta2: { default: 0.99, below: 1 },
  weightDecay: { default: 0 },
};

export const lion: Operator = updateOperator({
  name: "lion",
  settings: SETTINGS,
  states: ["m"],
  schedule: ["rate"],
  step: (k, { p, g, states: [m], schedule: [rate] }, attributes) => {
    const setting = (name: string): number => real("lion", attributes, name);
    const direction = movingMean(k, m!, g, setting("beta1"));
    const mean = movingMean(k, m!, g, setting("beta2"));
    const decay = mulF(setting("weightDecay"), p);
    return [subF(p, mulF(rate!, addF(signOf(direction), decay))), mean];
  },
});

export const lionOptimizer: OptimizerDefinition = {
  name: "lion",
  settings: SETTINGS,
  scheduleSize: 1,
  schedule: rateSchedule,
  update: updateEach(lion, (b, p) => [stateBeside(b, p, "mean")]),
};
