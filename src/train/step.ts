/**
 * A training step as a graph: gather a mini-batch from the resident data set, forward, loss,
 * backward, optimizer. And the evaluation beside it, over the same states.
 */
import { addGradients } from "../graph/autodiff.ts";
import { buildGraph } from "../graph/build.ts";
import type { Graph, GraphBuilder } from "../graph/graph.ts";
import { withoutDeadNodes } from "../graph/live-nodes.ts";
import type { Shape } from "../tensor/tensor.ts";
import { ADAM_DEFAULTS, type AdamAttributes, adam } from "./adam.ts";
import {
  augmentationAttributes,
  augmentSpectrogram,
  type SpectrogramAugmentation,
} from "./augment-spectrogram.ts";
import { gather } from "./gather.ts";
import { meanSquaredError } from "./mean-squared-error.ts";
import { sgd } from "./sgd.ts";
import { softmaxCrossEntropy } from "./softmax-cross-entropy.ts";

export type Parameter = {
  readonly name: string;
  readonly shape: Shape;
  readonly data: Float32Array;
  /** False for what the forward pass itself updates in training, as running statistics. @default true */
  readonly trainable?: boolean;
};

/** What can be trained: parameters and how they make outputs of inputs. */
export type TrainableModel = {
  /** Of one sample, without the batch dimension. */
  readonly inputShape: Shape;
  readonly parameters: readonly Parameter[];
  /**
   * Adds the forward pass and returns the name of its output [B, outputs], before any softmax.
   * @param x a batch [B, ...inputShape]
   * @param parameters names of the tensors that hold the parameters, in order
   * @param options.dropoutSeed an int32 tensor of shape [1], given in training only, so that it also
   * says whether statistics are those of the batch
   */
  readonly forward: (
    builder: GraphBuilder,
    x: string,
    parameters: readonly string[],
    options?: { readonly dropoutSeed?: string },
  ) => string;
};

export type Optimizer =
  | ({ readonly name: "adam" } & Partial<AdamAttributes>)
  | { readonly name: "sgd"; readonly momentum?: number };

/**
 * Adds the gradients of `loss` and the optimizer's updates of the parameter states. Reads an input
 * `schedule` of shape [2] for Adam (see `adamSchedule`), of shape [1], the rate, for SGD.
 */
export function addOptimizer(
  builder: GraphBuilder,
  loss: string,
  parameters: readonly string[],
  optimizer: Optimizer,
): void {
  const gradients = addGradients(builder, loss, parameters);
  const schedule = builder.input("schedule", "float32", [optimizer.name === "adam" ? 2 : 1]);
  for (const parameter of parameters) {
    const { shape } = builder.spec(parameter);
    const size = shape.reduce((product, n) => product * n, 1);
    const moment = (name: string): string =>
      builder.state(`${parameter}/${name}`, "float32", shape, new Float32Array(size));
    const gradient = gradients.get(parameter)!;
    if (optimizer.name === "adam") {
      const { name: _, ...given } = optimizer;
      builder.apply(adam, [parameter, moment("mean"), moment("variance"), gradient, schedule], {
        ...ADAM_DEFAULTS,
        ...given,
      });
    } else {
      const momentum = optimizer.momentum ?? 0;
      builder.apply(sgd, [parameter, moment("velocity"), gradient, schedule], { momentum });
    }
  }
}

export type TrainingGraphs = {
  /**
   * Inputs `indices` int32 [B], `weights` [B], `seed` int32 [1], `schedule`; first output: the loss
   * before the update.
   */
  readonly step: Graph;
  /** Inputs `indices`, `weights`; outputs the loss and, for classes, the correct count. */
  readonly evaluate: Graph;
};

/**
 * @param data x [N, ...inputShape]; y class labels [N] (trained by cross-entropy) or, as
 * Float32Array, targets [N, outputs] (trained by squared error); outputs: classes, or their width
 * @param augmentation of the examples that a step sees; the evaluation sees them as they are
 * @throws Error when the model's output does not have that width
 */
export function trainingGraphs(
  model: TrainableModel,
  data: {
    readonly x: Float32Array;
    readonly y: Int32Array | Float32Array;
    readonly outputs: number;
  },
  batchSize: number,
  optimizer: Optimizer,
  augmentation?: SpectrogramAugmentation,
): TrainingGraphs {
  const sampleSize = model.inputShape.reduce((product, n) => product * n, 1);
  const samples = data.x.length / sampleSize;
  const classify = data.y instanceof Int32Array;
  const start = (training: boolean) => {
    const builder = buildGraph();
    const x = builder.state("data/x", "float32", [samples, ...model.inputShape], data.x);
    const y = classify
      ? builder.state("data/y", "int32", [samples], data.y)
      : builder.state("data/y", "float32", [samples, data.y.length / samples], data.y);
    const indices = builder.input("indices", "int32", [batchSize]);
    const weights = builder.input("weights", "float32", [batchSize]);
    const states = model.parameters.map((p) => builder.state(p.name, "float32", p.shape, p.data));
    const parameters = states.filter((_, n) => model.parameters[n]!.trainable !== false);
    const seed = training ? builder.input("seed", "int32", [1]) : undefined;
    const given = builder.one(gather, [x, indices]);
    const targets = builder.one(gather, [y, indices]);
    const batch =
      seed && augmentation
        ? builder.one(augmentSpectrogram, [given, seed], augmentationAttributes(augmentation))
        : given;
    const outputs = model.forward(builder, batch, states, seed ? { dropoutSeed: seed } : {});
    const { shape } = builder.spec(outputs);
    if (shape.length !== 2 || shape[1] !== data.outputs)
      throw new Error(`train: the model must give [B,${data.outputs}], got [${shape}]`);
    const results = builder.apply(classify ? softmaxCrossEntropy : meanSquaredError, [
      outputs,
      targets,
      weights,
    ]);
    return { builder, parameters, results: results.slice(0, 2) };
  };
  const training = start(true);
  addOptimizer(training.builder, training.results[0]!, training.parameters, optimizer);
  const evaluation = start(false);
  return {
    step: withoutDeadNodes(training.builder.finish(training.results.slice(0, 1))),
    evaluate: withoutDeadNodes(evaluation.builder.finish(evaluation.results)),
  };
}
