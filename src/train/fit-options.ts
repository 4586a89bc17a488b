/**
 * What a training run takes: data and options, and the check of the options before anything is
 * built.
 */
import { UserError } from "../base/errors.ts";
import type { Program } from "../compiler/program.ts";
import type { Instance } from "../engine/instance.ts";
import type { Augmentation } from "./augmentation.ts";
import type { MetricName } from "./epoch-metrics.ts";
import type { Loss } from "./losses.ts";
import { type Optimizer, resolveOptimizer } from "./optimizers.ts";
import { type LearningRateSchedule, learningRateFactor } from "./schedules.ts";

export type TrainingData = {
  /** [N, ...inputShape], row after row. */
  readonly x: Float32Array;
  /** Class labels [N], or as Float32Array the targets [N, outputs] of a regression. */
  readonly y: Int32Array | Float32Array;
  /** Number of classes; the width of the targets for a regression. */
  readonly outputs: number;
  /** Row numbers to train on; at least one. */
  readonly train: ArrayLike<number>;
  /** Row numbers to validate on; without any, the last epoch counts as the best. */
  readonly validation: ArrayLike<number>;
  /** How much each row counts in training, [N], at least 0. @default 1 each */
  readonly sampleWeights?: ArrayLike<number>;
  /** What each row belongs to, [N]: `validationShare` keeps rows of one group on one side. */
  readonly groups?: ArrayLike<string | number>;
};

/**
 * `auto` weighs class c by N / (classes * count of c), over the training rows; a list holds the
 * weight of each class.
 */
export type ClassWeights = "none" | "auto" | readonly number[];

export type FitOptions = {
  readonly epochs: number;
  readonly learningRate: number;
  /**
   * How the rate changes over the run: `constant`, `step`, `exponential`, `cosine` (falls to 0 by the
   * last step, along half a wave), `oneCycle`; by name or with settings. @default "constant"
   */
  readonly learningRateSchedule?: LearningRateSchedule;
  /**
   * Which epoch's parameters are given back: those of the lowest validation loss, or the last ones,
   * which are the better choice where the rate has fallen to 0 or validation rows are few; patience
   * then has no effect. @default "best"
   */
  readonly keep?: "best" | "last";
  /**
   * The measure by which `best` and `patience` go: the validation loss, or one of `metrics`.
   * @default "loss"
   */
  readonly monitor?: "loss" | MetricName;
  /** Measures of the validation rows that each report is to have. @default none */
  readonly metrics?: readonly MetricName[];
  /**
   * Share of the training rows that is held back to validate on, above 0 and below 1: chosen by the
   * seed, of each class alike and by whole `groups`. @default none
   */
  readonly validationShare?: number;
  /** Whether `validationShare` takes each class's share. @default true */
  readonly stratify?: boolean;
  /** Of a step; an optimizer that sees the whole training set takes all rows. @default 32 */
  readonly batchSize?: number;
  /** @default { name: "adam" } */
  readonly optimizer?: Optimizer;
  /** @default softmaxCrossEntropy for class labels, meanSquaredError for targets */
  readonly loss?: Loss;
  /** The largest norm of the gradients of all parameters together. @default no bound */
  readonly clipNorm?: number;
  /**
   * L2: so many times the weight is added to the gradient of each weight (biases and scales have
   * none), whatever the optimizer; AdamW and some others have a `weightDecay` of their own, beside
   * the gradient. @default 0
   */
  readonly weightDecay?: number;
  /** How much rows of each class count. @default "none" */
  readonly classWeights?: ClassWeights;
  /** Changes of the training examples, spectrograms or images, drawn anew each time. @default none */
  readonly augmentation?: Augmentation;
  /** Stop after so many epochs without a better value of what is monitored. @default never */
  readonly patience?: number;
  /** By how much a value must be better to count for `patience`. @default 0 */
  readonly minDelta?: number;
  /** @default 3 */
  readonly seed?: number;
  /** The most memory that training may take; see `compile`. @default 4 GiB */
  readonly memoryLimitBytes?: number;
  /** @default wasmInstance */
  readonly engine?: (program: Program) => Instance;
  /** Saves where the training stands after every so many epochs; `save` is waited for. */
  readonly checkpoint?: {
    readonly every: number;
    readonly save: (bytes: Uint8Array) => Promise<void> | void;
  };
  /** A checkpoint to go on from, to the same bits as without the break. @default from the start */
  readonly resume?: Uint8Array;
};

/** Every option's name, so that a slip of the pen is found. */
const NAMES: { readonly [name in keyof Required<FitOptions>]: true } = {
  augmentation: true,
  batchSize: true,
  checkpoint: true,
  classWeights: true,
  clipNorm: true,
  engine: true,
  epochs: true,
  keep: true,
  learningRate: true,
  learningRateSchedule: true,
  loss: true,
  memoryLimitBytes: true,
  metrics: true,
  minDelta: true,
  monitor: true,
  optimizer: true,
  patience: true,
  resume: true,
  seed: true,
  stratify: true,
  validationShare: true,
  weightDecay: true,
};

/** @throws UserError `training-options` */
export function checkOptions(options: FitOptions): void {
  const rule = (holds: boolean, text: string, got: unknown): void => {
    if (!holds) throw new UserError("training-options", `train: ${text}, got ${got}`);
  };
  for (const name of Object.keys(options))
    rule(Object.hasOwn(NAMES, name), `options must be of ${Object.keys(NAMES).join(", ")}`, name);
  const { epochs, batchSize = 32, learningRate, patience = 1, checkpoint } = options;
  for (const [name, value] of [
    ["epochs", epochs],
    ["batchSize", batchSize],
    ["patience", patience],
    ["checkpoint.every", checkpoint?.every ?? 1],
  ] as const)
    rule(
      Number.isInteger(value) && value >= 1,
      `${name} must be a whole number of at least 1`,
      value,
    );
  const { clipNorm = 1, weightDecay = 0, minDelta = 0 } = options;
  const isPositive = (value: number): boolean => Number.isFinite(value) && value > 0;
  rule(isPositive(learningRate), "learningRate must be a positive number", learningRate);
  rule(isPositive(clipNorm), "clipNorm must be a positive number", clipNorm);
  const isAmount = (value: number): boolean => Number.isFinite(value) && value >= 0;
  rule(isAmount(weightDecay), "weightDecay must be a number of at least 0", weightDecay);
  rule(isAmount(minDelta), "minDelta must be a number of at least 0", minDelta);
  const { validationShare = 0.5, keep = "best", classWeights = "none" } = options;
  rule(
    validationShare > 0 && validationShare < 1,
    "validationShare must be above 0 and below 1",
    validationShare,
  );
  rule(keep === "best" || keep === "last", 'keep must be "best" or "last"', keep);
  rule(
    typeof classWeights !== "string" || classWeights === "none" || classWeights === "auto",
    'classWeights must be "none", "auto" or a list',
    classWeights,
  );
  const { monitor = "loss", metrics = [] } = options;
  rule(
    monitor === "loss" || metrics.includes(monitor),
    `monitor must be loss or one of the metrics [${metrics}]`,
    monitor,
  );
  resolveOptimizer(options.optimizer ?? { name: "adam" });
  learningRateFactor(options.learningRateSchedule ?? "constant", 1);
}
