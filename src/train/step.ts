/**
 * A training step as a graph: gather a mini-batch from the resident data set, forward, loss,
 * backward, optimizer. And the evaluation beside it, over the same states.
 */
import { UserError } from "../base/errors.ts";
import { buildGraph } from "../graph/build.ts";
import type { Graph, GraphBuilder } from "../graph/graph.ts";
import { withoutDeadNodes } from "../graph/live-nodes.ts";
import type { Shape } from "../tensor/tensor.ts";
import { type Augmentation, addAugmentation } from "./augmentation.ts";
import { gather } from "./gather.ts";
import { type Loss, resolveLoss } from "./losses.ts";
import { addOptimizer, gradientPoints, type Optimizer } from "./optimizers.ts";

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

export type TrainingGraphs = {
  /**
   * Inputs `indices` int32 [B], `weights` [B], `seed` int32 [1], `schedule` (see `scheduleOf`);
   * first output: the loss before the update.
   */
  readonly step: Graph;
  /** Inputs `indices`, `weights`; outputs the loss and, for classes, the correct count. */
  readonly evaluate: Graph;
};

export type StepOptions = {
  /** @default softmaxCrossEntropy for class labels, meanSquaredError for numbers */
  readonly loss?: Loss;
  /** The largest norm of the gradients of all parameters together. @default no bound */
  readonly clipNorm?: number;
  /** L2: added to the gradients of weights, times the weight. @default 0 */
  readonly weightDecay?: number;
  /** Whether the evaluation also gives the model's outputs, last. @default false */
  readonly givesOutputs?: boolean;
  /** Of the examples that a step sees; the evaluation sees them as they are. @default none */
  readonly augmentation?: Augmentation;
};

/**
 * @param data x [N, ...inputShape]; y class labels [N] or, as Float32Array, targets [N, outputs];
 * outputs: classes, or their width
 * @throws UserError `training-options` when optimizer or loss are not known or do not fit the data;
 * `training-data` when the model's output does not have that width
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
  { loss, clipNorm, weightDecay, givesOutputs = false, augmentation }: StepOptions = {},
): TrainingGraphs {
  const sampleSize = model.inputShape.reduce((product, n) => product * n, 1);
  const samples = data.x.length / sampleSize;
  const { definition, settings } = resolveLoss(data.y, loss);
  const start = (training: boolean) => {
    const builder = buildGraph();
    const x = builder.state("data/x", "float32", [samples, ...model.inputShape], data.x);
    const y =
      data.y instanceof Int32Array
        ? builder.state("data/y", "int32", [samples], data.y)
        : builder.state("data/y", "float32", [samples, data.y.length / samples], data.y);
    const indices = builder.input("indices", "int32", [batchSize]);
    const weights = builder.input("weights", "float32", [batchSize]);
    const states = model.parameters.map((p) => builder.state(p.name, "float32", p.shape, p.data));
    const parameters = states.filter((_, n) => model.parameters[n]!.trainable !== false);
    const points = training ? gradientPoints(builder, parameters, optimizer) : parameters;
    const given = states.map((state) => points[parameters.indexOf(state)] ?? state);
    const seed = training ? builder.input("seed", "int32", [1]) : undefined;
    const gathered = builder.one(gather, [x, indices]);
    const targets = builder.one(gather, [y, indices]);
    const batch =
      seed && augmentation ? addAugmentation(builder, gathered, seed, augmentation) : gathered;
    const outputs = model.forward(builder, batch, given, seed ? { dropoutSeed: seed } : {});
    const { shape } = builder.spec(outputs);
    if (shape.length !== 2 || shape[1] !== data.outputs)
      throw new UserError(
        "training-data",
        `train: the model must give [B,${data.outputs}], got [${shape}]`,
      );
    const results = builder.apply(definition.operator, [outputs, targets, weights], settings);
    return { builder, parameters, points, outputs, results: results.slice(0, 2) };
  };
  const { builder, parameters, points, results } = start(true);
  addOptimizer(builder, results[0]!, parameters, optimizer, {
    points,
    ...(clipNorm === undefined ? {} : { clipNorm }),
    ...(weightDecay === undefined ? {} : { weightDecay }),
  });
  const evaluation = start(false);
  return {
    step: withoutDeadNodes(builder.finish(results.slice(0, 1))),
    evaluate: withoutDeadNodes(
      evaluation.builder.finish([
        ...evaluation.results,
        ...(givesOutputs ? [evaluation.outputs] : []),
      ]),
    ),
  };
}
