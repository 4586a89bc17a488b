/**
 * Adam (Kingma and Ba 2015, algorithm 1) in PyTorch's form:
 *   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g²,  p -= stepSize m / (c sqrt(v) + eps)
 * with stepSize = learningRate / (1 - beta1^t) and c = 1 / sqrt(1 - beta2^t), which change from step
 * to step and are an input; see `adamSchedule`.
 *
 * `adam(p, m, v, g, schedule [2]) {beta1, beta2, epsilon}` updates p, m and v in place.
 */

import type { Operator } from "../graph/graph.ts";
import { real } from "../graph/operators/rules.ts";
import { addF, divF, mulF, sqrtF, subF } from "../ir/build.ts";
import {
  feltGradient,
  movingMean,
  movingSquare,
  type OptimizerDefinition,
  stateBeside,
  updateEach,
  updateOperator,
} from "./optimizer.ts";
import type { Setting } from "./settings.ts";

export type AdamAttributes = {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
};

export const ADAM_DEFAULTS: AdamAttributes = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/** The settings of Adam, which its relatives have as well. */
export const ADAM_SETTINGS: {
  readonly beta1: Setting;
  readonly beta2: Setting;
  readonly epsilon: Setting;
} = {
  beta1: { default: ADAM_DEFAULTS.beta1, below: 1 },
  beta2: { default: ADAM_DEFAULTS.beta2, below: 1 },
  epsilon: { default: ADAM_DEFAULTS.epsilon },
};

export const adam: Operator = updateOperator({
  name: "adam",
  settings: ADAM_SETTINGS,
  states: ["m", "v"],
  schedule: ["stepSize", "correction"],
  step: (k, { p, g, states: [m, v], schedule: [stepSize, correction] }, attributes) => {
    const gradient = feltGradient(k, g);
    const mean = movingMean(k, m!, gradient, real("adam", attributes, "beta1"));
    const variance = movingSquare(k, v!, gradient, real("adam", attributes, "beta2"));
    const scale = addF(mulF(sqrtF(variance), correction!), real("adam", attributes, "epsilon"));
    return [subF(p, divF(mulF(stepSize!, mean), scale)), mean, variance];
  },
});

/**
 * The `schedule` input of steps 1, 2, …: each call gives the next. The powers are running products
 * in float64.
 */
export function adamSchedule(
  learningRate: number,
  { beta1, beta2 }: Pick<AdamAttributes, "beta1" | "beta2"> = ADAM_DEFAULTS,
): (factor?: number) => readonly [stepSize: number, correction: number] {
  let power1 = 1;
  let power2 = 1;
  return (factor = 1) => {
    power1 *= beta1;
    power2 *= beta2;
    return [(learningRate / (1 - power1)) * factor, 1 / Math.sqrt(1 - power2)];
  };
}

export const adamOptimizer: OptimizerDefinition = {
  name: "adam",
  settings: ADAM_SETTINGS,
  scheduleSize: 2,
  schedule: (learningRate, settings) => adamSchedule(learningRate, settings as AdamAttributes),
  update: updateEach(adam, (b, p) => [stateBeside(b, p, "mean"), stateBeside(b, p, "variance")]),
};
