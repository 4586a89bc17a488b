/**
 * The optimizers by name. A new one is its own file and its line here.
 */
import { addGradients } from "../graph/autodiff.ts";
import type { Attributes, GraphBuilder } from "../graph/graph.ts";
import { adagradOptimizer } from "./adagrad.ts";
import { adamOptimizer } from "./adam.ts";
import { adamWOptimizer } from "./adamw.ts";
import { addWeightDecay } from "./add-weight-decay.ts";
import { clipByGlobalNorm } from "./clip-by-global-norm.ts";
import { gradientDescentOptimizer } from "./gradient-descent.ts";
import { lionOptimizer } from "./lion.ts";
import { nadamOptimizer } from "./nadam.ts";
import type { NextSchedule, OptimizerDefinition } from "./optimizer.ts";
import { prodigyOptimizer } from "./prodigy.ts";
import { rmspropOptimizer } from "./rmsprop.ts";
import { scheduleFreeOptimizer } from "./schedule-free.ts";
import { type Choice, chosen, settingsOf } from "./settings.ts";
import { sgdOptimizer } from "./sgd.ts";

const ALL: readonly OptimizerDefinition[] = [
  adagradOptimizer,
  adamOptimizer,
  adamWOptimizer,
  gradientDescentOptimizer,
  lionOptimizer,
  nadamOptimizer,
  prodigyOptimizer,
  rmspropOptimizer,
  scheduleFreeOptimizer,
  sgdOptimizer,
];

export const OPTIMIZERS: ReadonlyMap<string, OptimizerDefinition> = new Map(
  ALL.map((definition) => [definition.name, definition]),
);

/** A name of `OPTIMIZERS` with any of its settings: `{ name: "sgd", momentum: 0.9 }`. */
export type Optimizer = Choice;

/** @throws UserError `training-options` for an unknown name or setting, or a value out of bounds */
export function resolveOptimizer(optimizer: Optimizer): {
  readonly definition: OptimizerDefinition;
  readonly settings: Attributes;
} {
  const definition = chosen("optimizer", optimizer.name, OPTIMIZERS);
  const settings = settingsOf(`optimizer ${definition.name}`, optimizer, definition.settings);
  return { definition, settings };
}

/** Rows of a training step: as many as asked for, or all for an optimizer that wants all. */
export function rowsPerStep(optimizer: Optimizer, batchSize: number, trainingRows: number): number {
  return resolveOptimizer(optimizer).definition.wholeSet ? trainingRows : batchSize;
}

/** The `schedule` inputs of an optimizer's steps 1, 2, …: each call gives the next. */
export function scheduleOf(optimizer: Optimizer, learningRate: number): NextSchedule {
  const { definition, settings } = resolveOptimizer(optimizer);
  return definition.schedule(learningRate, settings);
}

/** Adds, and names, the points at which the gradient is to be taken: mostly the parameters. */
export function gradientPoints(
  builder: GraphBuilder,
  parameters: readonly string[],
  optimizer: Optimizer,
): readonly string[] {
  const { definition, settings } = resolveOptimizer(optimizer);
  return definition.gradientPoints?.(builder, parameters, settings) ?? parameters;
}

/**
 * Adds the gradients of `loss` and the optimizer's updates of the parameter states. Reads an input
 * `schedule`; see `scheduleOf`.
 * @param options.points of which the loss was computed, from `gradientPoints`. @default parameters
 * @param options.clipNorm the largest norm of all gradients together. @default no bound
 * @param options.weightDecay is added to the gradient, times the weight, after clipping; of
 * parameters of two or more dimensions only. @default 0
 */
export function addOptimizer(
  builder: GraphBuilder,
  loss: string,
  parameters: readonly string[],
  optimizer: Optimizer,
  options: {
    readonly points?: readonly string[];
    readonly clipNorm?: number;
    readonly weightDecay?: number;
  } = {},
): void {
  const { points = parameters, clipNorm, weightDecay = 0 } = options;
  const { definition, settings } = resolveOptimizer(optimizer);
  const byPoint = addGradients(builder, loss, points);
  const schedule = builder.input("schedule", "float32", [definition.scheduleSize]);
  const raw = points.map((point) => byPoint.get(point)!);
  const clipped =
    clipNorm === undefined ? raw : builder.apply(clipByGlobalNorm, raw, { maxNorm: clipNorm });
  const gradients = clipped.map((g, n) =>
    weightDecay > 0 && builder.spec(g).shape.length > 1
      ? builder.one(addWeightDecay, [g, points[n]!], { weightDecay })
      : g,
  );
  definition.update(builder, { parameters, gradients, schedule }, settings);
}
