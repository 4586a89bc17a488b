/**
 * Kinds of data, and what the designer tries for each: windows, processing blocks with the network
 * that suits them, how long to train in trials. A new kind of data is a row here.
 */
import type { Frames } from "../dsp/block.ts";
import type { Layer } from "../models/layers.ts";
import type { Layout } from "../samples/layout.ts";
import { rowsOf, type Sample } from "../samples/sample.ts";
import { type BlockRecipe, DEFAULT_LAYERS, type Recipe, type Task } from "./recipe.ts";

/**
 * `table`: rows without time. `audio`: one axis at the rate of sound. `event`: recordings that last
 * hardly longer than a window, so that the order within them matters. `motion`: everything else
 * that is sampled over time.
 */
export type Kind = "table" | "audio" | "event" | "motion";

export type Candidate = {
  readonly what: string;
  readonly block: BlockRecipe;
  /**
   * Whether features hold the constant part of the signal. For an accelerometer that is gravity,
   * which turns with the way the device is held.
   */
  readonly carriesOffset: boolean;
  /** Hidden layers. @param shape the features as frames, where the block has them; else the window */
  readonly layers: (shape: Frames) => readonly Layer[];
  /** Whether training examples are changed at random, as `usualAugmentation` does. */
  readonly augments?: boolean;
};

export type TrialPlan = {
  readonly candidates: readonly Candidate[];
  readonly folds: number;
  /** At most so many windows, evenly spread. */
  readonly windows: number;
  /** How the candidates are fitted. */
  readonly fit: { readonly learningRate: number; readonly epochs: number };
  readonly learningRateSchedule: Recipe["training"]["learningRateSchedule"];
  readonly keep: Recipe["training"]["keep"];
  /** What is tried for the candidate that won; without any, `fit` stands. */
  readonly rates: readonly number[];
  readonly epochs: number;
};

/** The lowest rate at which one axis counts as sound. */
const AUDIO_HZ = 2000;
/** Share of the recordings that must hold a window. */
const LONG_ENOUGH = 0.9;

const isSound = (sample: Sample): boolean =>
  sample.axes.length === 1 && sample.intervalMs > 0 && 1000 / sample.intervalMs >= AUDIO_HZ;

/** The kind of recordings that nobody has described. */
export function kindOf(samples: readonly Sample[]): Kind {
  if (samples.every((sample) => sample.intervalMs === 0)) return "table";
  if (samples.every(isSound)) return "audio";
  const { windowMs } = windowFor("motion", samples);
  const short = samples.filter((sample) => rowsOf(sample) * sample.intervalMs < 1.5 * windowMs);
  return short.length > LONG_ENOUGH * samples.length ? "event" : "motion";
}

/** Window and stride in milliseconds. */
export function windowFor(
  kind: Kind,
  samples: readonly Sample[],
): { readonly windowMs: number; readonly strideMs: number } {
  if (kind === "table") return { windowMs: 1000, strideMs: 1000 };
  const lengths = samples.map((sample) => rowsOf(sample) * sample.intervalMs).sort((a, b) => b - a);
  const enough = lengths[Math.ceil(LONG_ENOUGH * lengths.length) - 1] ?? 1000;
  // Sounds are short, and where labels change within a recording a window must be so too.
  const changes = samples.some((sample) => sample.segments !== undefined);
  const longest = kind === "audio" || changes ? 1000 : 2000;
  const windowMs = Math.max(1, Math.floor(Math.min(longest, enough)));
  const isLong = (lengths[0] ?? 0) >= 2 * windowMs;
  const strideMs = kind === "audio" ? (isLong ? windowMs / 2 : windowMs) : windowMs / 25;
  return { windowMs, strideMs: Math.max(1, strideMs) };
}

/** Rows of a batch: 32, or fewer where a small table would hardly give any steps. */
export function batchFor(kind: Kind, samples: number): number {
  return kind === "table" ? Math.max(4, Math.min(32, Math.floor(samples / 24))) : 32;
}

