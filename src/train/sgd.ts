/**
 * Stochastic gradient descent with momentum in PyTorch's form: m = momentum m + g, p -= rate m; with
 * Nesterov's momentum (Sutskever et al. 2013, equations 3 and 4, rearranged around the point where
 * the gradient is taken) p -= rate (g + momentum m).
 *
 * `sgd(p, m, g, schedule [1]) {momentum, nesterov?}` updates p and m in place; the schedule holds
 * the rate. A momentum below 1e-20 becomes 0.
 */

import type { Operator } from "../graph/graph.ts";
import { real } from "../graph/operators/rules.ts";
import { addF, mulF, subF } from "../ir/build.ts";
import {
  flushed,
  type OptimizerDefinition,
  rateSchedule,
  stateBeside,
  updateEach,
  updateOperator,
} from "./optimizer.ts";
import type { SettingTable } from "./settings.ts";

const SETTINGS: SettingTable = {
  momentum: { default: 0, below: 1 },
  nesterov: { default: false },
};

export const sgd: Operator = updateOperator({
  name: "sgd",
  settings: SETTINGS,
  states: ["m"],
  schedule: ["rate"],
  step: (k, { p, g, states: [m], schedule: [rate] }, attributes) => {
    const momentum = real("sgd", attributes, "momentum");
    const sum = k.value(addF(mulF(momentum, m!), g), "sum");
    const velocity = k.value(flushed(sum, 1e-20), "velocity");
    const direction = attributes.nesterov === true ? addF(g, mulF(momentum, velocity)) : velocity;
    return [subF(p, mulF(rate!, direction)), velocity];
  },
});

export const sgdOptimizer: OptimizerDefinition = {
  name: "sgd",
  settings: SETTINGS,
  scheduleSize: 1,
  schedule: rateSchedule,
  update: updateEach(sgd, (b, p) => [stateBeside(b, p, "velocity")]),
};
