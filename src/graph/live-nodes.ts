/**
 * Leaves out what nobody reads. Rules write gradients of all inputs without asking which are
 * wanted; what is not, goes here.
 */
import type { Graph, GraphNode } from "./graph.ts";

/** The graph without nodes that neither lead to an output nor update a state. */
export function withoutDeadNodes(graph: Graph): Graph {
  const wanted = new Set(graph.outputs);
  const nodes: GraphNode[] = [];
  for (const node of [...graph.nodes].reverse()) {
    const updates = Object.keys(node.operator.updates ?? {}).length > 0;
    if (!updates && !node.outputs.some((name) => wanted.has(name))) continue;
    for (const name of [...node.inputs, ...node.outputs]) wanted.add(name);
    nodes.unshift(node);
  }
  const tensors = new Map(
    [...graph.tensors].filter(([name, t]) => wanted.has(name) || t.kind === "input"),
  );
  return { ...graph, nodes, tensors };
}
