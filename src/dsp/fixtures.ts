/**
 * What tests of blocks share: the synthetic signal MOTION of the golden rows, and a run of a graph
 * by the interpreter, node by node.
 */
import { cos, sin, TAU } from "../base/math.ts";
import { type Graph, tensorOf } from "../graph/graph.ts";
import { interpret } from "../ir/interpret.ts";
import { verifyKernel } from "../ir/verify.ts";
import { sizeOf } from "../tensor/tensor.ts";

export const MOTION_AXES: readonly string[] = ["X", "Y", "Z"];
export const MOTION_RATE_HZ = 62.5;

/**
 * Motion-like float64 values [rows, 3]: sinusoids of 2, 5, 1.3 and 11 Hz, an offset of gravity,
 * and noise of a congruential generator with seed 7.
 */
export function motion(rows = 125): Float64Array {
  let state = 7;
  const noise = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2147483648 - 1;
  };
  const values = new Float64Array(3 * rows);
  for (let row = 0; row < rows; row++) {
    const t = row / MOTION_RATE_HZ;
    values[3 * row] = 2 * sin(TAU * 2 * t) + 0.5 * noise();
    values[3 * row + 1] = 9.81 + 1.5 * cos(TAU * 5 * t) + 0.3 * noise();
    values[3 * row + 2] = 0.8 * sin(TAU * 1.3 * t) * sin(TAU * 11 * t) - 1 + 0.2 * noise();
  }
  return values;
}

/** The first output of a graph with one input, each kernel verified and interpreted in turn. */
export function runGraph(
  graph: Graph,
  input: Float32Array | Float64Array,
  precision: "float32" | "float64",
): Float32Array | Float64Array {
  const make = precision === "float64" ? Float64Array : Float32Array;
  const contents = new Map([[graph.inputs[0]!, make.from(input)]]);
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => tensorOf(graph, name));
    const outputs = node.outputs.map((name) => tensorOf(graph, name));
    const kernel = node.operator.lower({ attributes: node.attributes, inputs, outputs });
    verifyKernel(kernel);
    for (const { name, shape } of outputs) contents.set(name, new make(sizeOf(shape)));
    const names = [...node.inputs, ...node.outputs];
    const ports = kernel.buffers.filter((b) => b.role === "input" || b.role === "output");
    interpret(
      kernel,
      Object.fromEntries(ports.map((buffer, i) => [buffer.name, contents.get(names[i]!)!])),
      { precision, reverseParallel: true },
    );
  }
  return contents.get(graph.outputs[0]!)!;
}
