/**
 * Inference without batch normalisation. Where its layer follows a linear dense or convolutional
 * layer, the two are one layer of other weights: with f = gamma / sqrt(variance + epsilon),
 * w' = w f and b' = (b - mean) f + beta for each output (computed in float64, rounded once).
 */
import type { Parameter } from "../train/step.ts";
import { layerNames, numberedNames } from "./add-layer.ts";
import type { Layer } from "./layer.ts";
import { type Model, modelOf } from "./layers.ts";

/**
 * The model that computes the same in inference, with as few batch normalisations as possible: one
 * that follows anything else stays.
 * @param parameters those of a fit; by default the model's own
 * @returns a model for inference, whose own parameters are the folded ones
 */
export function foldBatchNorm(
  model: Model,
  parameters: readonly Parameter[] = model.parameters,
): Model {
  const all: readonly Layer[] = [...model.layers, { type: "dense", units: model.outputs }];
  const folded = foldLayers(all, layerNames(all), parameters);
  const { inputShape, outputs } = model;
  return modelOf(folded.layers.slice(0, -1), inputShape, outputs, folded.parameters);
}

type Folded = { readonly layers: readonly Layer[]; readonly parameters: readonly Parameter[] };

function foldLayers(
  all: readonly Layer[],
  names: readonly string[],
  parameters: readonly Parameter[],
): Folded {
  const layers: Layer[] = [];
  const folded: Parameter[] = [];
  all.forEach((layer, index) => {
    const name = names[index]!;
    const own = parameters.filter((parameter) => parameter.name.startsWith(`${name}.`));
    if (layer.type === "batchNormalization" && isLinear(layers.at(-1))) {
      const [weights, bias] = folded.splice(-2) as [Parameter, Parameter];
      folded.push(...merged(weights, bias, own, layer.epsilon ?? 0.001));
    } else if (layer.type === "residual") {
      const branch = (prefix: string, list: readonly Layer[]): Folded =>
        foldLayers(
          list,
          numberedNames(list).map((inner) => `${prefix}.${inner}`),
          own,
        );
      const inner = branch(name, layer.layers);
      const around = branch(`${name}.shortcut`, layer.shortcut ?? []);
      layers.push({ ...layer, layers: inner.layers, shortcut: around.layers });
      folded.push(...inner.parameters, ...around.parameters);
    } else {
      layers.push(layer);
      folded.push(...own);
    }
  });
  return { layers, parameters: folded };
}

/** Whether a layer is a product with weights, outputs last, plus a bias and nothing more. */
function isLinear(layer: Layer | undefined): boolean {
  switch (layer?.type) {
    case "dense":
    case "conv1d":
    case "conv2d":
    case "depthwiseConv2d":
      return (layer.activation ?? "linear") === "linear";
    default:
      return false;
  }
}

function merged(
  weights: Parameter,
  bias: Parameter,
  statistics: readonly Parameter[],
  epsilon: number,
): readonly [Parameter, Parameter] {
  const [gamma, beta, mean, variance] = statistics.map(({ data }) => data) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const factors = Array.from(gamma, (g, o) => g / Math.sqrt(variance[o]! + epsilon));
  const outputs = factors.length;
  return [
    { ...weights, data: weights.data.map((w, i) => w * factors[i % outputs]!) },
    { ...bias, data: bias.data.map((b, o) => (b - mean[o]!) * factors[o]! + beta[o]!) },
  ];
}
