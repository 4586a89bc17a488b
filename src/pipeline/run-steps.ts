/** Steps of a run that are more than a call. */
import { UserError } from "../base/errors.ts";
import type { Layout } from "../samples/layout.ts";
import type { Split } from "../samples/split.ts";
import { gatherWindows } from "../samples/windows.ts";
import type { FitOptions } from "../train/fit.ts";
import type { ClassWeights } from "../train/fit-options.ts";
import { type AnomalyModel, fitAnomaly } from "./anomaly.ts";
import { isSameBlock, type Pipeline } from "./assemble.ts";
import { wrong } from "./check-json.ts";
import { crossValidate, TRIED } from "./cross-validate.ts";
import { validationOf } from "./designer.ts";
import { evaluatePipeline } from "./evaluate.ts";
import { type PreparedBlock, prepareBlock } from "./features.ts";
import type { ProjectWindows } from "./project-windows.ts";
import type { AnomalyRecipe, LabelWeights, Recipe } from "./recipe.ts";
import type { Report } from "./report.ts";

/** Anomaly scores of the windows of each label that was held out. */
export async function unseenScores(
  pipeline: Pipeline,
  split: Split,
  recipe: Recipe,
  layout: Layout,
  control: { readonly signal?: AbortSignal },
): Promise<{ label: string; scores: Float32Array }[]> {
  if (pipeline.anomaly === undefined) return [];
  const result: { label: string; scores: Float32Array }[] = [];
  for (const { label, parts } of split.unseen) {
    const windows = gatherWindows(parts, { ...recipe.input, sampleRateHz: layout.sampleRateHz });
    const evaluation = await evaluatePipeline(pipeline, windows.values, control);
    result.push({ label, scores: evaluation.anomaly });
  }
  return result;
}

/**
 * What training takes of a recipe.
 * @param labels of the data, in the order of the outputs
 * @throws UserError `augmentation` when the block gives no features over time, `recipe-value` for
 *   weights of labels that are not in the data
 */
export function fitOptions(
  recipe: Recipe,
  block: PreparedBlock,
  labels: readonly string[],
): Omit<FitOptions, "seed"> {
  const { patience, augmentation, classWeights, ...given } = recipe.training;
  const isImage = augmentation !== null && "kind" in augmentation;
  if (augmentation && !isImage && !block.frames)
    throw new UserError(
      "augmentation",
      `train: augmentation needs features over time, got the block "${block.block.type}"`,
      "Set training.augmentation to null, or choose mfe or mfcc.",
    );
  return {
    ...given,
    ...(patience > 0 ? { patience } : {}),
    classWeights: weightsByLabel(classWeights, labels),
    ...(augmentation
      ? { augmentation: isImage ? augmentation : { ...block.frames!, ...augmentation } }
      : {}),
  };
}

/** In the order of the labels, where a recipe names them. */
function weightsByLabel(weights: LabelWeights, labels: readonly string[]): ClassWeights {
  const path = "training.classWeights";
  if (typeof weights === "string") return weights;
  if (isList(weights)) {
    if (weights.length === labels.length) return weights;
    throw wrong(path, `must be a weight for each of ${labels.join(", ")}`, weights);
  }
  const unknown = Object.keys(weights).find((label) => !labels.includes(label));
  if (unknown !== undefined)
    throw wrong(path, `must weigh labels that are learned (${labels.join(", ")})`, unknown);
  return labels.map((label) => (Object.hasOwn(weights, label) ? weights[label]! : 1));
}

const isList = (weights: object): weights is readonly number[] => Array.isArray(weights);

/** Of a recipe's training, what trials do as well. */
function triedOptions({ training }: Recipe): Parameters<typeof crossValidate>[2] {
  const { learningRate, epochs } = training;
  const given = TRIED.filter((name) => training[name] !== undefined);
  return {
    learningRate,
    epochs,
    ...Object.fromEntries(given.map((name) => [name, training[name]])),
  };
}

/** Folds over all rows of a table: its test rows alone are few. */
const TABLE_FOLDS = 5;

/** The design of a table, scored over all of its rows. */
export async function crossValidateTable(
  recipe: Recipe,
  split: Split,
  windows: ProjectWindows,
  fitted: { readonly features: Float32Array; readonly width: number },
  control: { readonly signal?: AbortSignal },
): Promise<Report["crossValidation"]> {
  const parts = [...split.training, ...split.validation, ...split.testing];
  const rule = recipe.input.labelRule;
  const design = validationOf(windows.all, parts, { split, recipe, folds: TABLE_FOLDS, rule });
  const { accuracy, loss } = await crossValidate(
    { ...design, classWeights: weightsByLabel(recipe.training.classWeights, split.labels) },
    { ...fitted, layers: recipe.layers },
    triedOptions(recipe),
    control,
  );
  return { folds: design.folds.length, accuracy, loss };
}

/** The score looks at all training recordings, those that validate included. */
export function fitAnomalyOf(
  recipe: AnomalyRecipe,
  seed: number,
  windows: ProjectWindows,
  block: PreparedBlock,
  features: Float32Array,
  control: { readonly signal?: AbortSignal },
): Promise<AnomalyModel> {
  const prepared = prepareBlock(recipe.block, block.context);
  const rows = new Int32Array(windows.train.length + windows.validation.length);
  rows.set(windows.train);
  rows.set(windows.validation, windows.train.length);
  rows.sort();
  return fitAnomaly(recipe, {
    seed,
    windows: windows.all,
    rows,
    prepared,
    ...(isSameBlock(prepared, block) ? { features } : {}),
    ...control,
  });
}
