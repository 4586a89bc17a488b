/**
 * Prodigy (Mishchenko and Defazio 2024, "An Expeditiously Adaptive Parameter-Free Learner",
 * algorithm 4, in the order of the authors' program): Adam whose rate is d, an estimate of the
 * distance to the solution, times a learning rate that stays near 1. With rate = d learningRate,
 * beta3 = sqrt(beta2), sums over all parameters together:
 *   r = beta3 r + (d / d0) rate <g, p0 - p>,  s = beta3 s + (d / d0) rate g
 *   m = beta1 m + (1 - beta1) d g,            v = beta2 v + (1 - beta2) d² g²
 *   d' = max(d, r / |s|_1),                   p -= rate (m / (sqrt(v) + d' eps) + weightDecay p)
 * Three operators: statistics for each parameter, one estimate, one step for each parameter.
 */

import type { Operator } from "../graph/graph.ts";
import { has, real, rule, shaped, takes } from "../graph/operators/rules.ts";
import {
  absF,
  addF,
  buildKernel,
  divF,
  eqF,
  maxF,
  mulF,
  selectF,
  sqrtF,
  subF,
} from "../ir/build.ts";
import { sizeOf } from "../tensor/tensor.ts";
import { ADAM_SETTINGS } from "./adam.ts";
import { addLaneSum, LANES } from "./lane-sum.ts";
import {
  decayOf,
  flushed,
  type OptimizerDefinition,
  rateSchedule,
  stateBeside,
} from "./optimizer.ts";
import type { SettingTable } from "./settings.ts";

const SETTINGS: SettingTable = {
  ...ADAM_SETTINGS,
  weightDecay: { default: 0 },
  /** The first estimate of d. */
  d0: { default: 1e-6, from: 1e-30 },
};

// What is smaller would fade into slow subnormal numbers.
const TINY = 1e-30;
const TINY_VARIANCE = 1e-37;

/**
 * `prodigyStatistics(m, v, s, g, p, p0, estimate [2], schedule [1]) {beta1, beta2, d0}` updates m, v
 * and s, and gives [<g, p0 - p>, |s|_1] as a fourth output. `estimate` holds d and r.
 */
export const prodigyStatistics: Operator = {
  name: "prodigyStatistics",
  infer: (inputs, attributes) => {
    takes("prodigyStatistics", inputs, 8);
    for (const input of inputs) has("prodigyStatistics", input, "float32");
    const { shape } = inputs[0]!;
    for (const input of inputs.slice(1, 6)) shaped("prodigyStatistics", input, shape);
    shaped("prodigyStatistics", inputs[6]!, [2]);
    shaped("prodigyStatistics", inputs[7]!, [1]);
    for (const name of ["beta1", "beta2", "d0"]) real("prodigyStatistics", attributes, name);
    const state = { dtype: "float32", shape } as const;
    return [state, state, state, { dtype: "float32", shape: [2] }];
  },
  updates: { 0: 0, 1: 1, 2: 2 },
  lower: ({ inputs: [spec], attributes }) =>
    buildKernel("prodigyStatistics", (k) => {
      const setting = (name: string): number => real("prodigyStatistics", attributes, name);
      const size = sizeOf(spec!.shape);
      const [m, v, s, g, p, p0] = ["m", "v", "s", "g", "p", "p0"].map((name) =>
        k.input("float32", size, name),
      );
      const estimate = k.input("float32", 2, "estimate");
      const schedule = k.input("float32", 1, "schedule");
      const [newM, newV, newS] = ["newM", "newV", "newS"].map((name) =>
        k.update("float32", size, name),
      );
      const terms = k.output("float32", 2, "terms");
      const lanes = k.scratch("float32", LANES, "lanes");
      const d = k.value(estimate.load(0), "d");
      const rate = k.value(mulF(d, schedule.load(0)), "rate");
      const weight = k.value(mulF(divF(d, setting("d0")), rate), "weight");
      const beta3 = Math.sqrt(setting("beta2"));
      k.parallel(size, (i) => {
        const gradient = k.value(g!.load(i), "gradient");
        const scaled = k.value(mulF(d, gradient), "scaled");
        const mean = addF(mulF(setting("beta1"), m!.load(i)), mulF(1 - setting("beta1"), scaled));
        const square = mulF(mulF(1 - setting("beta2"), scaled), scaled);
        const variance = addF(mulF(setting("beta2"), v!.load(i)), square);
        const sum = addF(mulF(beta3, s!.load(i)), mulF(weight, gradient));
        newM!.store(i, flushed(k.value(mean, "mean"), TINY));
        newV!.store(i, flushed(k.value(variance, "variance"), TINY_VARIANCE));
        newS!.store(i, flushed(k.value(sum, "sum"), TINY));
      });
      const progress = (i: Parameters<Parameters<typeof addLaneSum>[3]>[0]) =>
        mulF(g!.load(i), subF(p0!.load(i), p!.load(i)));
      terms.store(0, addLaneSum(k, lanes, size, progress));
      terms.store(
        1,
        addLaneSum(k, lanes, size, (i) => absF(newS!.load(i))),
      );
    }),
};

