/**
 * The second waist: the design of a pipeline as plain JSON, `tinsmith.json`. The designer writes
 * one, a person may edit it, and the runner carries it out. `parse-recipe.ts` is the only door in.
 */
import type { Layer } from "../models/layers.ts";
import type { WindowLabelRule } from "../samples/windows.ts";
import type { ImageAugmentation } from "../train/augment-image.ts";
import type { MetricName } from "../train/epoch-metrics.ts";
import type { Loss } from "../train/losses.ts";
import type { Optimizer } from "../train/optimizers.ts";
import type { LearningRateSchedule } from "../train/schedules.ts";

export type BlockRecipe = {
  /** The type of a processing block: `raw`, `flatten`, `spectral`. */
  readonly type: string;
  /** Parameters that differ from the defaults of the block. */
  readonly params: { readonly [name: string]: number | string | boolean };
};

/** Of features over time; see `train/augment-spectrogram.ts`, which carries it out. */
export type FrameAugmentation = {
  readonly noise: number;
  readonly timeMasks: { readonly count: number; readonly width: number };
  readonly frequencyMasks: { readonly count: number; readonly width: number };
  readonly timeShift: number;
  /** The most frames by which the middle of an example is moved, its ends staying. @default 0 */
  readonly timeWarp?: number;
};

export type Augmentation = FrameAugmentation | ImageAugmentation;

export type AnomalyRecipe = {
  readonly type: "k-means";
  /** The block whose features are scored. */
  readonly block: BlockRecipe;
  /** Names of the features that are scored, as the block labels them. */
  readonly features: readonly string[];
  readonly clusters: number;
  /** Percentile of the leave-one-recording-out scores that becomes the threshold. */
  readonly percentile: number;
};

/** How much each label counts in training. */
export type LabelWeights =
  | "none"
  | "auto"
  | readonly number[]
  | { readonly [label: string]: number };

/** How tables are read where names of columns do not tell; see `samples/formats/columns.ts`. */
export type Reading = {
  /** Rate of tables without a timestamp column. */
  readonly sampleRateHz?: number;
  readonly sampleColumn?: string;
  readonly labelColumn?: string;
  readonly splitColumn?: string;
  readonly timestampColumn?: string;
  readonly ignoreColumns?: readonly string[];
};

export const TASKS = ["classification", "regression"] as const;

/** What the network says of a window: which label it has, or one or several numbers. */
export type Task = (typeof TASKS)[number];

export type Recipe = {
  readonly tinsmith: 1;
  /** Name of the project; the C library takes its prefix from it. */
  readonly name: string;
  /** Folder, archive or table with the recordings, relative to the recipe's file. */
  readonly source: string;
  readonly seed: number;
  /** What the files do not say of themselves. */
  readonly reading: Reading;
  readonly task: Task;
  /**
   * Of a regression: the columns of a table that hold the numbers to predict, one output each.
   * Empty where the labels are the numbers.
   */
  readonly targets: readonly string[];
  readonly input: {
    readonly windowMs: number;
    /** Distance between the starts of neighboring windows. */
    readonly strideMs: number;
    /**
     * Where labels change within a recording: a window has that of most rows, or of its last. Of
     * numbers, `majority` takes the mean over the rows.
     */
    readonly labelRule: WindowLabelRule;
  };
  readonly split: { readonly testFraction: number; readonly validationFraction: number };
  readonly block: BlockRecipe;
  /** Whether features are brought to mean 0 and standard deviation 1 over the training windows. */
  readonly standardize: boolean;
  /** Hidden layers; the output layer follows from the labels or targets. */
  readonly layers: readonly Layer[];
  readonly training: {
    /** Passes over the training windows (training cycles). */
    readonly epochs: number;
    readonly learningRate: number;
    /** How the rate changes over the run; `cosine` lets it fall to 0 by the last step. */
    readonly learningRateSchedule: LearningRateSchedule;
    readonly batchSize: number;
    /** Epochs without a better validation loss before training stops; 0 = never. */
    readonly patience: number;
    /** Which epoch's weights ship: those of the lowest validation loss, or the last ones. */
    readonly keep: "best" | "last";
    /** The measure by which `best` and `patience` go, one of `metrics`. @default the validation loss */
    readonly monitor?: MetricName;
    /** By how much it must get better to count for `patience`. @default 0 */
    readonly minDelta?: number;
    /** Measures of the validation windows after each epoch, for the report. @default none */
    readonly metrics?: readonly MetricName[];
    /**
     * `auto` weighs each label by the inverse of its share of the windows; else a weight for each
     * label, in their order, or by name, where those not named weigh 1.
     */
    readonly classWeights: LabelWeights;
    /** Random changes of the training examples: of features over time, or of images. */
    readonly augmentation: Augmentation | null;
    /** @default cross-entropy for labels, squared error for numbers */
    readonly loss?: Loss;
    /** @default Adam */
    readonly optimizer?: Optimizer;
    /** The largest norm of all gradients together. @default no bound */
    readonly clipNorm?: number;
    /** L2: so many times each weight is added to its gradient. @default 0 */
    readonly weightDecay?: number;
  };
  readonly anomaly: AnomalyRecipe | null;
};

export const DEFAULT_LAYERS: readonly Layer[] = [
  { type: "dense", units: 20, activation: "relu" },
  { type: "dense", units: 10, activation: "relu" },
];
