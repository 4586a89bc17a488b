/**
 * The one interface of everything a graph can compute. An operator knows its shape rule, its
 * gradient, its cost and its loops; no switch elsewhere knows its name. Neural operators live in
 * `operators/`, one a file; `dsp/` and `train/` bring their own.
 */
import type { Kernel } from "../ir/kernel.ts";
import type { GraphBuilder } from "./build.ts";
import type { TensorSpec } from "./graph.ts";

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
