/**
 * Layer lists: the form in which people write networks. `makeModel` gives each layer its
 * parameters; the model then adds its forward pass to any graph, to be trained or deployed.
 */
import { UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";
import { buildGraph } from "../graph/build.ts";
import type { Graph, GraphBuilder } from "../graph/graph.ts";
import { conv1d } from "../graph/operators/conv1d.ts";
import { dense } from "../graph/operators/dense.ts";
import { dropout } from "../graph/operators/dropout.ts";
import { maxPool1d } from "../graph/operators/max-pool-1d.ts";
import { relu } from "../graph/operators/relu.ts";
import { flatten, reshape } from "../graph/operators/reshape.ts";
import { softmax } from "../graph/operators/softmax.ts";
import { type Shape, sizeOf } from "../tensor/tensor.ts";
import type { Parameter, TrainableModel } from "../train/step.ts";
import { glorotUniform } from "./initializers.ts";

export type Activation = "linear" | "relu";
export type Padding = "same" | "valid";

export type Layer =
  | { readonly type: "dense"; readonly units: number; readonly activation?: Activation }
  | {
      readonly type: "conv1d";
      readonly filters: number;
      readonly kernelSize: number;
      /** @default 1 */
      readonly stride?: number;
      /** @default "same" */
      readonly padding?: Padding;
      readonly activation?: Activation;
    }
  | {
      readonly type: "maxPool1d";
      /** @default 2 */
      readonly size?: number;
      /** @default size */
      readonly stride?: number;
      /** @default "same" */
      readonly padding?: Padding;
    }
  | { readonly type: "dropout"; readonly rate: number }
  /** Of one sample, without the batch dimension. */
  | { readonly type: "reshape"; readonly shape: Shape }
  | { readonly type: "flatten" };

export type Model = TrainableModel & {
  readonly layers: readonly Layer[];
  readonly outputs: number;
};

/** One layer within a graph: takes a tensor, gives a tensor. */
type Place = {
  readonly builder: GraphBuilder;
  readonly name: string;
  /** The next parameter, made when the model is, found by name afterwards. */
  readonly parameter: (name: string, shape: Shape, fans?: readonly [number, number]) => string;
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
  const all: readonly Layer[] = [...layers, { type: "dense", units: outputs }];
  const parameters: Parameter[] = [];
  let total = 0;
  const builder = buildGraph();
  const x = builder.input("x", "float32", [1, ...inputShape]);
  addLayers(builder, all, x, undefined, (name, shape, fans) => {
    const size = sizeOf(shape);
    total += size;
    if (total > MAX_PARAMETERS)
      throw new UserError(
        "layers-invalid",
        `network: there must be at most ${MAX_PARAMETERS} parameters, got ${total} with ${name}`,
        "Use fewer units or filters, or put a pooling layer before a dense one.",
      );
    const data = fans ? glorotUniform(rng.fork(name), ...fans, size) : new Float32Array(size);
    parameters.push({ name, shape, data });
    return builder.constant(name, "float32", shape, data);
  });
  return {
    layers,
    inputShape,
    outputs,
    parameters,
    forward: (target, input, names, { dropoutSeed } = {}) => {
      let next = 0;
      return addLayers(target, all, input, dropoutSeed, () => names[next++]!);
    },
  };
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
  const counts = new Map<string, number>();
  return layers.reduce((input, layer, index) => {
    const count = (counts.get(layer.type) ?? 0) + 1;
    counts.set(layer.type, count);
    const name = index === layers.length - 1 ? "output" : `${layer.type}${count}`;
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
    activation === "relu" ? builder.one(relu, [y], {}, { name: `${name}.relu` }) : y;
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
      const w = parameter(`${name}.weights`, [inputs, layer.units], [inputs, layer.units]);
      const b = parameter(`${name}.bias`, [layer.units]);
      return activated(builder.one(dense, [x, w, b], {}, { name }), layer.activation);
    }
    case "conv1d": {
      const { filters, kernelSize, stride = 1, padding = "same" } = layer;
      checkCount(name, "filters", filters);
      checkCount(name, "kernelSize", kernelSize);
      const channels = shape.at(-1)!;
      const w = parameter(
        `${name}.weights`,
        [kernelSize, channels, filters],
        [kernelSize * channels, kernelSize * filters],
      );
      const b = parameter(`${name}.bias`, [filters]);
      const y = builder.one(conv1d, [x, w, b], { stride, padding }, { name });
      return activated(y, layer.activation);
    }
    case "maxPool1d": {
      const { size = 2, padding = "same" } = layer;
      const attributes = { size, stride: layer.stride ?? size, padding };
      return builder.one(maxPool1d, [x], attributes, { name });
    }
    case "dropout": {
      if (!(layer.rate >= 0 && layer.rate < 1))
        throw new UserError(
          "layers-invalid",
          `network: rate of "${name}" must be at least 0 and below 1, got ${layer.rate}`,
        );
      if (place.dropoutSeed === undefined) return x;
      const attributes = { rate: layer.rate, stream: place.index };
      return builder.one(dropout, [x, place.dropoutSeed], attributes, { name });
    }
    case "reshape":
      return builder.one(reshape, [x], { shape: layer.shape }, { name });
    case "flatten":
      return builder.one(flatten, [x], {}, { name });
  }
}

function checkCount(name: string, what: string, value: number): void {
  if (!Number.isInteger(value) || value < 1)
    throw new UserError(
      "layers-invalid",
      `network: ${what} of "${name}" must be a whole number of at least 1, got ${value}`,
    );
}
