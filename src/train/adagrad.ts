/**
 * AdaGrad (Duchi, Hazan and Singer 2011, figure 1 with diagonal matrices): s += g²,
 * p -= rate g / (sqrt(s) + eps).
 *
 * `adagrad(p, s, g, schedule [1]) {epsilon}` updates p and s in place.
 */
import type { Operator } from "../graph/graph.ts";
import { real } from "../graph/operators/rules.ts";
import { addF, divF, mulF, sqrtF, subF } from "../ir/build.ts";
import {
  feltGradient,
  type OptimizerDefinition,
  rateSchedule,
  stateBeside,
  updateEach,
  updateOperator,
} from "./optimizer.ts";
import type { SettingTable } from "./settings.ts";

const SETTINGS: SettingTable = { epsilon: { default: 1e-10 } };

export const adagrad: Operator = updateOperator({
  name: "adagrad",
  settings: SETTINGS,
  states: ["s"],
  schedule: ["rate"],
  step: (k, { p, g, states: [s], schedule: [rate] }, attributes) => {
    const gradient = feltGradient(k, g);
    const sum = k.value(addF(s!, mulF(gradient, gradient)), "sum");
    const scale = addF(sqrtF(sum), real("adagrad", attributes, "epsilon"));
    return [subF(p, divF(mulF(rate!, gradient), scale)), sum];
  },
});

export const adagradOptimizer: OptimizerDefinition = {
  name: "adagrad",
  settings: SETTINGS,
  scheduleSize: 1,
  schedule: rateSchedule,
  update: updateEach(adagrad, (b, p) => [stateBeside(b, p, "squares")]),
};
