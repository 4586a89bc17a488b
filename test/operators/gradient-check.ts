/** The gradients of a case against central differences of the interpreter in float64. */
import { interpretGraph } from "../../src/graph/interpret-graph.ts";
import type { BuiltCase } from "./place.ts";

export type GradientCheck = {
  /** The largest error over the largest element of the same gradient, or over 0.01. */
  readonly worst: number;
  readonly where: string;
  /** Whether any element of a gradient is not 0, so that something was compared. */
  readonly compared: boolean;
};

const STEP = 1e-5;

export function checkGradients({ graph, contents, weighted, gradients }: BuiltCase): GradientCheck {
  const wide = new Map<string, ArrayLike<number>>(contents);
  for (const name of gradients.keys()) wide.set(name, Float64Array.from(contents.get(name)!));
  const run = () => interpretGraph(graph, wide, { precision: "float64" });
  const f = (): number => (run().get(weighted!) as Float64Array).reduce((sum, v) => sum + v, 0);
  const results = run();
  let result: GradientCheck = { worst: 0, where: "", compared: false };
  for (const [name, gradient] of gradients) {
    const values = wide.get(name) as Float64Array;
    const differences = values.map((value, i) => {
      values[i] = value + STEP;
      const above = f();
      values[i] = value - STEP;
      const below = f();
      values[i] = value;
      return (above - below) / (2 * STEP);
    });
    const largest = differences.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    const actual = results.get(gradient)!;
    differences.forEach((difference, i) => {
      const worst = Math.abs(actual[i]! - difference) / Math.max(largest, 0.01);
      if (!(worst <= result.worst)) result = { ...result, worst, where: `${name}[${i}]` };
    });
    if (largest > 0) result = { ...result, compared: true };
  }
  return result;
}
