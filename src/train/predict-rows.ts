/** What a network says of many samples: its graph run over rows, a batch at a time. */
import { compile } from "../compiler/compile.ts";
import type { Program } from "../compiler/program.ts";
import { type Instance, wasmInstance } from "../engine/instance.ts";
import type { Graph } from "../graph/graph.ts";

/**
 * Makes a function that gives the outputs [N, …] of samples [N, …], in order.
 * @param graph one input and one output, both [B, …] in float32; a last batch is filled up with
 * zeros, which no other row sees
 */
export function rowPredictor(
  graph: Graph,
  engine: (program: Program) => Instance = wasmInstance,
): (x: Float32Array) => Float32Array {
  const instance = engine(compile({ predict: graph }));
  const entry = instance.program.entries[0]!;
  const [input, output] = [entry.inputs[0]!, entry.outputs[0]!];
  const [given, result] = [instance.view(input), instance.view(output)];
  const batch = input.shape[0]!;
  const [size, width] = [given.length / batch, result.length / batch];
  return (x) => {
    const rows = x.length / size;
    const all = new Float32Array(rows * width);
    for (let start = 0; start < rows; start += batch) {
      const count = Math.min(batch, rows - start);
      given.fill(0);
      given.set(x.subarray(start * size, (start + count) * size));
      instance.run("predict");
      all.set(result.subarray(0, count * width), start * width);
    }
    return all;
  };
}
