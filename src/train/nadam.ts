/**
 * NAdam (Dozat 2016, algorithm 2) with the momentum schedule of its section 3.1 as PyTorch and
 * Keras have it: mu_t = beta1 (1 - 0.96^(t momentumDecay) / 2), M_t = the product of mu_1 … mu_t,
 *   p -= rate (mu_{t+1} m / (1 - M_{t+1}) + (1 - mu_t) g / (1 - M_t)) / (sqrt(v / (1 - beta2^t)) + eps)
 *
 * `nadam(p, m, v, g, schedule [3]) {beta1, beta2, epsilon}` updates p, m and v in place; the schedule
 * holds the factors of m and of g, and 1 / sqrt(1 - beta2^t).
 */

import { pow } from "../base/math.ts";
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

const SETTINGS: SettingTable = { ...ADAM_SETTINGS, momentumDecay: { default: 0.004 } };

export const nadam: Operator = updateOperator({
  name: "nadam",
  settings: ADAM_SETTINGS,
  states: ["m", "v"],
  schedule: ["ofMean", "ofGradient", "correction"],
  step: (k, { p, g, states: [m, v], schedule: [ofMean, ofGradient, correction] }, attributes) => {
    const setting = (name: string): number => real("nadam", attributes, name);
    const gradient = feltGradient(k, g);
    const mean = movingMean(k, m!, gradient, setting("beta1"));
    const variance = movingSquare(k, v!, gradient, setting("beta2"));
    const scale = addF(mulF(sqrtF(variance), correction!), setting("epsilon"));
    const direction = addF(mulF(ofMean!, mean), mulF(ofGradient!, gradient));
    return [subF(p, divF(direction, scale)), mean, variance];
  },
});

export const nadamOptimizer: OptimizerDefinition = {
  name: "nadam",
  settings: SETTINGS,
  scheduleSize: 3,
  schedule: (learningRate, settings) => {
    const { beta1 } = settings as AdamAttributes;
    const decay = real("nadam", settings, "momentumDecay");
    const momentum = (step: number): number => beta1 * (1 - 0.5 * pow(0.96, step * decay));
    const corrections = adamSchedule(1, settings as AdamAttributes);
    let step = 0;
    let product = 1;
    return (factor = 1) => {
      step++;
      const [now, later] = [momentum(step), momentum(step + 1)];
      product *= now;
      const rate = learningRate * factor;
      const ofMean = (rate * later) / (1 - product * later);
      return [ofMean, (rate * (1 - now)) / (1 - product), corrections()[1]];
    };
  },
  update: updateEach(nadam, (b, p) => [stateBeside(b, p, "mean"), stateBeside(b, p, "variance")]),
};
