/**
 * What a run says of itself: the document that `--json` prints and `report.json` holds. Programs
 * read it, so its fields are a contract; new ones may be added.
 */
import type { DeviceFigures } from "../deploy/figures.ts";
import type { ParityFigures } from "../deploy/parity.ts";
import type { Diagnosis } from "../train/diagnose.ts";
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

/** One thing the designer tried, and how it did on recordings it had not trained on. */
export type Trial = {
  readonly what: string;
  readonly accuracy: number;
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
    readonly labels: { readonly [label: string]: number };
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
    /** What the curves and scores say; reports of older versions have none. */
    readonly diagnosis?: Diagnosis;
  };
  readonly test: {
    readonly labels: readonly string[];
    readonly float32: Scores;
    readonly int8: Scores;
  };
  /** Of the float32 network over all rows, for tables, whose test sets are small; else null. */
  readonly crossValidation: {
    readonly folds: number;
    readonly accuracy: number;
    readonly loss: number;
  } | null;
  readonly regression: null;
  readonly anomaly: {
    readonly threshold: number;
    /** Fraction of the test windows of known labels above the threshold. */
    readonly knownFlagged: number;
    readonly unseen: { readonly [label: string]: number };
  } | null;
  readonly artefact: {
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
