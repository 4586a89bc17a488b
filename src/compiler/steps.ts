/**
 * Graph to steps: each node lowered to a kernel whose buffers are bound to tensors. Fusion and
 * planning work on steps, and on the loops of their kernels alone; operator names mean nothing
 * here.
 */
import {
  type Graph,
  type GraphNode,
  type NodeContext,
  type TensorSpec,
  tensorOf,
} from "../graph/graph.ts";
import { nodeStructure } from "../graph/structure.ts";
import { affineOf, equalAffine } from "../ir/affine.ts";
import type { Kernel, Stmt } from "../ir/kernel.ts";
import { sizeOf } from "../tensor/tensor.ts";

export type Step = {
  /** Name of the graph node, for people. */
  readonly node: string;
  readonly kernel: Kernel;
  /** The tensor of each kernel buffer; undefined for the kernel's own constants and scratch. */
  readonly tensors: readonly (string | undefined)[];
};

/** Lowers a node, or finds the kernel of an equal one. */
export type Lowering = (node: GraphNode, context: NodeContext) => Lowered;

type Lowered = { readonly kernel: Kernel; readonly copies: boolean };

/**
 * Nodes of the same operator, attributes and shapes share one kernel, and so all that is found out
 * about it later. The kernels are not verified here; what remains of them in the end is.
 */
export function makeLowering(): Lowering {
  const known = new Map<string, Lowered>();
  return ({ name, operator }, context) => {
    const { attributes, inputs, outputs } = context;
    const key = nodeStructure(operator, attributes, inputs, outputs);
    const found = known.get(key);
    if (found) return found;
    const kernel = operator.lower(context);
    checkPorts(kernel, name, [...inputs, ...outputs]);
    const lowered = { kernel, copies: isCopy(kernel) };
    known.set(key, lowered);
    return lowered;
  };
}

/** The buffers of a kernel must be the tensors of its node. */
function checkPorts(kernel: Kernel, node: string, specs: readonly TensorSpec[]): void {
  const ports = kernel.buffers.filter((b) => b.role !== "constant" && b.role !== "scratch");
  if (ports.length !== specs.length)
    throw new Error(
      `compile: kernel ${kernel.name} of node "${node}" must have ${specs.length} input and output buffers, got ${ports.length}`,
    );
  ports.forEach((buffer, i) => {
    const tensor = specs[i]!;
    if (buffer.length !== sizeOf(tensor.shape) || buffer.dtype !== tensor.dtype)
      throw new Error(
        `compile: buffer "${buffer.name}" of kernel ${kernel.name} must match tensor "${tensor.name}" (${tensor.dtype} [${tensor.shape}]), got ${buffer.dtype} of length ${buffer.length}`,
      );
  });
}

/** Lowers every node and leaves out plain copies. */
export function lowerGraph(graph: Graph, lowering: Lowering = makeLowering()): Step[] {
  const steps: Step[] = [];
  /** Tensors that are another tensor under a second name. */
  const sameAs = new Map<string, string>();
  const original = (name: string): string => sameAs.get(name) ?? name;
  const kept = new Set(graph.outputs);

  for (const node of graph.nodes) {
    const spec = (name: string): TensorSpec => tensorOf(graph, name);
    const inputs = node.inputs.map(spec);
    const outputs = node.outputs.map(spec);
    const { attributes } = node;
    const { kernel, copies } = lowering(node, { attributes, inputs, outputs });
    const names = [...node.inputs.map(original), ...node.outputs];
    const isValue = (name: string): boolean => tensorOf(graph, name).kind === "value";
    if (copies && !kept.has(node.outputs[0]!) && isValue(node.outputs[0]!)) {
      sameAs.set(node.outputs[0]!, names[0]!);
      continue;
    }
    let port = 0;
    const tensors = kernel.buffers.map((b) =>
      b.role === "constant" || b.role === "scratch" ? undefined : names[port++],
    );
    steps.push({ node: node.name, kernel, tensors });
  }
  return steps;
}

/** Whether a kernel does nothing but copy one buffer to another, element by element. */
function isCopy(kernel: Kernel): boolean {
  const [from, to, ...rest] = kernel.buffers;
  if (!from || !to || rest.length > 0 || kernel.body.length !== 1) return false;
  if (from.dtype !== to.dtype || from.length !== to.length || to.role !== "output") return false;
  let stmt: Stmt = kernel.body[0]!;
  let iterations = 1;
  while (stmt.kind === "loop" && stmt.body.length === 1) {
    iterations *= stmt.extent;
    stmt = stmt.body[0]!;
  }
  if (stmt.kind !== "store" || stmt.value.kind !== "load" || stmt.value.buffer !== from.name)
    return false;
  const a = affineOf(stmt.index);
  const b = affineOf(stmt.value.index);
  return a !== undefined && b !== undefined && equalAffine(a, b) && iterations === to.length;
}
