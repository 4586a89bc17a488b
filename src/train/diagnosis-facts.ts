/** The numbers that the diagnosis of a training compares, from its history and a few scores. */
import { log } from "../base/math.ts";
import type { EpochReport } from "./epoch-report.ts";
import { type CurveShape, curveShape } from "./learning-curve.ts";
import { classScores } from "./metrics.ts";

export type DiagnosisInput = {
  /** Training rows of each class; without any for a regression. */
  readonly classes: readonly number[];
  /** Rows behind the validation figures of the history. */
  readonly validationRows: number;
  /** The epoch whose parameters were kept. @default the last */
  readonly keptEpoch?: number;
  /** Of the kept parameters over the training rows, without dropout, augmentation, class weights. */
  readonly training?: { readonly loss: number; readonly accuracy: number | null };
  /** Of the test set, where there is one. */
  readonly test?: {
    readonly labels: readonly string[];
    readonly float32: number;
    readonly int8: number;
    /** Of the float32 network: rows true labels, columns predicted ones. */
    readonly confusion: readonly (readonly number[])[];
  };
  /** Training accuracy below which a network counts as too weak. @default 0.9 */
  readonly targetAccuracy?: number;
};

/** Null where a number is not at hand. */
export type DiagnosisFacts = {
  readonly epochs: number;
  readonly firstLoss: number;
  /** The largest training loss after the second epoch, or 0. */
  readonly largestLaterLoss: number;
  /** Whether every loss is. */
  readonly finite: boolean;
  /** Loss of a network that gives every row the shares of the classes. */
  readonly baseLoss: number | null;
  readonly majorityShare: number | null;
  readonly trainingLoss: number | null;
  readonly trainingAccuracy: number | null;
  /** Standard error of the training accuracy. */
  readonly trainingError: number | null;
  readonly validationRows: number;
  /** At the kept epoch. */
  readonly validationAccuracy: number | null;
  /** Of the validation accuracy. */
  readonly standardError: number | null;
  /** Training accuracy less validation accuracy. */
  readonly gap: number | null;
  /** The epoch of the lowest smoothed validation loss. */
  readonly bestEpoch: number | null;
  /** Smoothed, as at the end. */
  readonly bestValidationLoss: number | null;
  readonly endValidationLoss: number | null;
  readonly meanValidationLoss: number | null;
  /** Noise, turns and slope of the validation loss: see `CurveShape`. */
  readonly noise: number | null;
  readonly turns: number | null;
  readonly endSlope: number | null;
  /** How far the training loss has fallen since the validation loss was lowest. */
  readonly laterFall: number | null;
  readonly targetAccuracy: number;
  readonly testFloat32: number | null;
  readonly testInt8: number | null;
  /** The class of more than 20 test rows with the lowest recall, beside the mean of all classes. */
  readonly weakest: {
    readonly label: string;
    readonly recall: number;
    readonly mean: number;
    readonly takenFor: string;
  } | null;
};

/** @param history at least one epoch */
export function factsOf(history: readonly EpochReport[], input: DiagnosisInput): DiagnosisFacts {
  const { classes, validationRows, training, test, targetAccuracy = 0.9 } = input;
  const epochs = history.length;
  const kept = history[(input.keptEpoch ?? epochs) - 1]!;
  const losses = history.map(({ loss }) => loss);
  const heldOut = history.flatMap(({ validationLoss: v }) => (v === null ? [] : [v]));
  const rows = classes.reduce((sum, n) => sum + n, 0);
  const shares = classes.map((n) => n / rows).filter((share) => share > 0);
  const errorOf = (share: number, n: number): number => Math.sqrt((share * (1 - share)) / n);
  const finite = [...losses, ...heldOut].every(Number.isFinite);
  const validation: CurveShape | null =
    finite && heldOut.length === epochs ? curveShape(heldOut) : null;
  const smoothedLoss = finite ? curveShape(losses).smoothed : null;
  const validationAccuracy = kept.validationAccuracy;
  const trainingAccuracy = training?.accuracy ?? null;
  return {
    epochs,
    firstLoss: losses[0]!,
    largestLaterLoss: losses.slice(2).reduce((a, b) => Math.max(a, b), 0),
    finite,
    baseLoss: rows > 0 ? shares.reduce((sum, share) => sum - share * log(share), 0) : null,
    majorityShare: rows > 0 ? Math.max(...shares) : null,
    trainingLoss: training?.loss ?? null,
    trainingAccuracy,
    trainingError: trainingAccuracy === null ? null : errorOf(trainingAccuracy, rows),
    validationRows,
    validationAccuracy,
    standardError: validationAccuracy === null ? null : errorOf(validationAccuracy, validationRows),
    gap:
      trainingAccuracy === null || validationAccuracy === null
        ? null
        : trainingAccuracy - validationAccuracy,
    bestEpoch: validation && validation.lowest + 1,
    bestValidationLoss: validation && validation.smoothed[validation.lowest]!,
    endValidationLoss: validation && validation.smoothed.at(-1)!,
    meanValidationLoss: validation && heldOut.reduce((sum, v) => sum + v, 0) / epochs,
    noise: validation?.noise ?? null,
    turns: validation?.turns ?? null,
    endSlope: validation?.endSlope ?? null,
    laterFall:
      validation && smoothedLoss && smoothedLoss[validation.lowest]! - smoothedLoss.at(-1)!,
    targetAccuracy,
    testFloat32: test?.float32 ?? null,
    testInt8: test?.int8 ?? null,
    weakest: test ? weakestClass(test.labels, test.confusion) : null,
  };
}

function weakestClass(
  labels: readonly string[],
  confusion: readonly (readonly number[])[],
): DiagnosisFacts["weakest"] {
  const present = classScores(confusion)
    .map(({ recall, support }, index) => ({ recall, support, index }))
    .filter(({ support }) => support > 0);
  const mean = present.reduce((sum, { recall }) => sum + recall, 0) / present.length;
  const [weakest] = present
    .filter(({ support }) => support > 20)
    .sort((a, b) => a.recall - b.recall);
  if (!weakest) return null;
  const others = confusion[weakest.index]!.map((n, c) => (c === weakest.index ? -1 : n));
  const takenFor = labels[others.indexOf(Math.max(...others))]!;
  return { label: labels[weakest.index]!, recall: weakest.recall, mean, takenFor };
}
