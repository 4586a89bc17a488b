/**
 * Scores a design on recordings that it has not trained on: one fit for each fold, and the epoch at
 * which the mean loss over all folds is lowest.
 */
import { type Layer, makeModel } from "../models/layers.ts";
import type { SpectrogramAugmentation } from "../train/augment-spectrogram.ts";
import { type EpochReport, type FitOptions, fit } from "../train/fit.ts";
import type { ClassWeights } from "../train/fit-options.ts";
import type { Dataset } from "./dataset.ts";
import { fitStandardization, standardizeAll } from "./features.ts";
import { scaleTargets } from "./target-scale.ts";

/** Row numbers of the two sides of a fold. */
export type FoldRows = {
  readonly training: Int32Array<ArrayBuffer>;
  readonly validation: Int32Array<ArrayBuffer>;
};

export type CrossValidation = {
  /** What all windows are: classes, or numbers. */
  readonly dataset: Dataset;
  readonly folds: readonly FoldRows[];
  readonly batchSize: number;
  readonly classWeights: ClassWeights;
  readonly seed: number;
};

export type Score = {
  /** Share of the left-out windows classified right; null for numbers. */
  readonly accuracy: number | null;
  /** Mean loss of the left-out windows; of numbers, in units of their variance in training. */
  readonly loss: number;
  /** The epoch at which that loss was lowest. */
  readonly epochs: number;
};

/** What of a training is tried in the same way as it will be done. */
export const TRIED = [
  "learningRate",
  "epochs",
  "learningRateSchedule",
  "loss",
  "optimizer",
  "clipNorm",
  "weightDecay",
] as const;

/**
 * @param candidate what is fitted: features of all windows [windows, width] and hidden layers
 * @param control.onFold called before each fold
 * @throws CancelledError
 */
export async function crossValidate(
  design: CrossValidation,
  candidate: {
    readonly features: Float32Array;
    readonly width: number;
    readonly layers: readonly Layer[];
    readonly augmentation?: SpectrogramAugmentation;
  },
  options: Pick<FitOptions, (typeof TRIED)[number]>,
  control: { readonly signal?: AbortSignal; readonly onFold?: () => void } = {},
): Promise<Score> {
  const { features, width, layers, augmentation } = candidate;
  const { targets, labels, outputs } = design.dataset;
  const runs: (readonly EpochReport[])[] = [];
  for (const fold of design.folds) {
    control.onFold?.();
    const { training: train, validation } = fold;
    const x = standardizeAll(features, fitStandardization(features, width, train));
    const result = await fit(
      makeModel(layers, [width], outputs, design.seed),
      {
        x,
        y: targets ? scaleTargets(targets, outputs, train).y : labels,
        outputs,
        train,
        validation,
      },
      {
        ...options,
        batchSize: design.batchSize,
        classWeights: design.classWeights,
        seed: design.seed,
        ...(augmentation ? { augmentation } : {}),
      },
      control.signal ? { signal: control.signal } : {},
    );
    runs.push(result.history);
  }
  return bestEpoch(
    runs,
    design.folds.map((fold) => fold.validation.length),
  );
}

/** The epoch at which the validation loss, averaged over the windows of all folds, is lowest. */
function bestEpoch(runs: readonly (readonly EpochReport[])[], sizes: readonly number[]): Score {
  const total = sizes.reduce((sum, n) => sum + n, 0);
  const epochs = Math.min(...runs.map((run) => run.length));
  let best: Score | undefined;
  for (let e = 0; e < epochs; e++) {
    const mean = (of: (report: EpochReport) => number): number =>
      runs.reduce((sum, run, i) => sum + of(run[e]!) * sizes[i]!, 0) / total;
    const loss = mean((report) => report.validationLoss ?? 0);
    const isScored = runs.every((run) => run[e]!.validationAccuracy !== null);
    const accuracy = isScored ? mean((report) => report.validationAccuracy!) : null;
    if (!best || loss < best.loss) best = { accuracy, loss, epochs: e + 1 };
  }
  return best!;
}
