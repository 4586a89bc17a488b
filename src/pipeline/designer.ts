/**
 * Chooses a design from the data: compares processing blocks by cross-validation on the training
 * recordings, then learning rate and number of epochs for the block that won, and says what it
 * tried and why it chose. The test recordings take no part in any of it.
 */

import { makeModel } from "../models/layers.ts";
import { rowsOf, type Sample } from "../samples/sample.ts";
import type { Split } from "../samples/split.ts";
import type { Layout } from "../samples/windows.ts";
import { gatherWindows } from "../samples/windows.ts";
import { type EpochReport, fit } from "../train/fit.ts";
import { countLabels, makeDataset, rowsWithin } from "./dataset.ts";
import {
  extractFeatures,
  fitStandardization,
  type PreparedBlock,
  prepareBlock,
  standardizeAll,
} from "./features.ts";
import { makeFolds } from "./folds.ts";
import { type AnomalyRecipe, type BlockRecipe, DEFAULT_LAYERS, type Recipe } from "./recipe.ts";
import type { Trial } from "./report.ts";

export type Design = {
  readonly recipe: Recipe;
  readonly trials: readonly Trial[];
  readonly reasons: readonly string[];
};

/** Windows are 2 s unless recordings are shorter, and start 25 times per window. */
const WINDOW_MS = 2000;
const STRIDES_PER_WINDOW = 25;
/** Share of the recordings that must hold a window. */
const LONG_ENOUGH = 0.9;

/** Cross-validation looks at no more windows than this; neighbors overlap almost entirely. */
const TRIAL_WINDOWS = 1000;
const FOLDS = 3;
const BLOCK_EPOCHS = 30;
const BLOCK_RATE = 0.005;
const TUNE_EPOCHS = 100;
const RATES = [0.001, 0.003, 0.01];
/** Accuracies closer than this are told apart by their loss. */
const SAME_ACCURACY = 0.005;

const CANDIDATES: readonly { readonly what: string; readonly block: BlockRecipe }[] = [
  { what: "raw", block: { type: "raw", params: {} } },
  { what: "flatten", block: { type: "flatten", params: {} } },
  { what: "spectral, FFT 16", block: { type: "spectral", params: { "fft-length": 16 } } },
  { what: "spectral, FFT 64", block: { type: "spectral", params: { "fft-length": 64 } } },
];

/** Window and stride for recordings that nobody has described, in milliseconds. */
export function chooseWindow(samples: readonly Sample[]): { windowMs: number; strideMs: number } {
  const lengths = samples.map((sample) => rowsOf(sample) * sample.intervalMs).sort((a, b) => b - a);
  const enough = lengths[Math.ceil(LONG_ENOUGH * lengths.length) - 1] ?? WINDOW_MS;
  const windowMs = Math.max(1, Math.floor(Math.min(WINDOW_MS, enough)));
  return { windowMs, strideMs: Math.max(1, windowMs / STRIDES_PER_WINDOW) };
}

