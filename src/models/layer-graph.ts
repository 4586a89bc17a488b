/**
 * Networks whose layers are no list: each takes what any earlier ones gave. People write them as a
 * function over values, which is traced once into nodes, the form that is kept and saved.
 */
import { UserError } from "../base/errors.ts";
import { buildGraph } from "../graph/build.ts";
import type { GraphBuilder, Operator } from "../graph/graph.ts";
import { add } from "../graph/operators/add.ts";
import { batchMatmul } from "../graph/operators/batch-matmul.ts";
import { concat } from "../graph/operators/concat.ts";
import { mul } from "../graph/operators/mul.ts";
import { sub } from "../graph/operators/sub.ts";
import type { Shape } from "../tensor/tensor.ts";
import type { TrainableModel } from "../train/step.ts";
import { addCheckedLayer, numberedNames, type Place } from "./add-layer.ts";
import { initialParameters } from "./initial-parameters.ts";
import type { Layer } from "./layer.ts";

/** What brings two or more values together. */
export type Merge =
  | { readonly type: "add" }
  /** The first less all others. */
  | { readonly type: "subtract" }
  | { readonly type: "multiply" }
  /** Matrix products, [M, K] and [K, N] give [M, N]; with leading axes, one for each of them. */
  | { readonly type: "matmul" }
  /** Along the last axis, the channels. */
  | { readonly type: "concatenate" };

/** Value 0 is the network's input; the node at index n gives value n + 1. */
export type LayerNode = {
  readonly layer: Layer | Merge;
  /** Numbers of values that are there before the node: one for a layer, several for a merge. */
  readonly inputs: readonly number[];
};

/** Stands for what a layer gives, while a network is traced. */
export type Value = { readonly number: number };

/** Adds a layer after a value, or a merge after several. */
export type AddLayer = (layer: Layer | Merge, ...inputs: readonly Value[]) => Value;

const OPERATORS: { readonly [T in Merge["type"]]: Operator } = {
  add,
  subtract: sub,
  multiply: mul,
  matmul: batchMatmul,
  concatenate: concat,
};

export const MERGE_TYPES: readonly Merge["type"][] = Object.keys(OPERATORS) as Merge["type"][];

const isMerge = (layer: Layer | Merge): layer is Merge => Object.hasOwn(OPERATORS, layer.type);

/**
 * Writes down what a function does with its input; layers that its result does not need are left
 * out.
 * @throws UserError `layers-invalid` for a wrong number of inputs, or a value of another network
 */
export function traceLayers(build: (input: Value, layer: AddLayer) => Value): LayerNode[] {
  const values: Value[] = [{ number: 0 }];
  const nodes: LayerNode[] = [];
  const numberOf = (value: Value, where: string): number => {
    if (values[value?.number] !== value)
      throw new UserError("layers-invalid", `network: ${where} must be a value of this network`);
    return value.number;
  };
  const result = build(values[0]!, (layer, ...inputs) => {
    nodes.push({ layer, inputs: inputs.map((v) => numberOf(v, `an input of "${layer.type}"`)) });
    checkInputs(nodes.at(-1)!, values.length);
    const value = { number: values.length };
    values.push(value);
    return value;
  });
  return neededNodes(nodes, numberOf(result, "what the function returns"));
}

/** The nodes that a value needs, renumbered; the value is the last one's. */
function neededNodes(nodes: readonly LayerNode[], result: number): LayerNode[] {
  const needed = new Set([result]);
  for (let n = nodes.length; n > 0; n--)
    if (needed.has(n)) for (const input of nodes[n - 1]!.inputs) needed.add(input);
  const renumbered = new Map([[0, 0]]);
  const kept: LayerNode[] = [];
  nodes.forEach(({ layer, inputs }, index) => {
    if (!needed.has(index + 1)) return;
    kept.push({ layer, inputs: inputs.map((input) => renumbered.get(input)!) });
    renumbered.set(index + 1, kept.length);
  });
  return kept;
}

/** @throws UserError `layers-invalid` unless a node has the inputs that it needs, from before it */
function checkInputs({ layer, inputs }: LayerNode, values: number): void {
  const rule = (holds: boolean, text: string, got: unknown): void => {
    if (!holds)
      throw new UserError("layers-invalid", `network: "${layer.type}" ${text}, got ${got}`);
  };
  if (isMerge(layer)) rule(inputs.length >= 2, "takes at least 2 values", inputs.length);
  else rule(inputs.length === 1, "takes 1 value", inputs.length);
  const isValue = (n: number): boolean => Number.isInteger(n) && n >= 0 && n < values;
  rule(inputs.every(isValue), "takes values from before it", inputs);
}

/** A model of nodes and a final dense layer of `outputs` units; parameters as `makeModel` makes them. */
export function makeLayerGraphModel(
  nodes: readonly LayerNode[],
  inputShape: Shape,
  outputs: number,
  seed: number,
): TrainableModel {
  nodes.forEach((node, index) => {
    checkInputs(node, index + 1);
  });
  const last: Layer = { type: "dense", units: outputs };
  const all = [...nodes, { layer: last, inputs: [nodes.length] }];
  const names = [...numberedNames(nodes.map(({ layer }) => layer)), "output"];
  const addAll = (place: Omit<Place, "name" | "index">, x: string): string => {
    const values = [x];
    all.forEach(({ layer, inputs }, index) => {
      const given = inputs.map((n) => values[n]!);
      values.push(
        isMerge(layer)
          ? addMerge(place.builder, layer, given, names[index]!)
          : addCheckedLayer(
              { ...place, index, name: names[index]! },
              layer,
              given[0]!,
              names[index]!,
            ),
      );
    });
    return values.at(-1)!;
  };
  const builder = buildGraph();
  const { parameter, parameters } = initialParameters(builder, seed);
  const x = builder.input("x", "float32", [1, ...inputShape]);
  addAll({ builder, parameter, dropoutSeed: undefined }, x);
  return {
    inputShape,
    parameters,
    forward: (target, input, given, { dropoutSeed } = {}) => {
      let next = 0;
      return addAll({ builder: target, parameter: () => given[next++]!, dropoutSeed }, input);
    },
  };
}

function addMerge(
  builder: GraphBuilder,
  merge: Merge,
  values: readonly string[],
  name: string,
): string {
  try {
    if (merge.type === "concatenate")
      return builder.one(
        concat,
        values,
        { axis: builder.spec(values[0]!).shape.length - 1 },
        { name },
      );
    const operator = OPERATORS[merge.type];
    return values.reduce((sum, value) => builder.one(operator, [sum, value], {}, { name }));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const shapes = values.map((value) => `[${builder.spec(value).shape.slice(1)}]`);
    throw new UserError(
      "layers-invalid",
      `network: ${name} must fit its inputs ${shapes.join(" and ")}, got ${error.message}`,
    );
  }
}
