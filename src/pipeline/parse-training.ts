/**
 * The part of a recipe that says how to train. Losses, optimizers and schedules are those of the
 * registries in `train/`, with their settings and bounds; nothing is listed here again.
 */
import { UserError } from "../base/errors.ts";
import { CLASS_METRICS, type MetricName, NUMBER_METRICS } from "../train/epoch-metrics.ts";
import { LOSSES } from "../train/losses.ts";
import { resolveOptimizer } from "../train/optimizers.ts";
import { learningRateFactor } from "../train/schedules.ts";
import { type Choice, chosen, settingsOf } from "../train/settings.ts";
import { amount, choice, integer, keys, number, object, string, wrong } from "./check-json.ts";
import { parseAugmentation } from "./parse-augmentation.ts";
import type { LabelWeights, Recipe, Task } from "./recipe.ts";

/** @throws UserError `recipe-key`, `recipe-value` */
export function parseTraining(value: unknown, task: Task): Recipe["training"] {
  const training = object("training", value);
  keys("training", training, [
    "epochs",
    "learningRate",
    "learningRateSchedule",
    "batchSize",
    "patience",
    "keep",
    "monitor",
    "minDelta",
    "metrics",
    "classWeights",
    "augmentation",
    "loss",
    "optimizer",
    "clipNorm",
    "weightDecay",
  ]);
  const { learningRateSchedule, augmentation, loss, optimizer, clipNorm, weightDecay } = training;
  const { monitor, minDelta } = training;
  const metrics = parseMetrics(training.metrics ?? [], task);
  return {
    epochs: integer("training.epochs", training.epochs, 1, 100_000),
    learningRate: number("training.learningRate", training.learningRate, 0, 100),
    learningRateSchedule: parseSchedule(learningRateSchedule ?? "constant"),
    batchSize: integer("training.batchSize", training.batchSize ?? 32, 1, 65_536),
    patience: integer("training.patience", training.patience ?? 0, 0, 100_000),
    keep: choice("training.keep", training.keep ?? "best", ["best", "last"]),
    ...(isLeftOut(monitor) || monitor === "loss"
      ? {}
      : { monitor: parseMonitor(monitor, metrics) }),
    ...(isLeftOut(minDelta) || minDelta === 0
      ? {}
      : { minDelta: amount("training.minDelta", minDelta, 1e6) }),
    ...(metrics.length === 0 ? {} : { metrics }),
    classWeights: parseLabelWeights(training.classWeights ?? "none", task),
    augmentation: isLeftOut(augmentation) ? null : parseAugmentation(augmentation),
    ...(isLeftOut(loss) ? {} : { loss: parseLoss(loss, task) }),
    ...(isLeftOut(optimizer) ? {} : { optimizer: parseOptimizer(optimizer) }),
    ...(isLeftOut(clipNorm) ? {} : { clipNorm: number("training.clipNorm", clipNorm, 0, 1e6) }),
    ...(isLeftOut(weightDecay) || weightDecay === 0
      ? {}
      : { weightDecay: number("training.weightDecay", weightDecay, 0, 100) }),
  };
}

const isLeftOut = (value: unknown): boolean => value === undefined || value === null;

/** A name, or an object with a name and settings. */
function parseChoice(path: string, value: unknown): Choice {
  if (typeof value === "string") return { name: string(path, value) };
  const given = object(path, value);
  const name = string(`${path}.name`, given.name);
  for (const [key, setting] of Object.entries(given))
    if (key !== "name" && typeof setting !== "number" && typeof setting !== "boolean")
      throw wrong(`${path}.${key}`, "must be a number, true or false", setting);
  return { ...(given as Choice), name };
}

/** What the registries refuse, in terms of the file. */
function within<T>(path: string, resolve: () => T): T {
  try {
    return resolve();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const rule = error.message.replace(/^train: /, "");
    throw new UserError("recipe-value", `recipe: "${path}": ${rule}`, error.hint);
  }
}

function parseSchedule(value: unknown): Recipe["training"]["learningRateSchedule"] {
  const path = "training.learningRateSchedule";
  const given = parseChoice(path, value);
  within(path, () => learningRateFactor(given, 1));
  return Object.keys(given).length === 1 ? given.name : given;
}

function parseOptimizer(value: unknown): Choice {
  const given = parseChoice("training.optimizer", value);
  within("training.optimizer", () => resolveOptimizer(given));
  return given;
}

function parseLoss(value: unknown, task: Task): Choice {
  const given = parseChoice("training.loss", value);
  const needed = task === "regression" ? "numbers" : "labels";
  const fitting = new Map([...LOSSES].filter(([, { targets }]) => targets === needed));
  within("training.loss", () => {
    const { settings } = chosen(`the loss of a ${task}`, given.name, fitting);
    settingsOf(`loss ${given.name}`, given, settings);
  });
  return given;
}

function parseMetrics(value: unknown, task: Task): readonly MetricName[] {
  const path = "training.metrics";
  if (!Array.isArray(value)) throw wrong(path, "must be a list of names", value);
  const known: readonly MetricName[] = task === "regression" ? NUMBER_METRICS : CLASS_METRICS;
  if (new Set(value).size < value.length) throw wrong(path, "must be different names", value);
  return value.map((name, i) => choice(`${path}[${i}]`, name, known));
}

function parseMonitor(value: unknown, metrics: readonly MetricName[]): MetricName {
  const found = metrics.find((name) => name === value);
  if (found) return found;
  throw wrong("training.monitor", 'must be "loss" or one of "training.metrics"', value);
}

function parseLabelWeights(value: unknown, task: Task): LabelWeights {
  const path = "training.classWeights";
  if (task === "regression" && value !== "none")
    throw wrong(path, 'must be "none" for a regression', value);
  if (Array.isArray(value)) return value.map((weight, i) => weightOf(`${path}[${i}]`, weight));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([label, weight]) => [label, weightOf(`${path}.${label}`, weight)]),
    );
  if (value === "none" || value === "auto") return value;
  throw wrong(path, 'must be "none", "auto", a list of weights or weights by label', value);
}

const weightOf = (path: string, value: unknown): number => amount(path, value, 1e6);
