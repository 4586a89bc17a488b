/**
 * Builds graphs node by node: names tensors, applies shape rules, and keeps the list in an order
 * in which it can run.
 */
import type { DType, Quantization, Shape, TypedArray } from "../tensor/tensor.ts";
import { sizeOf } from "../tensor/tensor.ts";
import type { Graph, GraphNode, GraphTensor, TensorSpec } from "./graph.ts";
import type { Attributes, Operator } from "./operator.ts";

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

/** @param base a graph to go on from; its tensors and nodes are kept */
export function buildGraph(base?: Graph): GraphBuilder {
  const tensors = new Map<string, GraphTensor>(base?.tensors ?? []);
  const nodes: GraphNode[] = [...(base?.nodes ?? [])];
  const inputs: string[] = [...(base?.inputs ?? [])];
  const nodeNames = new Set(nodes.map((node) => node.name));

  const unique = (hint: string, taken: { has(name: string): boolean }): string => {
    if (!taken.has(hint)) return hint;
    for (let n = 1; ; n++) if (!taken.has(`${hint}_${n}`)) return `${hint}_${n}`;
  };
  const declare = (tensor: GraphTensor): string => {
    if (tensors.has(tensor.name)) throw new Error(`graph: tensor "${tensor.name}" exists`);
    if (tensor.data && tensor.data.length !== sizeOf(tensor.shape))
      throw new Error(
        `graph: tensor "${tensor.name}" of shape [${tensor.shape}] needs ${sizeOf(tensor.shape)} values, got ${tensor.data.length}`,
      );
    tensors.set(tensor.name, tensor);
    return tensor.name;
  };
  const spec = (name: string): GraphTensor => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`graph: no tensor "${name}"`);
    return tensor;
  };
  const withQuantization = (q: Quantization | undefined) => (q ? { quantization: q } : {});

  const apply: GraphBuilder["apply"] = (operator, names, attributes = {}, options = {}) => {
    const specs: TensorSpec[] = names.map(spec);
    const outputs = operator.infer(specs, attributes);
    const name = unique(options.name ?? operator.name, nodeNames);
    nodeNames.add(name);
    const outputNames = outputs.map((output, k) =>
      declare({
        ...output,
        ...(k === 0 ? withQuantization(output.quantization ?? options.quantization) : {}),
        name: unique(outputs.length === 1 ? name : `${name}.${k}`, tensors),
        kind: "value",
      }),
    );
    nodes.push({ name, operator, attributes, inputs: names, outputs: outputNames });
    return outputNames;
  };
  return {
    input: (name, dtype, shape, quantization) => {
      inputs.push(name);
      return declare({ name, dtype, shape, kind: "input", ...withQuantization(quantization) });
    },
    constant: (name, dtype, shape, data, quantization) =>
      declare({
        name: unique(name, tensors),
        dtype,
        shape,
        kind: "constant",
        data,
        ...withQuantization(quantization),
      }),
    state: (name, dtype, shape, data) => declare({ name, dtype, shape, kind: "state", data }),
    apply,
    one: (operator, names, attributes, options) => {
      const [output, ...rest] = apply(operator, names, attributes, options);
      if (output === undefined || rest.length > 0)
        throw new Error(`graph: ${operator.name} does not have exactly one output`);
      return output;
    },
    spec,
    nodes: () => nodes,
    finish: (outputs) => {
      outputs.forEach(spec);
      return { tensors, nodes, inputs, outputs };
    },
  };
}
