/**
 * The rules by which a training is judged, in the order in which they are tried; each says in a
 * sentence what it saw, with the numbers. A rule whose numbers are not at hand does not hold.
 */
import type { DiagnosisFacts } from "./diagnosis-facts.ts";

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

export type Rule = {
  readonly verdict: Verdict;
  /** The sentence that says so with its numbers; undefined when the rule does not hold. */
  readonly holds: (facts: DiagnosisFacts) => string | undefined;
  readonly remedies: readonly string[];
};

/** Rules about the training rows alone, which hold however few rows validate. */
export const TRAINING_RULES: readonly Rule[] = [
  {
    verdict: "diverged",
    holds: ({ finite, epochs, firstLoss, largestLaterLoss }) => {
      if (!finite) return `The loss did not stay finite: the training ended in epoch ${epochs}.`;
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

/** Rules about validation and test, whose figures need enough rows. */
export const CURVE_RULES: readonly Rule[] = [
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
    // Where nothing is classified wrong any more, a falling loss is growing confidence alone.
    holds: ({ bestEpoch, epochs, endSlope, trainingAccuracy, validationAccuracy }) =>
      bestEpoch !== null &&
      bestEpoch > 0.9 * epochs &&
      endSlope !== null &&
      endSlope < -0.005 &&
      !(trainingAccuracy === 1 && validationAccuracy === 1)
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

/** A share in per cent. */
export const percent: (share: number, digits?: number) => string = (share, digits = 1) =>
  `${(100 * share).toFixed(digits)} %`;
/** A difference of two shares. */
export const points: (share: number) => string = (share) => `${(100 * share).toFixed(1)} points`;
const short = (loss: number): string => loss.toPrecision(3);
