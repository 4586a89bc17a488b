/** The draft of a recipe: all of it that follows from the recordings without trying anything. */
import { areQuantities } from "../samples/number-labels.ts";
import type { Sample } from "../samples/sample.ts";
import { batchFor, kindOf, validationFractionFor, windowFor } from "./kinds.ts";
import { DEFAULT_LAYERS, type Reading, type Recipe, type Task } from "./recipe.ts";

/** The draft of a recipe with everything that needs no looking at features. */
export function draftRecipe(options: {
  readonly name: string;
  readonly source: string;
  readonly seed: number;
  readonly reading: Reading;
  readonly samples: readonly Sample[];
  /** @default regression when `targets` are named or the labels are quantities, else classification */
  readonly task?: Task;
  /** Columns of a table that hold numbers to predict. @default none */
  readonly targets?: readonly string[];
}): Recipe {
  const kind = kindOf(options.samples);
  const { targets = [] } = options;
  const isNumeric = targets.length > 0 || areQuantities(options.samples);
  return {
    tinsmith: 1,
    name: options.name,
    source: options.source,
    seed: options.seed,
    reading: options.reading,
    task: options.task ?? (isNumeric ? "regression" : "classification"),
    targets,
    input: { ...windowFor(kind, options.samples), labelRule: "majority" },
    split: { testFraction: 0.2, validationFraction: validationFractionFor(kind) },
    block: { type: "spectral", params: {} },
    standardize: true,
    layers: DEFAULT_LAYERS,
    training: {
      epochs: 30,
      learningRate: 0.005,
      learningRateSchedule: "constant",
      batchSize: batchFor(kind, options.samples.length),
      patience: 0,
      keep: "best",
      classWeights: "none",
      augmentation: null,
    },
    anomaly: null,
  };
}
