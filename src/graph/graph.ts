/**
 * The third waist: what is computed. A graph is an immutable list of operator nodes over named
 * tensors, in an order in which they can run. Layer lists, signal-processing blocks, losses and
 * optimizers all become graphs; training, quantisation, costs and every back end take one.
 */

import type { Kernel } from "../ir/kernel.ts";
import type { DType, Quantization, Shape, TypedArray } from "../tensor/tensor.ts";

export type TensorSpec = {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly quantization?: Quantization;
};

/**
 * What a tensor is to the graph: `input` is filled by the caller before each run, `constant` never
 * changes, `state` keeps its content between runs (parameters in training, moments), `value` is
 * computed.
 */
export type TensorKind = "input" | "constant" | "state" | "value";

export type GraphTensor = TensorSpec & {
  readonly kind: TensorKind;
  /** The content of a constant, or the first content of a state. */
  readonly data?: TypedArray;
};

export type GraphNode = {
  readonly name: string;
  readonly operator: Operator;
  readonly attributes: Attributes;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
};

export type Graph = {
  readonly tensors: ReadonlyMap<string, GraphTensor>;
  readonly nodes: readonly GraphNode[];
  /** Tensors the caller fills, in order. */
  readonly inputs: readonly string[];
  /** Tensors the caller reads, in order. */
  readonly outputs: readonly string[];
};

export type AttributeValue = number | string | boolean | readonly number[] | readonly string[];
export type Attributes = { readonly [name: string]: AttributeValue };

/** What an operator makes of its inputs: everything of a tensor but its name. */
export type OutputSpec = Omit<TensorSpec, "name">;

/** A node as its own operator sees it. */
export type NodeContext = {
  readonly attributes: Attributes;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
};

export type Operator = {
  /** The field's name for it, camelCase, unique: `dense`, `maxPool1d`. */
  readonly name: string;
  /**
   * The shape rule: checks inputs and attributes and gives the outputs.
   * @throws Error `name: rule, got value`
   */
  readonly infer: (inputs: readonly TensorSpec[], attributes: Attributes) => readonly OutputSpec[];
  /** The loops. Its buffers are the inputs, then the outputs, in order; then its own. */
  readonly lower: (node: NodeContext) => Kernel;
  /**
   * Adds to `builder` the nodes that compute the gradient of the loss with respect to each input;
   * `undefined` for an input that has none (labels, indices).
   * @param names the node's tensors in the builder
   * @param outputGradients the gradient with respect to each output, `undefined` where none flows
   */
  readonly gradient?: (
    builder: GraphBuilder,
    node: NodeContext,
    names: { readonly inputs: readonly string[]; readonly outputs: readonly string[] },
    outputGradients: readonly (string | undefined)[],
  ) => readonly (string | undefined)[];
  /** Output k is the new content of state input `updates[k]`, in the same memory. */
  readonly updates?: { readonly [output: number]: number };
  /** Multiply-accumulates of one run; 0 where absent. */
  readonly macs?: (node: NodeContext) => number;
};

/** Adds nodes to a graph; `build.ts` makes one. */
export type GraphBuilder = {
  readonly input: (name: string, dtype: DType, shape: Shape, quantization?: Quantization) => string;
  readonly constant: (
    name: string,
    dtype: DType,
    shape: Shape,
    data: TypedArray,
    quantization?: Quantization,
  ) => string;
  readonly state: (name: string, dtype: DType, shape: Shape, data: TypedArray) => string;
  /**
   * Applies an operator and returns the names of its outputs.
   * @param name a hint for the node and its outputs; defaults to the operator's name
   * @param quantization of the first output, where the shape rule leaves it free
   */
  readonly apply: (
    operator: Operator,
    inputs: readonly string[],
    attributes?: Attributes,
    options?: { readonly name?: string; readonly quantization?: Quantization },
  ) => readonly string[];
  /** As `apply`, for an operator with one output. */
  readonly one: (
    operator: Operator,
    inputs: readonly string[],
    attributes?: Attributes,
    options?: { readonly name?: string; readonly quantization?: Quantization },
  ) => string;
  readonly spec: (name: string) => GraphTensor;
  readonly nodes: () => readonly GraphNode[];
  readonly finish: (outputs: readonly string[]) => Graph;
};

export function tensorOf(graph: Graph, name: string): GraphTensor {
  const tensor = graph.tensors.get(name);
  if (!tensor) throw new Error(`graph: no tensor "${name}"`);
  return tensor;
}
