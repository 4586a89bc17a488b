/**
 * Observes a float graph on representative windows: the smallest and largest value of each tensor
 * that will be quantised. Plain extremes over all windows, as the TFLite converter takes them.
 */
import { compile } from "../compiler/compile.ts";
import type { Program } from "../compiler/program.ts";
import { type Instance, wasmInstance } from "../engine/instance.ts";
import { type Graph, tensorOf } from "../graph/graph.ts";
import type { ValueRange } from "../tensor/quantization.ts";
import { sizeOf } from "../tensor/tensor.ts";

export type Ranges = ReadonlyMap<string, ValueRange>;

const ENTRY = "calibrate";

/**
 * Runs the graph on every window and keeps the extremes of `tensors`, NaN skipped. A tensor of
 * which nothing but NaN was seen has the range 0 to 0.
 * @param inputs for each graph input its values, window after window; every input has as many
 * @param createInstance what runs the graph; defaults to WebAssembly
 */
export function calibrate(
  graph: Graph,
  tensors: readonly string[],
  inputs: { readonly [input: string]: ArrayLike<number> },
  createInstance: (program: Program) => Instance = wasmInstance,
): Ranges {
  const counts = graph.inputs.map((name) => {
    const values = inputs[name]?.length ?? 0;
    return values / sizeOf(tensorOf(graph, name).shape);
  });
  const count = counts[0] ?? 0;
  if (count < 1 || !counts.every((n) => n === count && Number.isInteger(n)))
    throw new Error(`calibrate: every input needs the same whole number of runs, got ${counts}`);

  // As outputs, the observed tensors keep a place of their own until the run ends.
  const program = compile({ [ENTRY]: { ...graph, outputs: tensors } });
  const entry = program.entries[0]!;
  const instance = createInstance(program);
  const lows = new Float64Array(tensors.length).fill(Number.POSITIVE_INFINITY);
  const highs = new Float64Array(tensors.length).fill(Number.NEGATIVE_INFINITY);
  for (let run = 0; run < count; run++) {
    for (const input of entry.inputs) {
      const size = sizeOf(input.shape);
      const view = instance.view(input);
      const values = inputs[input.name]!;
      for (let i = 0; i < size; i++) view[i] = values[run * size + i]!;
    }
    instance.run(ENTRY);
    entry.outputs.forEach((tensor, t) => {
      for (const value of instance.view(tensor)) {
        if (value < lows[t]!) lows[t] = value;
        if (value > highs[t]!) highs[t] = value;
      }
    });
  }
  return new Map(
    tensors.map((name, t) => {
      const seen = lows[t]! <= highs[t]!;
      return [name, seen ? { min: lows[t]!, max: highs[t]! } : { min: 0, max: 0 }];
    }),
  );
}
