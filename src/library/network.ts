/**
 * The library's face of training: a network is plain data that can be trained, asked, scored and
 * saved. Everything returns something new; a network never changes.
 */
import { UserError } from "../base/errors.ts";
import type { Layer } from "../models/layer.ts";
import {
  type AddLayer,
  type LayerNode,
  makeLayerGraphModel,
  traceLayers,
  type Value,
} from "../models/layer-graph.ts";
import { inferenceGraph } from "../models/layers.ts";
import { type Shape, sizeOf } from "../tensor/tensor.ts";
import { type FitOptions, type FitResult, fit } from "../train/fit.ts";
import {
  accuracyOf,
  argmax,
  type ConfusionMatrix,
  confusionMatrix,
  logLoss,
  type RegressionScore,
  regressionScores,
  weightedScore,
} from "../train/metrics.ts";
import { rowPredictor } from "../train/predict-rows.ts";
import type { Parameter, TrainableModel } from "../train/step.ts";

export type Task = "classification" | "regression";

/** A network as it is saved, but for its weights. */
export type NetworkDesign = {
  readonly task: Task;
  /** Of one sample. */
  readonly inputShape: Shape;
  /** Names of the classes, or of the predicted values; their number is the width of the output. */
  readonly outputs: readonly string[];
  /** A final dense layer with a unit for each output follows them. */
  readonly nodes: readonly LayerNode[];
};

export type Network = NetworkDesign & {
  readonly model: TrainableModel;
};

export type NetworkOptions = {
  /** @default "classification" */
  readonly task?: Task;
  /** Of one sample, without the batch: `[33]`, `[49, 13]`, `[96, 96, 3]`. */
  readonly inputShape: Shape;
  /** Names of the classes or values, or how many. */
  readonly outputs: number | readonly string[];
  /**
   * Layers one after another, or a function that adds them to values:
   * `(x, layer) => layer({ type: "add" }, x, layer({ type: "dense", units: 8 }, x))`.
   */
  readonly layers: readonly Layer[] | ((input: Value, layer: AddLayer) => Value);
  /** Of the first weights. @default 1 */
  readonly seed?: number;
};

const MAX_OUTPUTS = 65_536;

/**
 * Makes a network with fresh weights.
 * @throws UserError `layers-invalid` with the layer and the rule that it breaks
 */
export function makeNetwork(options: NetworkOptions): Network {
  const { task = "classification", inputShape, layers, seed = 1 } = options;
  const { outputs: given } = options;
  // A slip in the number must not fill the memory; `networkOf` refuses what is too small.
  const count = typeof given === "number" ? Math.min(given, MAX_OUTPUTS) : 0;
  const outputs =
    typeof given === "number" ? Array.from({ length: count }, (_, i) => String(i)) : given;
  const nodes =
    typeof layers === "function"
      ? traceLayers(layers)
      : layers.map((layer, index): LayerNode => ({ layer, inputs: [index] }));
  return networkOf({ task, inputShape, outputs, nodes }, seed);
}

/**
 * The network of a design, with weights of a seed.
 * @throws UserError `layers-invalid`
 */
export function networkOf(design: NetworkDesign, seed = 1): Network {
  const { task, inputShape, outputs, nodes } = design;
  const rule = (holds: boolean, text: string, got: unknown): void => {
    if (!holds) throw new UserError("layers-invalid", `network: ${text}, got ${got}`);
  };
  const isSize = (n: unknown): boolean => Number.isInteger(n) && (n as number) >= 1;
  rule(
    inputShape.length > 0 && inputShape.every(isSize),
    "inputShape must be one or more sizes of at least 1",
    `[${inputShape}]`,
  );
  const least = task === "classification" ? 2 : 1;
  rule(outputs.length >= least, `a ${task} must have at least ${least} outputs`, outputs.length);
  rule(new Set(outputs).size === outputs.length, "outputs must have different names", outputs);
  const model = makeLayerGraphModel(nodes, inputShape, outputs.length, seed);
  return { task, inputShape, outputs, nodes, model };
}

/** Samples and what is to be learned of them. */
export type Examples = {
  /** [N, ...inputShape], row after row. */
  readonly x: Float32Array;
  /**
   * For classes N names or indices of them; for a regression the values [N, outputs], row after
   * row.
   */
  readonly y: ArrayLike<number> | readonly string[];
  /** How much each sample counts in training, [N]. @default 1 each */
  readonly sampleWeights?: ArrayLike<number>;
  /** What each sample belongs to, [N]: `validationShare` keeps a group on one side. */
  readonly groups?: ArrayLike<string | number>;
};

export type TrainOptions = FitOptions & {
  /** Examples to validate on after each epoch. @default what `validationShare` holds back */
  readonly validation?: Examples;
};

export type Trained = {
  readonly network: Network;
  readonly result: FitResult;
};

/**
 * Trains a network further, from the weights that it has.
 * @param control.onEpoch told of each epoch; control.signal stops within about 20 ms
 * @throws UserError `training-data`, `training-options` before it begins, `training-diverged`;
 * CancelledError
 */
