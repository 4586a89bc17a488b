/** The activations that a layer may name, each with its operator and Keras's constants. */
import { UserError } from "../base/errors.ts";
import type { Attributes, GraphBuilder, Operator } from "../graph/graph.ts";
import { elu } from "../graph/operators/elu.ts";
import { gelu } from "../graph/operators/gelu.ts";
import { hardSigmoid } from "../graph/operators/hard-sigmoid.ts";
import { hardSwish } from "../graph/operators/hard-swish.ts";
import { leakyRelu } from "../graph/operators/leaky-relu.ts";
import { relu } from "../graph/operators/relu.ts";
import { relu6 } from "../graph/operators/relu6.ts";
import { sigmoid } from "../graph/operators/sigmoid.ts";
import { softmax } from "../graph/operators/softmax.ts";
import { softplus } from "../graph/operators/softplus.ts";
import { swish } from "../graph/operators/swish.ts";
import { tanh } from "../graph/operators/tanh.ts";

export type Activation =
  | "linear"
  | "relu"
  | "relu6"
  | "leakyRelu"
  | "elu"
  | "sigmoid"
  | "hardSigmoid"
  | "tanh"
  | "swish"
  | "hardSwish"
  | "gelu"
  | "softplus"
  /** Along the channels, as attention needs it; a network of classes ends with one by itself. */
  | "softmax";

const ACTIVATIONS: {
  readonly [name in Exclude<Activation, "linear">]: readonly [Operator, Attributes];
} = {
  relu: [relu, {}],
  relu6: [relu6, {}],
  leakyRelu: [leakyRelu, { alpha: 0.3 }],
  elu: [elu, { alpha: 1 }],
  sigmoid: [sigmoid, {}],
  hardSigmoid: [hardSigmoid, {}],
  tanh: [tanh, {}],
  swish: [swish, {}],
  hardSwish: [hardSwish, {}],
  gelu: [gelu, {}],
  softplus: [softplus, {}],
  softmax: [softmax, {}],
};

/** Every name, `linear` first. */
export const ACTIVATION_NAMES: readonly Activation[] = [
  "linear",
  ...(Object.keys(ACTIVATIONS) as Exclude<Activation, "linear">[]),
];

/**
 * Adds an activation after `y`, as the node `<layer>.<activation>`; `linear` adds nothing.
 * @throws UserError `layers-invalid` for an unknown name
 */
export function addActivation(
  builder: GraphBuilder,
  y: string,
  activation: Activation,
  layer: string,
): string {
  if (activation === "linear") return y;
  if (!Object.hasOwn(ACTIVATIONS, activation))
    throw new UserError(
      "layers-invalid",
      `network: activation of "${layer}" must be one of ${ACTIVATION_NAMES.join(", ")}, got ${activation}`,
    );
  const [operator, attributes] = ACTIVATIONS[activation];
  return builder.one(operator, [y], attributes, { name: `${layer}.${activation}` });
}
