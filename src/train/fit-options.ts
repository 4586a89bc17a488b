/**
 * What a training run takes: data and options, and the checks of both before anything is built.
 */
import { UserError } from "../base/errors.ts";
import type { Program } from "../compiler/program.ts";
import type { Instance } from "../engine/instance.ts";
import type { SpectrogramAugmentation } from "./augment-spectrogram.ts";
import { type Loss, resolveLoss } from "./losses.ts";
import { type Optimizer, resolveOptimizer } from "./optimizers.ts";
import { type LearningRateSchedule, learningRateFactor } from "./schedules.ts";
import type { TrainableModel } from "./step.ts";

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
};

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
  /** @default 32 */
  readonly batchSize?: number;
  /** @default { name: "adam" } */
  readonly optimizer?: Optimizer;
  /** @default softmaxCrossEntropy for class labels, meanSquaredError for targets */
  readonly loss?: Loss;
  /** The largest norm of the gradients of all parameters together. @default no bound */
  readonly clipNorm?: number;
  /** `auto` weighs class c by N / (classes * count of c), over the training rows. @default "none" */
  readonly classWeights?: "none" | "auto";
  /** Changes of the training examples, which are spectrograms, drawn anew each time. @default none */
  readonly augmentation?: SpectrogramAugmentation;
  /** Stop after so many epochs without a lower validation loss. @default never */
  readonly patience?: number;
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

/** @throws UserError `training-options` */
export function checkOptions(options: FitOptions): void {
  const { epochs, batchSize = 32, learningRate, patience = 1, checkpoint, clipNorm = 1 } = options;
  const rule = (holds: boolean, text: string, got: unknown): void => {
    if (!holds) throw new UserError("training-options", `train: ${text}, got ${got}`);
  };
  const isCount = (n: number): boolean => Number.isInteger(n) && n >= 1;
  rule(isCount(epochs), "epochs must be a whole number of at least 1", epochs);
  rule(isCount(batchSize), "batchSize must be a whole number of at least 1", batchSize);
  rule(isCount(patience), "patience must be a whole number of at least 1", patience);
  const every = checkpoint?.every ?? 1;
  rule(isCount(every), "checkpoint.every must be a whole number of at least 1", every);
  rule(
    Number.isFinite(learningRate) && learningRate > 0,
    "learningRate must be a positive number",
    learningRate,
  );
  rule(Number.isFinite(clipNorm) && clipNorm > 0, "clipNorm must be a positive number", clipNorm);
  resolveOptimizer(options.optimizer ?? { name: "adam" });
  learningRateFactor(options.learningRateSchedule ?? "constant", 1);
}

/** @throws UserError `training-data`, or `training-options` for a loss that does not fit the data */
export function checkData(model: TrainableModel, data: TrainingData, loss?: Loss): void {
  const { x, y, outputs, train, validation } = data;
  const { targets: kind } = resolveLoss(y, loss).definition;
  const rule = (holds: boolean, text: string, got: unknown): void => {
    if (!holds) throw new UserError("training-data", `train: ${text}, got ${got}`);
  };
  const sampleSize = model.inputShape.reduce((product, n) => product * n, 1);
  const samples = y instanceof Int32Array ? y.length : y.length / outputs;
  rule(
    x.length === samples * sampleSize,
    `${samples} samples of [${model.inputShape}] need ${samples * sampleSize} values`,
    x.length,
  );
  rule(train.length > 0, "there must be at least one training row", train.length);
  const allFinite = (values: Float32Array): boolean => values.every((v) => Number.isFinite(v));
  const checkRow = (row: number): void => {
    const isRow = Number.isInteger(row) && row >= 0 && row < samples;
    rule(isRow, `row numbers must be from 0 to ${samples - 1}`, row);
    const features = x.subarray(row * sampleSize, (row + 1) * sampleSize);
    rule(allFinite(features), `row ${row} must hold finite values`, "NaN or infinity");
    if (y instanceof Float32Array) {
      const targets = y.subarray(row * outputs, (row + 1) * outputs);
      rule(allFinite(targets), `the targets of row ${row} must be finite`, "NaN or infinity");
      const outside = targets.find((t) => kind === "shares" && (t < 0 || t > 1));
      rule(outside === undefined, `the targets of row ${row} must be from 0 to 1`, outside);
    } else {
      const label = y[row]!;
      rule(label >= 0 && label < outputs, `labels must be from 0 to ${outputs - 1}`, label);
    }
  };
  for (const rows of [train, validation]) for (let i = 0; i < rows.length; i++) checkRow(rows[i]!);
}
