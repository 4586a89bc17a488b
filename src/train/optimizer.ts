/**
 * What an optimizer is, and the form most of them have: one flat loop over a parameter that
 * updates the parameter and its state vectors in place. What changes from step to step (rates, bias
 * corrections) is the input `schedule`, calculated in float64 outside the graph.
 */

import type { Attributes, GraphBuilder, Operator } from "../graph/graph.ts";
import { has, real, shaped, takes } from "../graph/operators/rules.ts";
import { absF, addF, buildKernel, ltF, mulF, type StatementBuilder, selectF } from "../ir/build.ts";
import type { Expr } from "../ir/kernel.ts";
import { sizeOf } from "../tensor/tensor.ts";
import type { SettingTable } from "./settings.ts";

/**
 * Gives the `schedule` inputs of steps 1, 2, …, one each call.
 * @param factor of the learning rate in this step. @default 1
 */
export type NextSchedule = (factor?: number) => readonly number[];

export type OptimizerDefinition = {
  readonly name: string;
  readonly settings: SettingTable;
  /** Whether each step is meant to see all training rows, whatever the batch size. */
  readonly wholeSet?: true;
  /** Number of values of the `schedule` input. */
  readonly scheduleSize: number;
  readonly schedule: (learningRate: number, settings: Attributes) => NextSchedule;
  /** Adds the nodes that update the parameter states, in place. */
  readonly update: (
    builder: GraphBuilder,
    names: {
      readonly parameters: readonly string[];
      readonly gradients: readonly string[];
      readonly schedule: string;
    },
    settings: Attributes,
  ) => void;
  /**
   * Where the gradient is taken, for methods that do not take it at the parameters: adds the
   * computation of those points.
   */
  readonly gradientPoints?: (
    builder: GraphBuilder,
    parameters: readonly string[],
    settings: Attributes,
  ) => readonly string[];
};

/** Declares a state beside a parameter, of its shape: zeros, or the parameter's first content. */
export function stateBeside(
  builder: GraphBuilder,
  parameter: string,
  name: string,
  content: "zeros" | "parameter" = "zeros",
): string {
  const { shape, data } = builder.spec(parameter);
  const start =
    content === "zeros" ? new Float32Array(sizeOf(shape)) : Float32Array.from(data as Float32Array);
  return builder.state(`${parameter}/${name}`, "float32", shape, start);
}

/** Biases and scales are vectors and do not decay; a decay would pull them to no simpler model. */
export const decayOf = (
  builder: GraphBuilder,
  parameter: string,
  settings: Attributes,
): Attributes =>
  builder.spec(parameter).shape.length < 2 && "weightDecay" in settings
    ? { ...settings, weightDecay: 0 }
    : settings;

/** Adds `operator(p, ...states, g, schedule)` for each parameter. */
export const updateEach =
  (operator: Operator, stateOf: (builder: GraphBuilder, p: string) => readonly string[]) =>
  (
    builder: GraphBuilder,
    names: Parameters<OptimizerDefinition["update"]>[1],
    settings: Attributes,
  ): void =>
    names.parameters.forEach((p, n) => {
      const inputs = [p, ...stateOf(builder, p), names.gradients[n]!, names.schedule];
      builder.apply(operator, inputs, decayOf(builder, p, settings));
    });

/**
 * An operator `name(p, ...states, g, schedule [scheduleSize])` that updates p and the states.
 * @param step the new p, then the new states, of one element
 */
export function updateOperator(spec: {
  readonly name: string;
  readonly settings: SettingTable;
  readonly states: readonly string[];
  /** Names of the values of the schedule. */
  readonly schedule: readonly string[];
  readonly step: (
    k: StatementBuilder,
    at: {
      readonly p: Expr;
      readonly g: Expr;
      readonly states: readonly Expr[];
      readonly schedule: readonly Expr[];
    },
    attributes: Attributes,
  ) => readonly Expr[];
}): Operator {
  const { name, settings, states, schedule } = spec;
  return {
    name,
    infer: (inputs, attributes) => {
      takes(name, inputs, states.length + 3);
      const { shape } = inputs[0]!;
      for (const input of inputs) has(name, input, "float32");
      for (const input of inputs.slice(1, -1)) shaped(name, input, shape);
      shaped(name, inputs.at(-1)!, [schedule.length]);
      for (const [key, setting] of Object.entries(settings))
        if (typeof setting.default === "number") real(name, attributes, key);
      return ["p", ...states].map(() => ({ dtype: "float32", shape }) as const);
    },
    updates: Object.fromEntries(["p", ...states].map((_, n) => [n, n])),
    lower: ({ inputs: [parameter], attributes }) =>
      buildKernel(name, (k) => {
        const size = sizeOf(parameter!.shape);
        const held = ["p", ...states];
        const sources = held.map((hint) => k.input("float32", size, hint));
        const gradient = k.input("float32", size, "g");
        const values = k.input("float32", schedule.length, "schedule");
        const targets = held.map((hint) => k.update("float32", size, `new_${hint}`));
        const scheduled = schedule.map((hint, n) => k.value(values.load(n), hint));
        k.parallel(size, (i) => {
          const [p, ...old] = sources.map((source, n) => k.value(source.load(i), `old_${held[n]}`));
          const at = { p: p!, g: k.value(gradient.load(i)), states: old, schedule: scheduled };
          const results = spec.step(k, at, attributes);
          results.forEach((value, n) => {
            targets[n]!.store(i, value);
          });
        });
      }),
  };
}

/**
 * 0 in place of magnitudes below `tiny`. State vectors of a unit that has no gradient would fade
 * into subnormal numbers and stay there, on which processors calculate a hundred times slower.
 */
export const flushed = (value: Expr, tiny: number): Expr =>
  selectF(ltF(absF(value), tiny), 0, value);

// Below these a value moves no parameter, since epsilon rules the divisor.
const TINY_GRADIENT = 1e-15;
const TINY_MEAN = 1e-20;
const TINY_VARIANCE = 1e-35;

/** g with what is too small to matter taken as 0. */
export const feltGradient = (k: StatementBuilder, g: Expr): Expr =>
  k.value(flushed(g, TINY_GRADIENT), "gradient");

/** beta m + (1 - beta) g. */
export const movingMean = (k: StatementBuilder, m: Expr, g: Expr, beta: number): Expr =>
  k.value(flushed(k.value(addF(mulF(beta, m), mulF(1 - beta, g)), "first"), TINY_MEAN), "mean");

/** beta v + (1 - beta) g². */
export function movingSquare(k: StatementBuilder, v: Expr, g: Expr, beta: number): Expr {
  const square = mulF(mulF(1 - beta, g), g);
  const second = k.value(addF(mulF(beta, v), square), "second");
  return k.value(flushed(second, TINY_VARIANCE), "variance");
}

/** -1, 0 or 1. */
export const signOf = (value: Expr): Expr =>
  selectF(ltF(0, value), 1, selectF(ltF(value, 0), -1, 0));

/** The schedule of optimizers whose only changing value is the rate. */
export const rateSchedule: OptimizerDefinition["schedule"] =
  (learningRate) =>
  (factor = 1) => [learningRate * factor];
