/**
 * Kinds of data, and what the designer tries for each: windows, processing blocks with the network
 * that suits them, how long to train in trials. A new kind of data is a row here.
 */
import type { Frames } from "../dsp/block.ts";
import type { Layer } from "../models/layers.ts";
import { rowsOf, type Sample } from "../samples/sample.ts";
import type { Layout } from "../samples/windows.ts";
import { type Augmentation, type BlockRecipe, DEFAULT_LAYERS } from "./recipe.ts";

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
  /** Changes of the training examples; none where absent. */
  readonly augmentation?: Augmentation;
};

export type TrialPlan = {
  readonly candidates: readonly Candidate[];
  readonly folds: number;
  /** At most so many windows, evenly spread. */
  readonly windows: number;
  /** How the candidates are fitted. */
  readonly fit: { readonly learningRate: number; readonly epochs: number };
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

/** The kind that a layout and its samples have, as far as trials are concerned. */
export function trialsFor(layout: Layout, samples: readonly Sample[]): TrialPlan {
  return TRIALS[layout.isTable ? "table" : kindOf(samples)];
}

const dense = (): readonly Layer[] => DEFAULT_LAYERS;

/** Two stages of convolution along time, each halving it. */
const convolution =
  (filters: readonly [number, number], kernelSize: number, dropout: number) =>
  ({ frames, columns }: Frames): readonly Layer[] => [
    { type: "reshape", shape: [frames, columns] },
    { type: "conv1d", filters: filters[0], kernelSize, padding: "same", activation: "relu" },
    { type: "maxPool1d", size: 2 },
    { type: "dropout", rate: dropout },
    { type: "conv1d", filters: filters[1], kernelSize, padding: "same", activation: "relu" },
    { type: "maxPool1d", size: 2 },
    { type: "dropout", rate: dropout },
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
  layers: convolution([16, 16], 5, 0.25),
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
/** SpecAugment-like, in the sizes of the published block (dsp-blocks, section 13). */
const audioAugmentation: Augmentation = {
  noise: 0.2,
  timeMasks: { count: 1, width: 4 },
  frequencyMasks: { count: 1, width: 4 },
  timeShift: 6,
};
const audio = (type: "mfe" | "mfcc"): Candidate => ({
  what: type.toUpperCase(),
  block: { type, params: {} },
  carriesOffset: false,
  layers: convolution([16, 32], 3, 0.25),
  augmentation: audioAugmentation,
});

const motionTrials = {
  folds: 3,
  windows: 1000,
  fit: { learningRate: 0.005, epochs: 30 },
  rates: [0.001, 0.003, 0.01],
  epochs: 100,
};

const TRIALS: { readonly [K in Kind]: TrialPlan } = {
  motion: { ...motionTrials, candidates: [raw, flatten, spectral(16), spectral(64)] },
  event: {
    ...motionTrials,
    candidates: [raw, rawConvolution, flatten, spectral(16), spectral(64)],
  },
  audio: {
    candidates: [audio("mfe"), audio("mfcc")],
    folds: 3,
    windows: 1000,
    fit: { learningRate: 0.003, epochs: 30 },
    rates: [],
    epochs: 60,
  },
  table: {
    candidates: [raw],
    folds: 5,
    windows: 5000,
    fit: { learningRate: 0.005, epochs: 60 },
    rates: [0.001, 0.003, 0.01],
    epochs: 100,
  },
};
