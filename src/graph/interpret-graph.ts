/**
 * Runs a graph node by node on the interpreter: the reference for everything that is compiled, and
 * in float64 the ruler for gradients. Slow and obvious; every tensor has memory of its own.
 */
import { type InterpretOptions, interpret } from "../ir/interpret.ts";
import { makeArray, sizeOf, type TypedArray } from "../tensor/tensor.ts";
import { type Graph, tensorOf } from "./graph.ts";

export type TensorContents = Map<string, TypedArray | Float64Array>;

/**
 * @param contents the inputs by name and, where they differ from their first content, the states
 * @returns the content of every tensor; of a state that is updated, the new content under its name
 */
export function interpretGraph(
  graph: Graph,
  contents: ReadonlyMap<string, ArrayLike<number>>,
  options: InterpretOptions = {},
): TensorContents {
  const allocate = (name: string): TypedArray | Float64Array => {
    const { dtype, shape } = tensorOf(graph, name);
    const wide = options.precision === "float64" && dtype === "float32";
    return wide ? new Float64Array(sizeOf(shape)) : makeArray(dtype, sizeOf(shape));
  };
  const all: TensorContents = new Map();
  for (const tensor of graph.tensors.values()) {
    const content = contents.get(tensor.name) ?? tensor.data;
    if (content === undefined && tensor.kind === "value") continue;
    const array = allocate(tensor.name);
    if (content === undefined || content.length !== array.length)
      throw new Error(
        `interpretGraph: "${tensor.name}" needs ${array.length} values, got ${content?.length}`,
      );
    array.set(content);
    all.set(tensor.name, array);
  }
  for (const { operator, attributes, inputs, outputs } of graph.nodes) {
    const updates = operator.updates ?? {};
    outputs.forEach((name, k) => {
      const state = updates[k];
      const array = allocate(name);
      if (state !== undefined) array.set(all.get(inputs[state]!)!);
      all.set(name, array);
    });
    const kernel = operator.lower({
      attributes,
      inputs: inputs.map((name) => tensorOf(graph, name)),
      outputs: outputs.map((name) => tensorOf(graph, name)),
    });
    const ports = kernel.buffers.filter((b) => b.role !== "constant" && b.role !== "scratch");
    const names = [...inputs, ...outputs];
    interpret(
      kernel,
      Object.fromEntries(ports.map((port, k) => [port.name, all.get(names[k]!)!])),
      options,
    );
    for (const [k, state] of Object.entries(updates))
      all.set(inputs[state]!, all.get(outputs[Number(k)]!)!);
  }
  return all;
}