type Score = { readonly accuracy: number; readonly loss: number; readonly epochs: number };

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
  const { windowMs } = draft.input;
  const parts = [...split.training, ...split.validation];
  const strideMs = trialStride(
    draft,
    parts.reduce((n, p) => n + p.endRow - p.startRow, 0),
    layout,
  );
  const windows = gatherWindows(parts, { windowMs, strideMs, sampleRateHz: layout.sampleRateHz });
  const dataset = makeDataset(windows, split.labels);
  const folds = makeFolds(parts, { folds: FOLDS, windowMs, seed: draft.seed })
    .map((fold) => ({
      training: rowsWithin(windows, fold.training),
      validation: rowsWithin(windows, fold.validation),
    }))
    .filter((fold) => fold.training.length > 0 && fold.validation.length > 0);

  const counts = countLabels(dataset, rowsWithin(windows, split.training), split.labels.length);
  const uneven = Math.max(...counts) > 1.5 * Math.max(1, Math.min(...counts));
  const classWeights = uneven ? "auto" : "none";
  const axes = layout.axes.map((axis) => axis.name);
  const rounds = (CANDIDATES.length + RATES.length) * folds.length;
  let round = 0;

  const trials: { what: string; score: Score }[] = [];
  const evaluate = async (
    what: string,
    features: Float32Array<ArrayBuffer>,
    width: number,
    options: { learningRate: number; epochs: number },
  ): Promise<Score> => {
    const runs: (readonly EpochReport[])[] = [];
    const sizes: number[] = [];
    for (const fold of folds) {
      control.onProgress?.(round++ / rounds, what);
      const scaled = standardizeAll(features, fitStandardization(features, width, fold.training));
      const model = makeModel(draft.layers, [width], split.labels.length, draft.seed);
      const result = await fit(
        model,
        {
          x: scaled,
          y: dataset.labels,
          outputs: split.labels.length,
          train: fold.training,
          validation: fold.validation,
        },
        { ...options, batchSize: draft.training.batchSize, classWeights, seed: draft.seed },
        control.signal ? { signal: control.signal } : {},
      );
      runs.push(result.history);
      sizes.push(fold.validation.length);
    }
    const score = bestEpoch(runs, sizes);
    trials.push({ what, score });
    return score;
  };

  const reasons: string[] = [
    `Windows of ${windowMs} ms, ${split.training.length + split.validation.length} training recordings in ${folds.length} folds; no fold sees a recording on both sides.`,
  ];
  let best:
    | {
        block: BlockRecipe;
        what: string;
        score: Score;
        features: Float32Array<ArrayBuffer>;
        prepared: PreparedBlock;
      }
    | undefined;
  for (const candidate of CANDIDATES) {
    const prepared = prepareBlock(candidate.block, {
      axes,
      sampleRateHz: layout.sampleRateHz,
      rows: windows.rows,
    });
    const features = await extractFeatures(
      prepared,
      windows,
      control.signal ? { signal: control.signal } : {},
    );
    const score = await evaluate(
      `${candidate.what} (${prepared.labels.length} features)`,
      features,
      prepared.labels.length,
      {
        learningRate: BLOCK_RATE,
        epochs: BLOCK_EPOCHS,
      },
    );
    if (!best || isBetter(score, best.score)) best = { ...candidate, score, features, prepared };
  }
  const winner = best!;
  const winnerTrial = trials.find((trial) => trial.score === winner.score)!;
  reasons.push(
    `${winner.what}: best accuracy on recordings that were left out (within ${SAME_ACCURACY * 100} points the lower loss wins).`,
  );

  let tuned: { rate: number; score: Score } | undefined;
  for (const rate of RATES) {
    const score = await evaluate(
      `${winner.what}, learning rate ${rate}, up to ${TUNE_EPOCHS} epochs`,
      winner.features,
      winner.prepared.labels.length,
      { learningRate: rate, epochs: TUNE_EPOCHS },
    );
    if (!tuned || isBetter(score, tuned.score)) tuned = { rate, score };
  }
  const chosen = tuned!;
  const epochs = Math.min(
    TUNE_EPOCHS,
    Math.max(20, 10 * Math.ceil((1.2 * chosen.score.epochs) / 10)),
  );
  reasons.push(
    `Learning rate ${chosen.rate}: its loss on left-out recordings was lowest after ${chosen.score.epochs} epochs; ${epochs} are planned and the best one is kept.`,
  );
  if (classWeights === "auto")
    reasons.push("Labels have uneven numbers of windows, so each is weighed by its inverse share.");

  const anomaly = anomalyFor(winner.block, winner.prepared, axes);
  return {
    recipe: {
      ...draft,
      block: winner.block,
      standardize: true,
      training: { ...draft.training, epochs, learningRate: chosen.rate, classWeights },
      anomaly,
    },
    trials: trials.map(({ what, score }) => ({
      what,
      accuracy: score.accuracy,
      loss: score.loss,
      chosen: score === winnerTrial.score || score === chosen.score,
    })),
    reasons,
  };
}

/** The draft of a recipe with everything that needs no looking at features. */
export function draftRecipe(options: {
  readonly name: string;
  readonly source: string;
  readonly seed: number;
  readonly samples: readonly Sample[];
}): Recipe {
  return {
    tinsmith: 1,
    name: options.name,
    source: options.source,
    seed: options.seed,
    input: chooseWindow(options.samples),
    split: { testFraction: 0.2, validationFraction: 0.2 },
    block: { type: "spectral", params: {} },
    standardize: true,
    layers: DEFAULT_LAYERS,
    training: { epochs: 30, learningRate: 0.005, batchSize: 32, patience: 0, classWeights: "none" },
    anomaly: null,
  };
}

/** The anomaly score looks at the RMS of each axis, from the block itself where it has that. */
function anomalyFor(
  block: BlockRecipe,
  prepared: PreparedBlock,
  axes: readonly string[],
): AnomalyRecipe {
  const features = axes.map((axis) => `${axis} RMS`);
  const has = features.every((name) => prepared.labels.includes(name));
  const rmsOnly: BlockRecipe = {
    type: "flatten",
    params: {
      average: false,
      minimum: false,
      maximum: false,
      stdev: false,
      skewness: false,
      kurtosis: false,
    },
  };
  return { type: "k-means", block: has ? block : rmsOnly, features, clusters: 32, percentile: 99 };
}

/** A stride at which the trials see about `TRIAL_WINDOWS` windows, never finer than the recipe's. */
function trialStride(draft: Recipe, rows: number, layout: Layout): number {
  const totalMs = (rows / layout.sampleRateHz) * 1000;
  return Math.max(draft.input.strideMs, totalMs / TRIAL_WINDOWS);
}

/** The epoch at which the mean validation loss over all folds is lowest. */
function bestEpoch(runs: readonly (readonly EpochReport[])[], sizes: readonly number[]): Score {
  const total = sizes.reduce((sum, n) => sum + n, 0);
  const epochs = Math.min(...runs.map((run) => run.length));
  let best: Score | undefined;
  for (let e = 0; e < epochs; e++) {
    const mean = (of: (report: EpochReport) => number): number =>
      runs.reduce((sum, run, i) => sum + of(run[e]!) * sizes[i]!, 0) / total;
    const loss = mean((report) => report.validationLoss ?? 0);
    const accuracy = mean((report) => report.validationAccuracy ?? 0);
    if (!best || loss < best.loss) best = { accuracy, loss, epochs: e + 1 };
  }
  return best!;
}

function isBetter(a: Score, b: Score): boolean {
  if (Math.abs(a.accuracy - b.accuracy) > SAME_ACCURACY) return a.accuracy > b.accuracy;
  return a.loss < b.loss;
}
