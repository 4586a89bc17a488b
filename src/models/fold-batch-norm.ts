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
    const before = layers.at(-1);
    if (layer.type === "batchNormalization" && isLinear(before)) {
      const { useBias = true, ...kept } = before;
      layers[layers.length - 1] = kept;
      const [weights, bias] = folded.splice(useBias ? -2 : -1) as [Parameter, Parameter?];
      // Outputs come last but in a transposed convolution, where its inputs do.
      const within = before.type === "conv2dTranspose" ? weights.shape.at(-1)! : 1;
      folded.push(...merged(weights, bias, own, layer.epsilon ?? 0.001, within));
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

type Linear = Extract<
  Layer,
  { readonly type: "dense" | "conv1d" | "conv2d" | "conv2dTranspose" | "depthwiseConv2d" }
>;

/** Whether a layer is a product with weights, maybe plus a bias, and nothing more. */
function isLinear(layer: Layer | undefined): layer is Linear {
  switch (layer?.type) {
    case "dense":
    case "conv1d":
    case "conv2d":
    case "conv2dTranspose":
    case "depthwiseConv2d":
      return (layer.activation ?? "linear") === "linear";
    default:
      return false;
  }
}

function merged(
  weights: Parameter,
  bias: Parameter | undefined,
  statistics: readonly Parameter[],
  epsilon: number,
  within: number,
): readonly [Parameter, Parameter] {
  const [gamma, beta, mean, variance] = statistics.map(({ data }) => data) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const factors = Array.from(gamma, (g, o) => g / Math.sqrt(variance[o]! + epsilon));
  const outputs = factors.length;
  const { name, data } = bias ?? {
    name: weights.name.replace(/\.weights$/, ".bias"),
    data: new Float32Array(outputs),
  };
  return [
    {
      ...weights,
      data: weights.data.map((w, i) => w * factors[Math.floor(i / within) % outputs]!),
    },
    {
      name,
      shape: [outputs],
      data: data.map((b, o) => (b - mean[o]!) * factors[o]! + beta[o]!),
    },
  ];
}
