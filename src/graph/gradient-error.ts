/**
 * The ruler for gradients: central differences (f(x + h) - f(x - h)) / 2h of the float64
 * interpreter. Tests of every operator with a gradient use it.
 */

import { makeRng } from "../base/rng.ts";
import { type Shape, sizeOf } from "../tensor/tensor.ts";
import { addGradients } from "./autodiff.ts";
import { buildGraph } from "./build.ts";
import type { GraphBuilder } from "./graph.ts";
import { interpretGraph } from "./interpret-graph.ts";
import { mul } from "./operators/mul.ts";

/**
 * Differentiates `sum(r * build(inputs))` for random r and random inputs within ± 2.
 * @param shapes of the inputs to differentiate by
 * @param build adds the computation and returns its output
 * @returns the largest error, relative to the largest element of the same gradient, and its place
 * @throws Error when a gradient is 0 everywhere, which compares nothing
 */
export function gradientError(
  shapes: readonly Shape[],
  build: (builder: GraphBuilder, names: readonly string[]) => string,
  seed = 5,
): { readonly worst: number; readonly where: string } {
  const rng = makeRng(seed);
  const builder = buildGraph();
  const names = shapes.map((shape, n) => builder.input(`x${n}`, "float32", shape));
  const output = build(builder, names);
  const { shape } = builder.spec(output);
  const r = Float32Array.from({ length: sizeOf(shape) }, () => rng.uniform(-1, 1));
  const weighted = builder.one(mul, [output, builder.constant("r", "float32", shape, r)]);
  const gradients = addGradients(builder, weighted, names);
  const graph = builder.finish([weighted, ...gradients.values()]);
  const contents = new Map(
    names.map((name) => [
      name,
      Float64Array.from({ length: sizeOf(builder.spec(name).shape) }, () => rng.uniform(-2, 2)),
    ]),
  );
  const run = () => interpretGraph(graph, contents, { precision: "float64" });
  const f = (): number => (run().get(weighted) as Float64Array).reduce((s, v) => s + v, 0);
  const results = run();
  const h = 1e-5;
  let result = { worst: 0, where: "" };
  for (const name of names) {
    const values = contents.get(name)!;
    const differences = values.map((value, i) => {
      values[i] = value + h;
      const above = f();
      values[i] = value - h;
      const below = f();
      values[i] = value;
      return (above - below) / (2 * h);
    });
    const largest = differences.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    if (!(largest > 0)) throw new Error(`gradientError: ${name} has no gradient to compare`);
    const gradient = results.get(gradients.get(name)!)!;
    differences.forEach((value, i) => {
      const error = Math.abs(gradient[i]! - value) / largest;
      if (!(error <= result.worst)) result = { worst: error, where: `${name}[${i}]` };
    });
  }
  return result;
}
