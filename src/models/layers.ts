/**
 * Layer lists: the form in which people write networks. `makeModel` gives each layer its
 * parameters; the model then adds its forward pass to any graph, to be trained or deployed.
 */
import { UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";
import { buildGraph } from "../graph/build.ts";
import type { Graph, GraphBuilder } from "../graph/graph.ts";
import { softmax } from "../graph/operators/softmax.ts";
import { type Shape, sizeOf } from "../tensor/tensor.ts";
import type { Parameter, TrainableModel } from "../train/step.ts";
import { addLayers, layerNames, type Place, type Start } from "./add-layer.ts";
import { glorotUniform } from "./initializers.ts";
import type { Layer } from "./layer.ts";

export type { Layer };

export type Model = TrainableModel & {
  readonly layers: readonly Layer[];
  readonly outputs: number;
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
  const parameter: Place["parameter"] = (name, shape, start: Start = {}) => {
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
  };
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
