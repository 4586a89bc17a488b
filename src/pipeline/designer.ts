/**
 * Chooses a design from the data: compares processing blocks by cross-validation on the training
 * recordings, then learning rate and number of epochs for the block that won, and says what it
 * tried and why it chose. The test recordings take no part in any of it.
 */
import { rowsOf, type Sample } from "../samples/sample.ts";
import type { Split } from "../samples/split.ts";
import { gatherWindows, type Layout } from "../samples/windows.ts";
import { anomalyFor, CANDIDATES, type Candidate } from "./candidates.ts";
import { type CrossValidation, crossValidate, type Score } from "./cross-validate.ts";
import { countLabels, makeDataset, rowsWithin } from "./dataset.ts";
import { extractFeatures, type PreparedBlock, prepareBlock } from "./features.ts";
import { makeFolds } from "./folds.ts";
import { DEFAULT_LAYERS, type Recipe } from "./recipe.ts";
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
const BLOCK_FIT = { learningRate: 0.005, epochs: 30 };
const RATES: readonly number[] = [0.001, 0.003, 0.01];
const TUNE_EPOCHS = 100;
/** Accuracies closer than this are told apart by their loss. */
const SAME_ACCURACY = 0.005;
/** Features that carry the offset of the sensor must win by this much. */
const OFFSET_HANDICAP = 0.02;

/** Window and stride for recordings that nobody has described, in milliseconds. */
export function chooseWindow(samples: readonly Sample[]): { windowMs: number; strideMs: number } {
  const lengths = samples.map((sample) => rowsOf(sample) * sample.intervalMs).sort((a, b) => b - a);
  const enough = lengths[Math.ceil(LONG_ENOUGH * lengths.length) - 1] ?? WINDOW_MS;
  const windowMs = Math.max(1, Math.floor(Math.min(WINDOW_MS, enough)));
  return { windowMs, strideMs: Math.max(1, windowMs / STRIDES_PER_WINDOW) };
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
    training: { ...BLOCK_FIT, batchSize: 32, patience: 0, classWeights: "none" },
    anomaly: null,
  };
}

type Tried = { readonly what: string; readonly score: Score };
type TriedBlock = Tried & {
  readonly candidate: Candidate;
  readonly prepared: PreparedBlock;
  readonly features: Float32Array;
};
type TriedRate = Tried & { readonly learningRate: number };

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
  const { windowMs } = draft.input;
  const totalMs = parts.reduce((ms, p) => ms + (p.endRow - p.startRow) * p.sample.intervalMs, 0);
  const windows = gatherWindows(parts, {
    windowMs,
    strideMs: Math.max(draft.input.strideMs, totalMs / TRIAL_WINDOWS),
    sampleRateHz: layout.sampleRateHz,
  });
  const dataset = makeDataset(windows, split.labels);
  const folds = makeFolds(parts, { folds: FOLDS, windowMs, seed: draft.seed })
    .map((fold) => ({
      training: rowsWithin(windows, fold.training),
      validation: rowsWithin(windows, fold.validation),
    }))
    .filter((fold) => fold.training.length > 0 && fold.validation.length > 0);
  const counts = countLabels(dataset, rowsWithin(windows, parts), split.labels.length);
  const uneven = Math.max(...counts) > 1.5 * Math.max(1, Math.min(...counts));
  const plan: CrossValidation = {
    labels: dataset.labels,
    classes: split.labels.length,
    folds,
    layers: draft.layers,
    batchSize: draft.training.batchSize,
    classWeights: uneven ? "auto" : "none",
    seed: draft.seed,
  };
  const signal = control.signal ? { signal: control.signal } : {};
  const rounds = (CANDIDATES.length + RATES.length) * folds.length;
  let round = 0;
  const watch = (what: string) => ({
    ...signal,
    onFold: () => control.onProgress?.(round++ / rounds, what),
  });

  const axes = layout.axes.map((axis) => axis.name);
  const blocks: TriedBlock[] = [];
  for (const candidate of CANDIDATES) {
    const shape = { axes, sampleRateHz: layout.sampleRateHz, rows: windows.rows };
    const prepared = prepareBlock(candidate.block, shape);
    const features = await extractFeatures(prepared, windows, signal);
    const width = prepared.labels.length;
    const what = `${candidate.what} (${width} features)`;
    const score = await crossValidate(plan, features, width, BLOCK_FIT, watch(what));
    blocks.push({ what, score, candidate, prepared, features });
  }
  const block = chooseBlock(blocks);

  const rates: TriedRate[] = [];
  for (const learningRate of RATES) {
    const what = `learning rate ${learningRate}, up to ${TUNE_EPOCHS} epochs`;
    const options = { learningRate, epochs: TUNE_EPOCHS };
    const width = block.prepared.labels.length;
    const score = await crossValidate(plan, block.features, width, options, watch(what));
    rates.push({ what, score, learningRate });
  }
  const rate = rates.reduce((a, b) => (isBetter(b.score, a.score) ? b : a));
  // A fifth more than was best with fewer recordings; the best of them is kept.
  const epochs = Math.min(TUNE_EPOCHS, Math.max(20, 10 * Math.ceil(0.12 * rate.score.epochs)));

  return {
    recipe: {
      ...draft,
      block: block.candidate.block,
      training: {
        ...draft.training,
        epochs,
        learningRate: rate.learningRate,
        classWeights: plan.classWeights,
      },
      anomaly: anomalyFor(block.candidate.block, block.prepared.labels, axes),
    },
    trials: [...blocks, ...rates].map((tried) => ({
      what: tried.what,
      accuracy: tried.score.accuracy,
      loss: tried.score.loss,
      chosen: tried === block || tried === rate,
    })),
    reasons: [
      `Tried on windows of ${windowMs} ms from ${split.training.length + split.validation.length} training recordings, in ${folds.length} folds; each fold tests recordings (or stretches of a single one) that it does not train on.`,
      reasonFor(block, blocks),
      `Learning rate ${rate.learningRate}: its loss was lowest after ${rate.score.epochs} epochs; ${epochs} are planned and the best one is kept.`,
      ...(uneven
        ? ["Labels have uneven numbers of windows, so each is weighed by its inverse share."]
        : []),
    ],
  };
}

/** The best block; one that carries the offset must lead those that do not by a margin. */
function chooseBlock(blocks: readonly TriedBlock[]): TriedBlock {
  const best = bestOf(blocks);
  if (!best.candidate.carriesOffset) return best;
  const free = bestOf(blocks.filter((tried) => !tried.candidate.carriesOffset));
  return best.score.accuracy - free.score.accuracy > OFFSET_HANDICAP ? best : free;
}

function reasonFor(block: TriedBlock, blocks: readonly TriedBlock[]): string {
  const best = bestOf(blocks);
  if (best === block)
    return `${block.candidate.what}: the best accuracy on left-out recordings (closer than ${100 * SAME_ACCURACY} points, the lower loss wins).`;
  return `${block.candidate.what}: ${best.candidate.what} is ahead by less than ${100 * OFFSET_HANDICAP} points and carries the offset of the sensor, which changes with the way it is mounted.`;
}

const bestOf = <T extends Tried>(tried: readonly T[]): T =>
  tried.reduce((a, b) => (isBetter(b.score, a.score) ? b : a));

function isBetter(a: Score, b: Score): boolean {
  if (Math.abs(a.accuracy - b.accuracy) > SAME_ACCURACY) return a.accuracy > b.accuracy;
  return a.loss < b.loss;
}
