/**
 * Layer lists: the form in which people write networks. `makeModel` gives each layer its
 * parameters; the model then adds its forward pass to any graph, to be trained or deployed.
 */
import { UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";
import { buildGraph } from "../graph/build.ts";
import type { Attributes, Graph, GraphBuilder, Operator } from "../graph/graph.ts";
import { batchNorm, batchNormTraining, updateStatistics } from "../graph/operators/batch-norm.ts";
import { conv1d } from "../graph/operators/conv1d.ts";
import { dense } from "../graph/operators/dense.ts";
import { dropout } from "../graph/operators/dropout.ts";
import { gaussianNoise } from "../graph/operators/gaussian-noise.ts";
import { layerNorm } from "../graph/operators/layer-norm.ts";
import { maxPool1d } from "../graph/operators/max-pool-1d.ts";
import { flatten, reshape } from "../graph/operators/reshape.ts";
import { softmax } from "../graph/operators/softmax.ts";
import { spatialDropout1d } from "../graph/operators/spatial-dropout-1d.ts";
import { type Shape, sizeOf } from "../tensor/tensor.ts";
import type { Parameter, TrainableModel } from "../train/step.ts";
import { type Activation, addActivation } from "./activations.ts";
import { addImageLayer } from "./image-layers.ts";
import { glorotUniform } from "./initializers.ts";
import type { Layer } from "./layer.ts";
import { addRecurrentLayer } from "./recurrent-layers.ts";

export type { Layer };

export type Model = TrainableModel & {
  readonly layers: readonly Layer[];
  readonly outputs: number;
};

/** How a parameter starts: Glorot uniform by its fans, or filled with values, by default 0. */
type Start = {
  readonly fans?: readonly [fanIn: number, fanOut: number];
  readonly value?: number | ((index: number) => number);
  readonly trainable?: false;
};

/** One layer within a graph: takes a tensor, gives a tensor. */
type Place = {
  readonly builder: GraphBuilder;
  readonly name: string;
  /** The next parameter, made when the model is, found in its order afterwards. */
  readonly parameter: (name: string, shape: Shape, start?: Start) => string;
  /** Given in training only. */
  readonly dropoutSeed: string | undefined;
  /** Number of the layer; keeps the random streams of dropout layers apart. */
  readonly index: number;
};

/** Far beyond what a small device holds; a recipe's slip must not fill the memory of the host. */
const MAX_PARAMETERS = 4_000_000;

/**
 * Makes a model of `layers` and a final dense layer of `outputs` units, with Glorot uniform weights
 * and zero biases.
 * @param inputShape of one sample, without the batch dimension
 * @throws UserError `layers-invalid` when a layer does not fit the one before it
 */
export function makeModel(
  layers: readonly Layer[],
  inputShape: Shape,
  outputs: number,
  seed: number,
): Model {
  const rng = makeRng(seed).fork("weights");
  const parameters: Parameter[] = [];
  let total = 0;
  const builder = buildGraph();
  const x = builder.input("x", "float32", [1, ...inputShape]);
  addLayers(builder, withOutput(layers, outputs), x, undefined, (name, shape, start = {}) => {
    const size = sizeOf(shape);
    total += size;
    if (total > MAX_PARAMETERS)
      throw new UserError(
        "layers-invalid",
        `network: there must be at most ${MAX_PARAMETERS} parameters, got ${total} with ${name}`,
        "Use fewer units or filters, or put a pooling layer before a dense one.",
      );
    const { fans, value = 0, trainable } = start;
    const data = fans
      ? glorotUniform(rng.fork(name), ...fans, size)
      : Float32Array.from({ length: size }, (_, i) =>
          typeof value === "number" ? value : value(i),
        );
    parameters.push({ name, shape, data, ...(trainable === false ? { trainable } : {}) });
    return builder.constant(name, "float32", shape, data);
  });
  return modelOf(layers, inputShape, outputs, parameters);
}

const withOutput = (layers: readonly Layer[], outputs: number): readonly Layer[] => [
  ...layers,
  { type: "dense", units: outputs },
];

/** The model of a layer list whose parameters exist already, in the order of the layers. */
export function modelOf(
  layers: readonly Layer[],
  inputShape: Shape,
  outputs: number,
  parameters: readonly Parameter[],
): Model {
  return {
    layers,
    inputShape,
    outputs,
    parameters,
    forward: (target, input, names, { dropoutSeed } = {}) => {
      let next = 0;
      const all = withOutput(layers, outputs);
      return addLayers(target, all, input, dropoutSeed, () => names[next++]!);
    },
  };
}

/** The names of layers, by which their parameters begin: `dense1`, `dense2`, …, last `output`. */
export function layerNames(layers: readonly Layer[]): readonly string[] {
  const counts = new Map<string, number>();
  return layers.map(({ type }, index) => {
    const count = (counts.get(type) ?? 0) + 1;
    counts.set(type, count);
    return index === layers.length - 1 ? "output" : `${type}${count}`;
  });
}

/**
 * Adds the forward pass with the given weights as constants; for classes it ends with softmax.
 * @param x a batch [B, ...inputShape]
 * @param parameters those of a fit; by default the model's own
 * @returns the probabilities, or for `regression` the values, [B, outputs]
 */
export function addInference(
  builder: GraphBuilder,
  model: Model,
  x: string,
  parameters: readonly Parameter[] = model.parameters,
  task: "classification" | "regression" = "classification",
): string {
  const names = parameters.map((p) => builder.constant(p.name, "float32", p.shape, p.data));
  const outputs = model.forward(builder, x, names);
  return task === "regression" ? outputs : builder.one(softmax, [outputs]);
}

/** The graph of a trained model alone: input `x` [batch, ...inputShape], one output. */
export function inferenceGraph(
  model: Model,
  parameters: readonly Parameter[] = model.parameters,
  options: { readonly batch?: number; readonly task?: "classification" | "regression" } = {},
): Graph {
  const builder = buildGraph();
  const x = builder.input("x", "float32", [options.batch ?? 1, ...model.inputShape]);
  return builder.finish([addInference(builder, model, x, parameters, options.task)]);
}

function addLayers(
  builder: GraphBuilder,
  layers: readonly Layer[],
  x: string,
  dropoutSeed: string | undefined,
  parameter: Place["parameter"],
): string {
  const names = layerNames(layers);
  return layers.reduce((input, layer, index) => {
    const name = names[index]!;
    const place: Place = { builder, name, parameter, dropoutSeed, index };
    try {
      return addLayer(place, layer, input);
    } catch (error) {
      if (error instanceof UserError || !(error instanceof Error)) throw error;
      const { shape } = builder.spec(input);
      throw new UserError(
        "layers-invalid",
        `network: layer ${index + 1} (${name}) must fit its input [${shape.slice(1)}], got ${error.message}`,
      );
    }
  }, x);
}

function addLayer(place: Place, layer: Layer, x: string): string {
  const { builder, name, parameter } = place;
  const shape = builder.spec(x).shape;
  const activated = (y: string, activation: Activation = "linear"): string =>
    addActivation(builder, y, activation, name);
  /** An operator that only training has; it draws from a random stream of its own. */
  const randomly = (operator: Operator, attributes: Attributes): string => {
    if (place.dropoutSeed === undefined) return x;
    const inputs = [x, place.dropoutSeed];
    return builder.one(operator, inputs, { ...attributes, stream: place.index }, { name });
  };
  switch (layer.type) {
    case "dense": {
      const inputs = shape.at(-1)!;
      if (shape.length !== 2)
        throw new UserError(
          "layers-invalid",
          `network: dense layer "${name}" must follow a flat input, got [${shape.slice(1)}]`,
          "put a flatten layer before it",
        );
      checkCount(name, "units", layer.units);
      const fans = [inputs, layer.units] as const;
      const w = parameter(`${name}.weights`, [inputs, layer.units], { fans });
      const b = parameter(`${name}.bias`, [layer.units]);
      return activated(builder.one(dense, [x, w, b], {}, { name }), layer.activation);
    }
    case "conv1d": {
      const { filters, kernelSize, stride = 1, dilation = 1, padding = "same" } = layer;
      checkCount(name, "filters", filters);
      checkCount(name, "kernelSize", kernelSize);
      const channels = shape.at(-1)!;
      const fans = [kernelSize * channels, kernelSize * filters] as const;
      const w = parameter(`${name}.weights`, [kernelSize, channels, filters], { fans });
      const b = parameter(`${name}.bias`, [filters]);
      const y = builder.one(conv1d, [x, w, b], { stride, dilation, padding }, { name });
      return activated(y, layer.activation);
    }
    case "maxPool1d": {
      const { size = 2, padding = "same" } = layer;
      const attributes = { size, stride: layer.stride ?? size, padding };
      return builder.one(maxPool1d, [x], attributes, { name });
    }
    case "activation":
      return activated(x, layer.activation);
    case "batchNormalization": {
      const { momentum = 0.99, epsilon = 0.001 } = layer;
      const channels = [shape.at(-1)!];
      const gamma = parameter(`${name}.gamma`, channels, { value: 1 });
      const beta = parameter(`${name}.beta`, channels);
      const mean = parameter(`${name}.mean`, channels, { trainable: false });
      const variance = parameter(`${name}.variance`, channels, { value: 1, trainable: false });
      if (place.dropoutSeed === undefined)
        return builder.one(batchNorm, [x, gamma, beta, mean, variance], { epsilon }, { name });
      const [y, ...batch] = builder.apply(
        batchNormTraining,
        [x, gamma, beta],
        { epsilon },
        { name },
      );
      builder.apply(updateStatistics, [mean, variance, ...batch], { momentum });
      return y!;
    }
    case "layerNormalization": {
      const gamma = parameter(`${name}.gamma`, [shape.at(-1)!], { value: 1 });
      const beta = parameter(`${name}.beta`, [shape.at(-1)!]);
      return builder.one(
        layerNorm,
        [x, gamma, beta],
        { epsilon: layer.epsilon ?? 0.001 },
        { name },
      );
    }
    case "lstm":
    case "gru":
      checkCount(name, "units", layer.units);
      return addRecurrentLayer(place, layer, x);
    case "dropout":
      checkRate(name, layer.rate);
      return randomly(dropout, { rate: layer.rate });
    case "spatialDropout1d":
      checkRate(name, layer.rate);
      return randomly(spatialDropout1d, { rate: layer.rate });
    case "gaussianNoise": {
      const { standardDeviation } = layer;
      if (!(standardDeviation >= 0 && standardDeviation < Number.POSITIVE_INFINITY))
        throw new UserError(
          "layers-invalid",
          `network: standardDeviation of "${name}" must be at least 0, got ${standardDeviation}`,
        );
      return randomly(gaussianNoise, { standardDeviation });
    }
    case "reshape":
      return builder.one(reshape, [x], { shape: layer.shape }, { name });
    case "flatten":
      return builder.one(flatten, [x], {}, { name });
    default:
      return addImageLayer(place, layer, x);
  }
}

function checkRate(name: string, rate: number): void {
  if (!(rate >= 0 && rate < 1))
    throw new UserError(
      "layers-invalid",
      `network: rate of "${name}" must be at least 0 and below 1, got ${rate}`,
    );
}

function checkCount(name: string, what: string, value: number): void {
  if (!Number.isInteger(value) || value < 1)
    throw new UserError(
      "layers-invalid",
      `network: ${what} of "${name}" must be a whole number of at least 1, got ${value}`,
    );
}
