/**
 * One layer after another into a graph: the operators and parameters that each kind of layer
 * stands for. `layers.ts` makes whole networks of them.
 */
import { UserError } from "../base/errors.ts";
import type { Attributes, GraphBuilder, Operator } from "../graph/graph.ts";
import { add } from "../graph/operators/add.ts";
import { updateStatistics } from "../graph/operators/batch-moments.ts";
import { addBatchNormTraining, batchNorm } from "../graph/operators/batch-norm.ts";
import { conv1d } from "../graph/operators/conv1d.ts";
import { dense } from "../graph/operators/dense.ts";
import { dropout } from "../graph/operators/dropout.ts";
import { gaussianNoise } from "../graph/operators/gaussian-noise.ts";
import { layerNorm } from "../graph/operators/layer-norm.ts";
import { maxPool1d } from "../graph/operators/max-pool-1d.ts";
import { permute } from "../graph/operators/permute.ts";
import { flatten, reshape } from "../graph/operators/reshape.ts";
import { spatialDropout1d } from "../graph/operators/spatial-dropout-1d.ts";
import type { Shape } from "../tensor/tensor.ts";
import { type Activation, addActivation } from "./activations.ts";
import { addImageLayer } from "./image-layers.ts";
import type { Layer } from "./layer.ts";
import { biasOf } from "./layer-bias.ts";
import { checkSettings } from "./parse-layer.ts";
import { addRecurrentLayer } from "./recurrent-layers.ts";

/** How a parameter starts: Glorot uniform by its fans, or filled with values, by default 0. */
export type Start = {
  readonly fans?: readonly [fanIn: number, fanOut: number];
  readonly value?: number | ((index: number) => number);
  readonly trainable?: false;
};

/** One layer within a graph: takes a tensor, gives a tensor. */
export type Place = {
  readonly builder: GraphBuilder;
  readonly name: string;
  /** The next parameter, made when the model is, found in its order afterwards. */
  readonly parameter: (name: string, shape: Shape, start?: Start) => string;
  /** Given in training only. */
  readonly dropoutSeed: string | undefined;
  /** Number of the layer; keeps the random streams of dropout layers apart. */
  readonly index: number;
};

/** Layers within another one are numbered from a multiple of this on. */
const MAX_LIST = 256;

/** The names of a network's layers, by which their parameters begin: `dense1`, `dense2`, …, last `output`. */
export function layerNames(layers: readonly Layer[]): readonly string[] {
  return [...numberedNames(layers.slice(0, -1)), "output"];
}

/** `conv2d1`, `batchNormalization1`, `conv2d2`, … */
export function numberedNames(layers: readonly { readonly type: string }[]): readonly string[] {
  const counts = new Map<string, number>();
  return layers.map(({ type }) => {
    const count = (counts.get(type) ?? 0) + 1;
    counts.set(type, count);
    return `${type}${count}`;
  });
}

/**
 * Adds layers one after another and returns the output of the last.
 * @param names of the layers, in order
 * @throws UserError `layers-invalid` that names the layer
 */
export function addLayers(
  place: Omit<Place, "name">,
  layers: readonly Layer[],
  names: readonly string[],
  x: string,
): string {
  return layers.reduce((input, layer, index) => {
    const name = names[index]!;
    const own = { ...place, name, index: place.index + index };
    return addCheckedLayer(own, layer, input, `layer ${index + 1} (${name})`);
  }, x);
}

/**
 * Adds one layer.
 * @param title what an error calls it
 * @throws UserError `layers-invalid`
 */
export function addCheckedLayer(place: Place, layer: Layer, x: string, title: string): string {
  checkSettings(title, layer);
  try {
    return addLayer(place, layer, x);
  } catch (error) {
    if (error instanceof UserError || !(error instanceof Error)) throw error;
    const { shape } = place.builder.spec(x);
    throw new UserError(
      "layers-invalid",
      `network: ${title} must fit its input [${shape.slice(1)}], got ${error.message}`,
    );
  }
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
      const b = biasOf(place, layer.units, layer.useBias);
      return activated(builder.one(dense, [x, w, b], {}, { name }), layer.activation);
    }
    case "conv1d": {
      const { filters, kernelSize, stride = 1, dilation = 1, padding = "same" } = layer;
      const { groups = 1 } = layer;
      checkCount(name, "filters", filters);
      checkCount(name, "kernelSize", kernelSize);
      checkCount(name, "groups", groups);
      const channels = shape.at(-1)!;
      const fans = [(kernelSize * channels) / groups, (kernelSize * filters) / groups] as const;
      const kernel = [kernelSize, Math.ceil(channels / groups), filters];
      const w = parameter(`${name}.weights`, kernel, { fans });
      const b = biasOf(place, filters, layer.useBias);
      const attributes = { stride, dilation, padding, ...(groups > 1 ? { groups } : {}) };
      const y = builder.one(conv1d, [x, w, b], attributes, { name });
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
      const { momentum = 0.99, epsilon = 0.001, frozen = false } = layer;
      const channels = [shape.at(-1)!];
      const gamma = parameter(`${name}.gamma`, channels, { value: 1 });
      const beta = parameter(`${name}.beta`, channels);
      const mean = parameter(`${name}.mean`, channels, { trainable: false });
      const variance = parameter(`${name}.variance`, channels, { value: 1, trainable: false });
      if (place.dropoutSeed === undefined || frozen)
        return builder.one(batchNorm, [x, gamma, beta, mean, variance], { epsilon }, { name });
      const [y, ...batch] = addBatchNormTraining(builder, [x, gamma, beta], { epsilon }, { name });
      builder.apply(updateStatistics, [mean, variance, ...batch], { momentum });
      return y;
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
    case "spatialDropout2d":
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
    case "residual": {
      const { layers, shortcut = [], activation } = layer;
      const branch = (name: string, list: readonly Layer[], half: number): string => {
        const names = numberedNames(list).map((inner) => `${name}.${inner}`);
        return addLayers({ ...place, index: (2 * place.index + half) * MAX_LIST }, list, names, x);
      };
      const y = branch(name, layers, 1);
      const around = branch(`${name}.shortcut`, shortcut, 2);
      return activated(builder.one(add, [y, around], {}, { name }), activation);
    }
    case "reshape":
      return builder.one(reshape, [x], { shape: layer.shape }, { name });
    case "permute":
      return builder.one(permute, [x], { axes: [0, ...layer.axes] }, { name });
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