/**
 * `prodigyEstimate(estimate [2], schedule [1], ...terms [2]) {beta2, d0}` updates the estimate and
 * gives [rate, d'] as a second output, the rate by the estimate before.
 */
export const prodigyEstimate: Operator = {
  name: "prodigyEstimate",
  infer: (inputs, attributes) => {
    const [estimate, schedule, ...terms] = inputs;
    rule("prodigyEstimate", terms.length > 0, "takes at least 3 inputs", inputs.length);
    for (const input of inputs) has("prodigyEstimate", input, "float32");
    for (const input of [estimate!, ...terms]) shaped("prodigyEstimate", input, [2]);
    shaped("prodigyEstimate", schedule!, [1]);
    for (const name of ["beta2", "d0"]) real("prodigyEstimate", attributes, name);
    return [
      { dtype: "float32", shape: [2] },
      { dtype: "float32", shape: [2] },
    ];
  },
  updates: { 0: 0 },
  lower: ({ inputs, attributes }) =>
    buildKernel("prodigyEstimate", (k) => {
      const estimate = k.input("float32", 2, "estimate");
      const schedule = k.input("float32", 1, "schedule");
      const terms = inputs.slice(2).map((_, n) => k.input("float32", 2, `terms${n}`));
      const newEstimate = k.update("float32", 2, "newEstimate");
      const rates = k.output("float32", 2, "rates");
      const d = k.value(estimate.load(0), "d");
      const before = k.value(estimate.load(1), "before");
      const rate = k.value(mulF(d, schedule.load(0)), "rate");
      const total = (at: number) =>
        terms.map((term) => term.load(at)).reduce((sum, term) => addF(sum, term));
      const weight = mulF(divF(d, real("prodigyEstimate", attributes, "d0")), rate);
      const beta3 = Math.sqrt(real("prodigyEstimate", attributes, "beta2"));
      const r = k.value(addF(mulF(beta3, before), mulF(weight, total(0))), "r");
      const norm = k.value(total(1), "norm");
      // Without any gradient there is nothing to learn about the distance.
      const ratio = k.value(selectF(eqF(norm, 0), 0, divF(r, norm)), "ratio");
      const next = k.value(maxF(ratio, d), "next");
      newEstimate.store(0, next);
      newEstimate.store(1, r);
      rates.store(0, rate);
      rates.store(1, next);
    }),
};

/** `prodigyStep(p, m, v, rates [2]) {epsilon, weightDecay}` updates p. */
export const prodigyStep: Operator = {
  name: "prodigyStep",
  infer: (inputs, attributes) => {
    takes("prodigyStep", inputs, 4);
    const [p, m, v, rates] = inputs;
    for (const input of inputs) has("prodigyStep", input, "float32");
    for (const input of [m, v]) shaped("prodigyStep", input!, p!.shape);
    shaped("prodigyStep", rates!, [2]);
    for (const name of ["epsilon", "weightDecay"]) real("prodigyStep", attributes, name);
    return [{ dtype: "float32", shape: p!.shape }];
  },
  updates: { 0: 0 },
  lower: ({ inputs: [spec], attributes }) =>
    buildKernel("prodigyStep", (k) => {
      const size = sizeOf(spec!.shape);
      const [p, m, v] = ["p", "m", "v"].map((name) => k.input("float32", size, name));
      const rates = k.input("float32", 2, "rates");
      const newP = k.update("float32", size, "newP");
      const rate = k.value(rates.load(0), "rate");
      const offset = mulF(rates.load(1), real("prodigyStep", attributes, "epsilon"));
      const epsilon = k.value(offset, "epsilon");
      k.parallel(size, (i) => {
        const before = k.value(p!.load(i), "before");
        const variance = k.value(v!.load(i), "variance");
        // Where there was never a gradient, d' epsilon may underflow to a divisor of 0.
        const quotient = divF(m!.load(i), addF(sqrtF(variance), epsilon));
        const direction = selectF(eqF(variance, 0), 0, quotient);
        const decay = mulF(real("prodigyStep", attributes, "weightDecay"), before);
        newP.store(i, subF(before, mulF(rate, addF(direction, decay))));
      });
    }),
};

export const prodigyOptimizer: OptimizerDefinition = {
  name: "prodigy",
  settings: SETTINGS,
  scheduleSize: 1,
  schedule: rateSchedule,
  update: (builder, { parameters, gradients, schedule }, settings) => {
    const start = Float32Array.of(real("prodigy", settings, "d0"), 0);
    const estimate = builder.state("prodigy/estimate", "float32", [2], start);
    const held = parameters.map((p, n) => {
      const [m, v, s] = ["mean", "variance", "sum"].map((name) => stateBeside(builder, p, name));
      const origin = stateBeside(builder, p, "origin", "parameter");
      const inputs = [m!, v!, s!, gradients[n]!, p, origin, estimate, schedule];
      const terms = builder.apply(prodigyStatistics, inputs, settings)[3]!;
      return { p, m: m!, v: v!, terms };
    });
    const terms = held.map((h) => h.terms);
    const rates = builder.apply(prodigyEstimate, [estimate, schedule, ...terms], settings)[1]!;
    for (const { p, m, v } of held)
      builder.apply(prodigyStep, [p, m, v, rates], decayOf(builder, p, settings));
  },
};
