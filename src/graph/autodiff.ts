/**
 * Reverse-mode differentiation of graphs. The gradient of each operator is written by the operator
 * itself as more nodes; here they are chained, and where a tensor is used several times its
 * contributions are summed, always in the same order.
 */

import type { GraphBuilder, GraphNode } from "./graph.ts";
import { add } from "./operators/add.ts";

/**
 * Adds to `builder` the nodes that compute d(sum of `loss`) / d(tensor) for each tensor of `wrt`.
 * @param loss a tensor computed in the builder, usually of shape [1]
 * @returns for each tensor of `wrt` the name of its gradient, which has the tensor's shape
 * @throws Error when the loss does not depend on a tensor or an operator on the way has no gradient
 */
export function addGradients(
  builder: GraphBuilder,
  loss: string,
  wrt: readonly string[],
): Map<string, string> {
  const forward = [...builder.nodes()];
  // Only tensors that depend on `wrt` need a gradient.
  const active = new Set(wrt);
  for (const node of forward)
    if (node.inputs.some((name) => active.has(name)))
      for (const output of node.outputs) active.add(output);

  const gradients = new Map<string, string>();
  const contribute = (tensor: string, gradient: string): void => {
    const sum = gradients.get(tensor);
    gradients.set(tensor, sum === undefined ? gradient : builder.one(add, [sum, gradient]));
  };
  const { shape } = builder.spec(loss);
  const size = shape.reduce((product, n) => product * n, 1);
  contribute(loss, builder.constant("one", "float32", shape, new Float32Array(size).fill(1)));
  for (const node of forward.reverse()) {
    const outputGradients = node.outputs.map((name) => gradients.get(name));
    if (outputGradients.every((gradient) => gradient === undefined)) continue;
    if (!node.inputs.some((name) => active.has(name))) continue;
    gradientOf(builder, node, outputGradients).forEach((gradient, k) => {
      const input = node.inputs[k]!;
      if (gradient !== undefined && active.has(input)) contribute(input, gradient);
    });
  }
  return new Map(
    wrt.map((tensor) => {
      const gradient = gradients.get(tensor);
      if (gradient === undefined)
        throw new Error(`autodiff: "${loss}" must depend on every tensor, got "${tensor}"`);
      return [tensor, gradient];
    }),
  );
}

function gradientOf(
  builder: GraphBuilder,
  node: GraphNode,
  outputGradients: readonly (string | undefined)[],
): readonly (string | undefined)[] {
  const { operator, attributes, inputs, outputs } = node;
  if (!operator.gradient)
    throw new Error(`autodiff: operators must have a gradient, got ${operator.name}`);
  const context = {
    attributes,
    inputs: inputs.map((name) => builder.spec(name)),
    outputs: outputs.map((name) => builder.spec(name)),
  };
  return operator.gradient(builder, context, { inputs, outputs }, outputGradients);
}
