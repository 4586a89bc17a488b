/**
 * Gradient descent in its plain form (Cauchy 1847): every step sees the whole training set and goes
 * down its gradient, p -= rate g. An epoch is one step.
 *
 * `gradientDescent(p, g, schedule [1])` updates p in place; the schedule holds the rate.
 */
import type { Operator } from "../graph/graph.ts";
import { mulF, subF } from "../ir/build.ts";
import { type OptimizerDefinition, rateSchedule, updateEach, updateOperator } from "./optimizer.ts";

export const gradientDescent: Operator = updateOperator({
  name: "gradientDescent",
  settings: {},
  states: [],
  schedule: ["rate"],
  step: (_, { p, g, schedule: [rate] }) => [subF(p, mulF(rate!, g))],
});

export const gradientDescentOptimizer: OptimizerDefinition = {
  name: "gradientDescent",
  settings: {},
  scheduleSize: 1,
  schedule: rateSchedule,
  update: updateEach(gradientDescent, () => []),
  wholeSet: true,
};