export async function trainNetwork(
  network: Network,
  examples: Examples,
  options: TrainOptions,
  control: Parameters<typeof fit>[3] = {},
): Promise<Trained> {
  const { validation, ...fitOptions } = options;
  const sets = [examples, ...(validation ? [validation] : [])].map((set) => ({
    x: set.x,
    y: targetsOf(network, set),
  }));
  const rows = sets.map(({ y }) =>
    y instanceof Int32Array ? y.length : y.length / network.outputs.length,
  );
  const [count, others = 0] = rows as [number, number?];
  const { sampleWeights, groups } = examples;
  const data = {
    x: joined(sets.map(({ x }) => x)),
    y: sets.length === 1 ? sets[0]!.y : joinedTargets(sets.map(({ y }) => y)),
    outputs: network.outputs.length,
    train: Int32Array.from({ length: count }, (_, row) => row),
    validation: Int32Array.from({ length: others }, (_, row) => count + row),
    ...(sampleWeights ? { sampleWeights: filledUp(sampleWeights, others, 1) } : {}),
    ...(groups ? { groups: filledUp<string | number>(groups, others, "") } : {}),
  };
  const result = await fit(network.model, data, fitOptions, control);
  return { network: withParameters(network, result.parameters), result };
}

/** What is given for the training samples, filled up for those that validate. */
const filledUp = <T>(given: ArrayLike<T>, others: number, filler: T): readonly T[] => [
  ...Array.from(given),
  ...new Array<T>(others).fill(filler),
];

/** The network with other weights, in the order of its own. */
export function withParameters(network: Network, parameters: readonly Parameter[]): Network {
  return { ...network, model: { ...network.model, parameters } };
}

const joined = (parts: readonly Float32Array[]): Float32Array => {
  if (parts.length === 1) return parts[0]!;
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let start = 0;
  for (const part of parts) {
    all.set(part, start);
    start += part.length;
  }
  return all;
};

function joinedTargets(parts: readonly (Int32Array | Float32Array)[]): Int32Array | Float32Array {
  if (parts[0] instanceof Float32Array) return joined(parts as readonly Float32Array[]);
  return Int32Array.from(parts.flatMap((part) => [...part]));
}

/** @throws UserError `training-data` for an unknown class or a wrong number of values */
function targetsOf({ task, outputs, inputShape }: Network, { x, y }: Examples) {
  const samples = x.length / sizeOf(inputShape);
  const width = task === "regression" ? outputs.length : 1;
  if (!Number.isInteger(samples) || y.length !== samples * width)
    throw new UserError(
      "training-data",
      `network: ${x.length} values of x in samples of [${inputShape}] need ${width} of y for each, got ${y.length}`,
    );
  if (task === "regression") return Float32Array.from(y as ArrayLike<number>);
  return Int32Array.from({ length: y.length }, (_, row) => {
    const label = y[row]!;
    const index = typeof label === "string" ? outputs.indexOf(label) : label;
    if (!Number.isInteger(index) || index < 0 || index >= outputs.length)
      throw new UserError(
        "training-data",
        `network: the label of row ${row} must be one of ${outputs.join(", ")}, or its index, got ${label}`,
      );
    return index;
  });
}

const predictors = new WeakMap<Network, (x: Float32Array) => Float32Array>();

/**
 * The outputs [N, outputs] of samples [N, ...inputShape]: probabilities, or the values of a
 * regression.
 * @throws UserError `training-data` when x holds no whole number of samples
 */
export function predict(network: Network, x: Float32Array): Float32Array {
  const { inputShape, model, task } = network;
  if (x.length === 0 || x.length % sizeOf(inputShape) !== 0)
    throw new UserError(
      "training-data",
      `network: x must hold whole samples of [${inputShape}], got ${x.length} values`,
    );
  let predictor = predictors.get(network);
  if (!predictor) {
    predictor = rowPredictor(inferenceGraph(model, model.parameters, { task, batch: 16 }));
    predictors.set(network, predictor);
  }
  return predictor(x);
}

export type NetworkScore =
  | {
      readonly task: "classification";
      readonly accuracy: number;
      /** Mean of -log(probability of the true class). */
      readonly loss: number;
      /** Weighted by support, as precision and recall. */
      readonly f1: number;
      readonly precision: number;
      readonly recall: number;
      readonly confusion: ConfusionMatrix;
    }
  | ({
      readonly task: "regression";
      /** Of each value apart; the others are their means. */
      readonly perOutput: readonly RegressionScore[];
    } & RegressionScore);

/** Scores a network on examples, best on such that it has not seen. */
export function evaluate(network: Network, examples: Examples): NetworkScore {
  const y = targetsOf(network, examples);
  const outputs = predict(network, examples.x);
  if (network.task === "regression")
    return { task: "regression", ...regressionScores(y, outputs, network.outputs.length) };
  const classes = network.outputs.length;
  const predicted = Int32Array.from(y, (_, row) => argmax(outputs, row * classes, classes));
  const confusion = confusionMatrix(y, predicted, classes);
  const { f1, precision, recall } = weightedScore(confusion);
  const loss = logLoss(outputs, y, classes);
  return {
    task: "classification",
    accuracy: accuracyOf(confusion),
    loss,
    f1,
    precision,
    recall,
    confusion,
  };
}
