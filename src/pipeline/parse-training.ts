/**
 * The part of a recipe that says how to train. Losses, optimizers and schedules are those of the
 * registries in `train/`, with their settings and bounds; nothing is listed here again.
 */
import { UserError } from "../base/errors.ts";
import { LOSSES } from "../train/losses.ts";
import { resolveOptimizer } from "../train/optimizers.ts";
import { learningRateFactor } from "../train/schedules.ts";
import { type Choice, chosen, settingsOf } from "../train/settings.ts";
import { choice, integer, keys, number, object, string, wrong } from "./check-json.ts";
import type { Augmentation, Recipe, Task } from "./recipe.ts";

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
    "classWeights",
    "augmentation",
    "loss",
    "optimizer",
    "clipNorm",
    "weightDecay",
  ]);
  const { learningRateSchedule, augmentation, loss, optimizer, clipNorm, weightDecay } = training;
  const classWeights = choice("training.classWeights", training.classWeights ?? "none", [
    "none",
    "auto",
  ]);
  if (task === "regression" && classWeights !== "none")
    throw wrong("training.classWeights", 'must be "none" for a regression', classWeights);
  return {
    epochs: integer("training.epochs", training.epochs, 1, 100_000),
    learningRate: number("training.learningRate", training.learningRate, 0, 100),
    learningRateSchedule: parseSchedule(learningRateSchedule ?? "constant"),
    batchSize: integer("training.batchSize", training.batchSize ?? 32, 1, 65_536),
    patience: integer("training.patience", training.patience ?? 0, 0, 100_000),
    keep: choice("training.keep", training.keep ?? "best", ["best", "last"]),
    classWeights,
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

function parseAugmentation(value: unknown): Augmentation {
  const path = "training.augmentation";
  const given = object(path, value);
  keys(path, given, ["noise", "timeMasks", "frequencyMasks", "timeShift", "timeWarp"]);
  const masks = (name: string): { count: number; width: number } => {
    const part = object(`${path}.${name}`, given[name] ?? { count: 0, width: 0 });
    keys(`${path}.${name}`, part, ["count", "width"]);
    return {
      count: integer(`${path}.${name}.count`, part.count, 0, 64),
      width: integer(`${path}.${name}.width`, part.width, 0, 4096),
    };
  };
  const { noise = 0 } = given;
  if (typeof noise !== "number" || !(noise >= 0 && noise <= 10))
    throw wrong(`${path}.noise`, "must be a number from 0 to 10", noise);
  return {
    noise,
    timeMasks: masks("timeMasks"),
    frequencyMasks: masks("frequencyMasks"),
    timeShift: integer(`${path}.timeShift`, given.timeShift ?? 0, 0, 4096),
    ...(isLeftOut(given.timeWarp)
      ? {}
      : { timeWarp: integer(`${path}.timeWarp`, given.timeWarp, 0, 4096) }),
  };
}
