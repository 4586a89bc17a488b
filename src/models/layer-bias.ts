/** The bias of a layer, which may be left out where what follows shifts by itself. */
import type { GraphBuilder } from "../graph/graph.ts";
import type { Shape } from "../tensor/tensor.ts";

/**
 * A parameter of zeros, `<layer>.bias`; with `useBias` false a constant, which costs a training step
 * nothing: before a batch normalisation a bias has no effect but the pass that sums its gradient.
 */
export function biasOf(
  place: {
    readonly builder: GraphBuilder;
    readonly name: string;
    readonly parameter: (name: string, shape: Shape) => string;
  },
  size: number,
  useBias = true,
): string {
  const { builder, name, parameter } = place;
  return useBias
    ? parameter(`${name}.bias`, [size])
    : builder.constant(`${name}.noBias`, "float32", [size], new Float32Array(size));
}