/** Share of the training recordings that validates: few clips are better trained on. */
export function validationFractionFor(kind: Kind): number {
  return kind === "audio" ? 0.1 : 0.2;
}

/** The kind that a layout and its samples have, as far as trials are concerned. */
export function trialsFor(layout: Layout, samples: readonly Sample[], task: Task): TrialPlan {
  const kind = layout.isTable ? "table" : kindOf(samples);
  return task === "regression" && kind === "table" ? NUMBERS_OF_TABLE : TRIALS[kind];
}

const dense = (): readonly Layer[] => DEFAULT_LAYERS;

/** Stages of convolution along time, each halving it. */
const convolution =
  (filters: readonly number[], kernelSize: number): Candidate["layers"] =>
  ({ frames, columns }) => [
    { type: "reshape", shape: [frames, columns] },
    ...filters.flatMap((count): readonly Layer[] => [
      { type: "conv1d", filters: count, kernelSize, padding: "same", activation: "relu" },
      { type: "maxPool1d", size: 2 },
      { type: "dropout", rate: 0.25 },
    ]),
    { type: "flatten" },
  ];

const raw: Candidate = {
  what: "raw",
  block: { type: "raw", params: {} },
  carriesOffset: true,
  layers: dense,
};
const rawConvolution: Candidate = {
  ...raw,
  what: "raw with convolution",
  layers: convolution([16, 16], 5),
};
const flatten: Candidate = {
  what: "flatten",
  block: { type: "flatten", params: {} },
  carriesOffset: true,
  layers: dense,
};
const spectral = (fftLength: number): Candidate => ({
  what: `spectral, FFT ${fftLength}`,
  block: { type: "spectral", params: { "fft-length": fftLength } },
  carriesOffset: false,
  layers: dense,
});
/**
 * Three stages, augmentation, a rate that falls along a cosine and no early choice of an epoch:
 * together they make the result depend little on the seed. With two stages speech-commands lost
 * 2 points, with half of the epochs 5, without augmentation more than 15.
 */
const audio = (type: "mfe" | "mfcc", params: BlockRecipe["params"] = {}): Candidate => ({
  what: type.toUpperCase(),
  block: { type, params },
  carriesOffset: false,
  layers: convolution([16, 32, 32], 3),
  augments: true,
});

const motionTrials = {
  folds: 3,
  windows: 1000,
  fit: { learningRate: 0.005, epochs: 30 },
  learningRateSchedule: "constant",
  keep: "best",
  rates: [0.001, 0.003, 0.01],
  epochs: 100,
} as const;

const TRIALS: { readonly [K in Kind]: TrialPlan } = {
  motion: { ...motionTrials, candidates: [raw, flatten, spectral(16), spectral(64)] },
  event: {
    ...motionTrials,
    candidates: [raw, rawConvolution, flatten, spectral(16), spectral(64)],
  },
  audio: {
    candidates: [audio("mfe", { "frame-stride": 0.02, "num-filters": 32 }), audio("mfcc")],
    folds: 3,
    windows: 1000,
    fit: { learningRate: 0.005, epochs: 120 },
    learningRateSchedule: "cosine",
    keep: "last",
    rates: [],
    epochs: 200,
  },
  table: {
    candidates: [raw],
    folds: 5,
    windows: 5000,
    fit: { learningRate: 0.005, epochs: 60 },
    learningRateSchedule: "constant",
    keep: "best",
    rates: [0.001, 0.003, 0.01],
    epochs: 100,
  },
};

/** Much of what tables say of numbers is linear, and a linear network cannot overfit as others do. */
const NUMBERS_OF_TABLE: TrialPlan = {
  ...TRIALS.table,
  candidates: [
    { ...raw, what: "raw, linear network", layers: () => [] },
    raw,
    {
      ...raw,
      what: "raw, wider network",
      layers: () => [
        { type: "dense", units: 48, activation: "relu" },
        { type: "dense", units: 24, activation: "relu" },
      ],
    },
  ],
};
