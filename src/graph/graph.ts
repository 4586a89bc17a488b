/**
 * The third waist: what is computed. A graph is an immutable list of operator nodes over named
 * tensors, in an order in which they can run. Layer lists, signal-processing blocks, losses and
 * optimizers all become graphs; training, quantisation, costs and every back end take one.
 */
import type { DType, Quantization, Shape, TypedArray } from "../tensor/tensor.ts";
import type { Attributes, Operator } from "./operator.ts";

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

export function tensorOf(graph: Graph, name: string): GraphTensor {
  const tensor = graph.tensors.get(name);
  if (!tensor) throw new Error(`graph: no tensor "${name}"`);
  return tensor;
}
