/**
 * RMSprop (Tieleman and Hinton 2012, lecture 6.5): v = decay v + (1 - decay) g²,
 * p -= rate g / (sqrt(v) + eps).
 *
 * `rmsprop(p, v, g, schedule [1]) {decay, epsilon}` updates p and v in place.
 */
import type { Operator } from "../graph/graph.ts";
import { real } from "../graph/operators/rules.ts";
import { addF, divF, mulF, sqrtF, subF } from "../ir/build.ts";
import {
  feltGradient,
  movingSquare,
  type OptimizerDefinition,
  rateSchedule,
  stateBeside,
  updateEach,
  updateOperator,
} from "./optimizer.ts";
import type { SettingTable } from "./settings.ts";

const SETTINGS: SettingTable = { decay: { default: 0.9, below: 1 }, epsilon: { default: 1e-8 } };

export const rmsprop: Operator = updateOperator({
  name: "rmsprop",
  settings: SETTINGS,
  states: ["v"],
  schedule: ["rate"],
  step: (k, { p, g, states: [v], schedule: [rate] }, attributes) => {
    const gradient = feltGradient(k, g);
    const square = movingSquare(k, v!, gradient, real("rmsprop", attributes, "decay"));
    const scale = addF(sqrtF(square), real("rmsprop", attributes, "epsilon"));
    return [subF(p, divF(mulF(rate!, gradient), scale)), square];
  },
});

export const rmspropOptimizer: OptimizerDefinition = {
  name: "rmsprop",
  settings: SETTINGS,
  scheduleSize: 1,
  schedule: rateSchedule,
  update: updateEach(rmsprop, (b, p) => [stateBeside(b, p, "square")]),
};
