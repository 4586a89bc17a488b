/** The parameters of a network before training: drawn from a seed, each by its own name. */
import { UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";
import type { GraphBuilder } from "../graph/graph.ts";
import { sizeOf } from "../tensor/tensor.ts";
import type { Parameter } from "../train/step.ts";
import type { Place } from "./add-layer.ts";
import { glorotUniform } from "./initializers.ts";

/** Far beyond what a small device holds; a recipe's slip must not fill the memory of the host. */
const MAX_PARAMETERS = 4_000_000;

/**
 * What layers ask for their parameters, and the list of those that they have asked for.
 * @param builder gets them as constants
 */
export function initialParameters(
  builder: GraphBuilder,
  seed: number,
): { readonly parameter: Place["parameter"]; readonly parameters: readonly Parameter[] } {
  const rng = makeRng(seed).fork("weights");
  const parameters: Parameter[] = [];
  let total = 0;
  const parameter: Place["parameter"] = (name, shape, { fans, value = 0, trainable } = {}) => {
    const size = sizeOf(shape);
    total += size;
    if (total > MAX_PARAMETERS)
      throw new UserError(
        "layers-invalid",
        `network: there must be at most ${MAX_PARAMETERS} parameters, got ${total} with ${name}`,
        "Use fewer units or filters, or put a pooling layer before a dense one.",
      );
    const data = fans
      ? glorotUniform(rng.fork(name), ...fans, size)
      : Float32Array.from({ length: size }, (_, i) =>
          typeof value === "number" ? value : value(i),
        );
    parameters.push({ name, shape, data, ...(trainable === false ? { trainable } : {}) });
    return builder.constant(name, "float32", shape, data);
  };
  return { parameter, parameters };
}
