/**
 * What a training went like, in words: rules over the learning curves and a few accuracies, tried
 * in a fixed order; the first that holds gives the verdict. Each verdict names the numbers it rests
 * on. A rule whose numbers are not at hand (a regression has no accuracy) is passed over.
 */
import { log } from "../base/math.ts";
import type { EpochReport } from "./epoch-report.ts";
import { type CurveShape, curveShape } from "./learning-curve.ts";
import { classScores } from "./metrics.ts";

export type Verdict =
  | "diverged"
  | "not-learning"
  | "uncertain"
  | "unstable"
  | "not-converged"
  | "overfit"
  | "underfit"
  | "suspect-split"
  | "quantization-loss"
  | "class-weakness"
  | "good";

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

export type Diagnosis = {
  readonly verdict: Verdict;
  /** What was seen, with its numbers; the first sentence carries the verdict. */
  readonly sentences: readonly string[];
  /** What to try, best first; empty for a good fit. */
  readonly remedies: readonly string[];
  /** The numbers that the rules compare; null where one is not finite or not at hand. */
  readonly evidence: { readonly [name: string]: number | null };
};

/**
 * @param history one entry an epoch, from the first; at least one
 * @returns `uncertain` with fewer than 50 validation rows, unless the training itself failed; what
 * the curves hint at then is the second sentence
 */
export function diagnose(history: readonly EpochReport[], input: DiagnosisInput): Diagnosis {
  const facts = factsOf(history, input);
  const { validationRows, standardError, validationAccuracy } = facts;
  const evidence = Object.fromEntries(
    Object.entries(facts).flatMap(([name, value]) =>
      value === null || typeof value === "number"
        ? [[name, value !== null && Number.isFinite(value) ? value : null]]
        : [],
    ),
  );
  const failed = firstOf(TRAINING_RULES, facts);
  if (failed) return { ...failed, evidence };
  const found: Finding = firstOf(CURVE_RULES, facts) ?? {
    verdict: "good",
    sentences: [goodSentence(facts)],
    remedies: [],
  };
  if (validationRows >= MIN_VALIDATION_ROWS) return { ...found, evidence };
  const spread =
    validationAccuracy === null || standardError === null
      ? ""
      : `: the accuracy of ${percent(validationAccuracy)} is known to ± ${points(1.96 * standardError)}`;
  return {
    verdict: "uncertain",
    sentences: [
      `There is too little validation data for a verdict, ${validationRows} of at least ${MIN_VALIDATION_ROWS} rows${spread}.`,
      `It hints at "${found.verdict}". ${found.sentences[0]}`,
    ],
    remedies: ["Record more data, or set a larger share of it aside for validation."],
    evidence,
  };
}

const MIN_VALIDATION_ROWS = 50;

type Facts = ReturnType<typeof factsOf>;
type Finding = Pick<Diagnosis, "verdict" | "sentences" | "remedies">;
type Rule = {
  readonly verdict: Verdict;
  /** The sentence that says so with its numbers; undefined when the rule does not hold. */
  readonly holds: (facts: Facts) => string | undefined;
  readonly remedies: readonly string[];
};

function factsOf(history: readonly EpochReport[], input: DiagnosisInput) {
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
    largestLaterLoss: Math.max(0, ...losses.slice(2)),
    finite,
    /** Loss of a network that gives every row the shares of the classes. */
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
    /** How far the training loss has fallen since the validation loss was lowest. */
    laterFall:
      validation && smoothedLoss && smoothedLoss[validation.lowest]! - smoothedLoss.at(-1)!,
    targetAccuracy,
    testFloat32: test?.float32 ?? null,
    testInt8: test?.int8 ?? null,
    weakest: test ? weakestClass(test.labels, test.confusion) : null,
  };
}

