/**
 * Layer lists: the form in which people write networks. `makeModel` gives each layer its
 * parameters; the model then adds its forward pass to any graph, to be trained or deployed.
 */
import { buildGraph } from "../graph/build.ts";
import type { Graph, GraphBuilder } from "../graph/graph.ts";
import { softmax } from "../graph/operators/softmax.ts";
import type { Shape } from "../tensor/tensor.ts";
import type { Parameter, TrainableModel } from "../train/step.ts";
import { addLayers, layerNames } from "./add-layer.ts";
import { initialParameters } from "./initial-parameters.ts";
import type { Layer } from "./layer.ts";

export type { Layer };

export type Model = TrainableModel & {
  readonly layers: readonly Layer[];
  readonly outputs: number;
};

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
  const builder = buildGraph();
  const x = builder.input("x", "float32", [1, ...inputShape]);
  const { parameter, parameters } = initialParameters(builder, seed);
  const all = withOutput(layers, outputs);
  addLayers({ builder, parameter, dropoutSeed: undefined, index: 0 }, all, layerNames(all), x);
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
      const parameter = (): string => names[next++]!;
      const place = { builder: target, parameter, dropoutSeed, index: 0 };
      return addLayers(place, all, layerNames(all), input);
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
  model: TrainableModel,
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
  model: TrainableModel,
  parameters: readonly Parameter[] = model.parameters,
  options: { readonly batch?: number; readonly task?: "classification" | "regression" } = {},
): Graph {
  const builder = buildGraph();
  const x = builder.input("x", "float32", [options.batch ?? 1, ...model.inputShape]);
  return builder.finish([addInference(builder, model, x, parameters, options.task)]);
}
