/**
 * Chooses a design from the data: compares processing blocks by cross-validation on the training
 * recordings, then learning rate and number of epochs for the block that won, and says what it
 * tried and why it chose. The test recordings take no part in any of it.
 */
import type { Layout } from "../samples/layout.ts";
import type { Part } from "../samples/part.ts";
import type { Split } from "../samples/split.ts";
import { list } from "../samples/split-sides.ts";
import { gatherWindows, type WindowLabelRule, type Windows } from "../samples/windows.ts";
import { type SpectrogramAugmentation, usualAugmentation } from "../train/augment-spectrogram.ts";
import { anomalyFor } from "./anomaly-features.ts";
import { bestOf, chooseBlock, reasonFor, type Tried } from "./choose-trial.ts";
import { type CrossValidation, crossValidate } from "./cross-validate.ts";
import { countLabels, datasetOf, rowsWithin } from "./dataset.ts";
import { extractFeatures, type PreparedBlock, prepareBlock } from "./features.ts";
import { makeFolds } from "./folds.ts";
import { type Candidate, kindOf, trialsFor } from "./kinds.ts";
import type { Augmentation, Recipe } from "./recipe.ts";
import type { Trial } from "./report.ts";

export type Design = {
  readonly recipe: Recipe;
  readonly trials: readonly Trial[];
  readonly reasons: readonly string[];
};

type TriedBlock = Tried & {
  readonly candidate: Candidate;
  readonly prepared: PreparedBlock;
  readonly fitted: Parameters<typeof crossValidate>[1];
};
type TriedRate = Tried & { readonly learningRate: number; readonly epochs: number };
type TriedRule = Tried & { readonly rule: WindowLabelRule };

/**
 * @param draft a recipe whose input, split and source stand; its block and training are chosen
 * @throws CancelledError
 */