/** The class of the lowest recall of those with more than 20 rows, and what it is taken for. */
function weakestClass(labels: readonly string[], confusion: readonly (readonly number[])[]) {
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

/** Rules about the training rows alone, which hold however few rows validate. */
const TRAINING_RULES: readonly Rule[] = [
  {
    verdict: "diverged",
    holds: ({ finite, firstLoss, largestLaterLoss }) => {
      if (!finite) return "The loss did not stay finite.";
      if (largestLaterLoss <= 3 * firstLoss) return undefined;
      return `The training loss rose to ${short(largestLaterLoss)}, more than three times the ${short(firstLoss)} of the first epoch.`;
    },
    remedies: [
      "Divide the learning rate by 10.",
      "Standardize the features, and look for channels on very different scales.",
    ],
  },
  {
    verdict: "not-learning",
    holds: ({ trainingLoss, baseLoss, trainingAccuracy, majorityShare, trainingError }) =>
      trainingLoss !== null &&
      baseLoss !== null &&
      trainingAccuracy !== null &&
      trainingLoss > 0.98 * baseLoss &&
      trainingAccuracy <= majorityShare! + 2 * trainingError!
        ? `The network is no better than a guess: training loss ${short(trainingLoss)} against ${short(baseLoss)} from the shares of the classes alone, training accuracy ${percent(trainingAccuracy)} against ${percent(majorityShare!)} for the most common class.`
        : undefined,
    remedies: [
      "Find a learning rate with a range test: it may be far too low or too high.",
      "Check that labels and recordings belong together, and that no input is constant.",
      "Standardize the features.",
    ],
  },
];

const CURVE_RULES: readonly Rule[] = [
  {
    verdict: "unstable",
    holds: ({ noise, meanValidationLoss, turns }) => {
      if (noise === null) return undefined;
      if (noise > 0.15 * meanValidationLoss!)
        return `The validation loss jumps about its trend by ${short(noise)}, more than 15 % of its mean ${short(meanValidationLoss!)}.`;
      return turns! > 0.3
        ? `The validation loss turns back sharply in ${percent(turns!)} of the epochs, by more than twice its noise of ${short(noise)}.`
        : undefined;
    },
    remedies: [
      "Divide the learning rate by 3.",
      "Use a larger batch.",
      "Validate on more recordings.",
    ],
  },
  {
    verdict: "not-converged",
    holds: ({ bestEpoch, epochs, endSlope }) =>
      bestEpoch !== null && bestEpoch > 0.9 * epochs && endSlope !== null && endSlope < -0.005
        ? `The validation loss was still falling at the end, by ${percent(-endSlope, 2)} an epoch, and was lowest at epoch ${bestEpoch} of ${epochs}.`
        : undefined,
    remedies: ["Train for more epochs."],
  },
  {
    verdict: "overfit",
    holds: ({ endValidationLoss, bestValidationLoss, noise, laterFall, bestEpoch }) =>
      noise !== null && endValidationLoss! > 1.1 * bestValidationLoss! + 2 * noise && laterFall! > 0
        ? `The validation loss rose from ${short(bestValidationLoss!)} at epoch ${bestEpoch} to ${short(endValidationLoss!)} at the end, while the training loss went on falling.`
        : undefined,
    remedies: [
      "Stop at the epoch of the lowest validation loss.",
      "Add dropout or weight decay.",
      "Augment the training data.",
    ],
  },
  {
    verdict: "overfit",
    holds: ({ gap, standardError, trainingAccuracy, validationAccuracy }) =>
      gap !== null && gap > Math.max(0.05, 3 * standardError!)
        ? `Training accuracy ${percent(trainingAccuracy!)} is ${points(gap)} above validation accuracy ${percent(validationAccuracy!)} (standard error ${points(standardError!)}).`
        : undefined,
    remedies: ["Record more data.", "Use a smaller network.", "Augment the training data."],
  },
  {
    verdict: "underfit",
    holds: ({ trainingAccuracy, targetAccuracy, gap, standardError, endSlope }) =>
      trainingAccuracy !== null &&
      trainingAccuracy < targetAccuracy &&
      gap !== null &&
      gap < 2 * standardError! &&
      endSlope !== null &&
      Math.abs(endSlope) < 0.002
        ? `Training accuracy stays at ${percent(trainingAccuracy)}, below ${percent(targetAccuracy)}, though the loss has leveled off (${percent(endSlope, 2)} an epoch); validation is no worse than ${points(Math.max(gap, 0))} below it.`
        : undefined,
    remedies: ["Use a larger network.", "Try other features.", "Use a longer window."],
  },
  {
    verdict: "suspect-split",
    holds: ({ gap, standardError, trainingAccuracy, validationAccuracy }) =>
      gap !== null && -gap > 3 * standardError!
        ? `Validation accuracy ${percent(validationAccuracy!)} is above training accuracy ${percent(trainingAccuracy!)} by more than three standard errors (${points(standardError!)}).`
        : undefined,
    remedies: [
      "Check the split: the same recording may lie in both parts, or validation is easier.",
    ],
  },
  {
    verdict: "quantization-loss",
    holds: ({ testFloat32, testInt8 }) =>
      testFloat32 !== null && testInt8! < testFloat32 - 0.02
        ? `int8 accuracy ${percent(testInt8!)} is more than 2 points below float32 accuracy ${percent(testFloat32)} on the test set.`
        : undefined,
    remedies: [
      "Calibrate the ranges by percentiles.",
      "Correct the biases after quantization.",
      "Train with quantization in the loop.",
    ],
  },
  {
    verdict: "class-weakness",
    holds: ({ weakest }) =>
      weakest && weakest.recall < 0.5 * weakest.mean
        ? `"${weakest.label}" is recognized in ${percent(weakest.recall)} of its test windows, less than half the mean of ${percent(weakest.mean)}; most often it is taken for "${weakest.takenFor}".`
        : undefined,
    remedies: ["Record more of this class.", "Weigh the classes by how rare they are."],
  },
];

function firstOf(rules: readonly Rule[], facts: Facts): Finding | undefined {
  for (const { verdict, holds, remedies } of rules) {
    const sentence = holds(facts);
    if (sentence !== undefined) return { verdict, sentences: [sentence], remedies };
  }
  return undefined;
}

function goodSentence({ trainingAccuracy, validationAccuracy, standardError }: Facts): string {
  return trainingAccuracy !== null && validationAccuracy !== null
    ? `Training accuracy ${percent(trainingAccuracy)} and validation accuracy ${percent(validationAccuracy)} (standard error ${points(standardError!)}) agree, and the loss has settled.`
    : "The curves show no trouble.";
}

const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`;
const points = (share: number): string => `${(100 * share).toFixed(1)} points`;
const short = (loss: number): string => loss.toPrecision(3);
