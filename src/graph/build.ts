/**
 * Builds graphs node by node: names tensors, applies shape rules, and keeps the list in an order
 * in which it can run.
 */
import type { Quantization } from "../tensor/tensor.ts";
import { sizeOf } from "../tensor/tensor.ts";
import type { Graph, GraphBuilder, GraphNode, GraphTensor, TensorSpec } from "./graph.ts";

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
    if (!tensor.shape.every((size) => Number.isInteger(size) && size >= 1))
      throw new Error(
        `graph: tensor "${tensor.name}" must have sizes of at least 1, got [${tensor.shape}]`,
      );
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