export async function designRecipe(
  draft: Recipe,
  split: Split,
  layout: Layout,
  control: {
    readonly signal?: AbortSignal;
    readonly onProgress?: (done: number, message: string) => void;
  } = {},
): Promise<Design> {
  const parts = [...split.training, ...split.validation];
  const plan = trialsFor(
    layout,
    parts.map((part) => part.sample),
    draft.task,
  );
  const { windowMs } = draft.input;
  const totalMs = parts.reduce((ms, p) => ms + (p.endRow - p.startRow) * p.sample.intervalMs, 0);
  const windows = gatherWindows(parts, {
    windowMs,
    strideMs: Math.max(draft.input.strideMs, totalMs / plan.windows),
    sampleRateHz: layout.sampleRateHz,
  });
  const signal = control.signal ? { signal: control.signal } : {};
  const changes = parts.some((part) => part.sample.segments !== undefined);
  const rules: readonly WindowLabelRule[] = changes ? ["majority", "end"] : [];
  const rounds = (plan.candidates.length + plan.rates.length + rules.length) * plan.folds;
  let round = 0;
  const watch = (what: string) => ({
    ...signal,
    onFold: () => control.onProgress?.(round++ / rounds, what),
  });

  const validation = { split, recipe: draft, folds: plan.folds };
  const design = validationOf(windows, parts, { ...validation, rule: draft.input.labelRule });
  const isRegression = draft.task === "regression";
  const trialFit = { ...plan.fit, learningRateSchedule: plan.learningRateSchedule };
  const axes = layout.axes.map((axis) => axis.name);
  const blocks: TriedBlock[] = [];
  for (const candidate of plan.candidates) {
    const shape = { axes, sampleRateHz: layout.sampleRateHz, rows: windows.rows };
    const prepared = prepareBlock(candidate.block, shape);
    const features = await extractFeatures(prepared, windows, signal);
    const width = prepared.labels.length;
    const frames = prepared.frames ?? { frames: 1, columns: width };
    const fitted = {
      features,
      width,
      layers: candidate.layers(frames),
      ...(candidate.augments
        ? { augmentation: usualAugmentation(frames.frames, frames.columns) }
        : {}),
    };
    const what = `${candidate.what} (${width} features)`;
    const score = await crossValidate(design, fitted, trialFit, watch(what));
    blocks.push({ what, score, candidate, prepared, fitted });
  }
  const block = chooseBlock(blocks);

  const labelRules: TriedRule[] = [];
  for (const rule of rules) {
    const what = rule === "end" ? "label of a window's last row" : "label of most of its rows";
    const ruled = validationOf(windows, parts, { ...validation, rule });
    const score = await crossValidate(ruled, block.fitted, trialFit, watch(what));
    labelRules.push({ what, score, rule });
  }
  const labelRule = labelRules.length > 0 ? bestOf(labelRules) : undefined;

  const rates: TriedRate[] = [];
  for (const learningRate of plan.rates) {
    const what = `learning rate ${learningRate}, up to ${plan.epochs} epochs`;
    const options = { ...trialFit, learningRate, epochs: plan.epochs };
    const score = await crossValidate(design, block.fitted, options, watch(what));
    // A fifth more than was best with fewer recordings; the best of them is kept.
    const epochs = Math.min(plan.epochs, Math.max(20, 10 * Math.ceil(0.12 * score.epochs)));
    rates.push({ what, score, learningRate, epochs });
  }
  const rate = rates.length > 0 ? bestOf(rates) : undefined;
  const { learningRate, epochs } = rate ?? { ...plan.fit, epochs: plan.epochs };

  return {
    recipe: {
      ...draft,
      input: { ...draft.input, labelRule: labelRule?.rule ?? draft.input.labelRule },
      block: block.candidate.block,
      layers: block.fitted.layers,
      training: {
        ...draft.training,
        epochs,
        learningRate,
        classWeights: design.classWeights,
        learningRateSchedule: plan.learningRateSchedule,
        keep: plan.keep,
        augmentation: block.fitted.augmentation ? augmentationOf(block.fitted.augmentation) : null,
      },
      anomaly:
        kindOf(parts.map((part) => part.sample)) === "motion"
          ? anomalyFor(block.candidate.block, block.prepared.labels, axes)
          : null,
    },
    trials: [...blocks, ...labelRules, ...rates].map((tried) => ({
      what: tried.what,
      accuracy: tried.score.accuracy,
      loss: tried.score.loss,
      chosen: tried === block || tried === rate || tried === labelRule,
    })),
    reasons: [
      `Tried on ${windows.count} ${layout.isTable ? "rows" : `windows of ${windowMs} ms from ${split.training.length + split.validation.length} training recordings`}, in ${design.folds.length} folds; each fold tests what it does not train on.`,
      ...(isRegression
        ? [
            `The labels are numbers, so the network predicts ${list(split.labels)}; the loss is in units of their variance.`,
          ]
        : []),
      ...(blocks.length > 1
        ? [
            isRegression
              ? `${block.candidate.what}: the lowest loss on left-out recordings${block === bestOf(blocks) ? "" : ", but for designs that carry the offset of the sensor"}.`
              : reasonFor(block, blocks),
          ]
        : []),
      ...(labelRule ? [`A window gets the ${labelRule.what}.`] : []),
      ...(rate
        ? [
            `Learning rate ${rate.learningRate}: its loss was lowest after ${rate.score.epochs} epochs; ${epochs} are planned and the best one is kept.`,
          ]
        : []),
      ...(design.classWeights === "auto"
        ? ["Labels have uneven numbers of windows, so each is weighed by its inverse share."]
        : []),
    ],
  };
}

/** Cross-validation of windows whose labels follow a rule. */
export function validationOf(
  windows: Windows,
  parts: readonly Part[],
  options: {
    readonly split: Split;
    readonly recipe: Recipe;
    readonly folds: number;
    readonly rule: WindowLabelRule;
  },
): CrossValidation {
  const { split, recipe } = options;
  const { task, seed } = recipe;
  const dataset = datasetOf(windows, split.labels, { task, rule: options.rule });
  const { windowMs } = recipe.input;
  const byLabel = task === "classification";
  const folds = makeFolds(parts, { folds: options.folds, windowMs, seed, byLabel })
    .map((fold) => ({
      training: rowsWithin(windows, fold.training),
      validation: rowsWithin(windows, fold.validation),
    }))
    .filter((fold) => fold.training.length > 0 && fold.validation.length > 0);
  const counts = countLabels(dataset, rowsWithin(windows, parts), split.labels.length);
  const uneven = byLabel && Math.max(...counts) > 1.5 * Math.max(1, Math.min(...counts));
  return {
    dataset,
    folds,
    batchSize: recipe.training.batchSize,
    classWeights: uneven ? "auto" : "none",
    seed: recipe.seed,
  };
}

/** As a recipe says it: without the shape, which follows from the block. */
function augmentationOf(augmentation: SpectrogramAugmentation): Augmentation {
  const none = { count: 0, width: 0 };
  const { noise = 0, timeMasks = none, frequencyMasks = none, timeShift = 0 } = augmentation;
  return { noise, timeMasks, frequencyMasks, timeShift };
}
