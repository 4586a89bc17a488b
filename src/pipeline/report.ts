/**
 * What a run says of itself: the document that `--json` prints and `report.json` holds. Programs
 * read it, so its fields are a contract; new ones may be added.
 */
import type { DeviceFigures } from "../deploy/figures.ts";
import type { ParityFigures } from "../deploy/parity.ts";
import type { Diagnosis } from "../train/diagnose.ts";
import type { MetricName } from "../train/epoch-metrics.ts";
import type { Recipe } from "./recipe.ts";

export type Scores = {
  readonly accuracy: number;
  /** Mean cross-entropy. */
  readonly loss: number;
  /** Mean of the F1 scores of the labels, weighted by their windows. */
  readonly f1: number;
  /** Rows: true label; columns: predicted label. */
  readonly confusion: readonly (readonly number[])[];
};

/** Of predicted numbers, in their own unit. */
export type NumberScores = {
  readonly mae: number;
  readonly mse: number;
  readonly r2: number;
  readonly explainedVariance: number;
};

/** One thing the designer tried, and how it did on recordings it had not trained on. */
export type Trial = {
  readonly what: string;
  /** Null for a regression; its loss is in units of the variance of the numbers. */
  readonly accuracy: number | null;
  readonly loss: number;
  readonly chosen: boolean;
};

export type Report = {
  readonly project: string;
  readonly seed: number;
  readonly recipe: Recipe;
  readonly data: {
    readonly samples: number;
    readonly seconds: number;
    /** Recordings of each label; empty for a regression. */
    readonly labels: { readonly [label: string]: number };
    /** The numbers to predict, over all windows; reports of classifications have none. */
    readonly targets?: readonly {
      readonly name: string;
      readonly min: number;
      readonly max: number;
      readonly mean: number;
    }[];
    readonly windows: {
      readonly train: number;
      readonly validation: number;
      readonly test: number;
    };
    readonly notes: readonly string[];
    /** Files that could not be read, and why. */
    readonly problems: readonly { readonly file: string; readonly message: string }[];
  };
  /** Null when the recipe was given. */
  readonly design: {
    readonly trials: readonly Trial[];
    readonly reasons: readonly string[];
  } | null;
  readonly features: {
    readonly blocks: readonly { readonly type: string; readonly width: number }[];
    /** Features per window, all blocks together. */
    readonly perWindow: number;
    readonly seconds: number;
  };
  readonly training: {
    readonly backend: string;
    readonly epochs: number;
    readonly steps: number;
    readonly seconds: number;
    readonly stepsPerSecond: number;
    readonly best: {
      readonly epoch: number;
      readonly validationLoss: number | null;
      readonly validationAccuracy: number | null;
    };
    /**
     * What the recipe asked for: each measure of the validation windows, one value an epoch; null
     * where it has no meaning. Of numbers, they are of standardized ones, as the loss is.
     */
    readonly metrics?: { readonly [name in MetricName]?: readonly (number | null)[] };
    /** What the curves and scores say; reports of older versions have none. */
    readonly diagnosis?: Diagnosis;
  };
  readonly test: {
    /** Of the outputs: labels, or names of the numbers that a regression predicts. */
    readonly labels: readonly string[];
    /** Null for a regression. */
    readonly float32: Scores | null;
    /** Null for a regression, and where a layer has no int8 form, so that float32 ships. */
    readonly int8: Scores | null;
  };
  /** Of the float32 network over all rows, for tables, whose test sets are small; else null. */
  readonly crossValidation: {
    readonly folds: number;
    /** Null for a regression; its loss is in units of the variance of the numbers. */
    readonly accuracy: number | null;
    readonly loss: number;
  } | null;
  /** Null for a classification. Mean scores, over the outputs, of the network that ships. */
  readonly regression:
    | (NumberScores & {
        readonly targets: readonly {
          readonly name: string;
          readonly float32: NumberScores;
          /** Null where a layer has no int8 form. */
          readonly int8: NumberScores | null;
        }[];
      })
    | null;
  readonly anomaly: {
    readonly threshold: number;
    /** Fraction of the test windows of known labels above the threshold. */
    readonly knownFlagged: number;
    readonly unseen: { readonly [label: string]: number };
  } | null;
  readonly artefact: {
    /** What ships: int8 unless a layer has no int8 form. Reports of older versions do not say. */
    readonly network?: "int8" | "float32";
    readonly directory: string;
    readonly files: readonly {
      readonly path: string;
      readonly bytes: number;
      readonly sha256: string;
    }[];
  };
  /** Linked where there is a compiler for the device, else computed. */
  readonly device: DeviceFigures;
  readonly computed: DeviceFigures;
  /** Null when there is no C compiler. */
  readonly parity: ParityFigures | null;
  /** Wall time of each phase in seconds. */
  readonly phases: { readonly [phase: string]: number };
};
