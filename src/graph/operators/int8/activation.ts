/**
 * What the int8 operators share: reading the parameters of their tensors, and the clamp that ends
 * each of them, in which a following relu or relu6 is folded.
 */
import { clamp } from "../../../ir/build.ts";
import type { Expr } from "../../../ir/kernel.ts";
import { roundHalfAway, scaleOf } from "../../../tensor/quantization.ts";
import type { Attributes, TensorSpec } from "../../graph.ts";
import { has, rule } from "../rules.ts";

/** An int8 tensor with one scale and one zero point. */
export function hasInt8(operator: string, input: TensorSpec, rank?: number): void {
  has(operator, input, "int8", rank);
  rule(
    operator,
    input.quantization?.scale.length === 1,
    `"${input.name}" must have one scale`,
    input.quantization?.scale.length,
  );
}

/** int8 weights with one scale for all outputs (axis 0) or one for each; the zero point is 0. */
export function hasInt8Weights(operator: string, weights: TensorSpec, rank: number): void {
  has(operator, weights, "int8", rank);
  const scales = weights.quantization?.scale.length;
  rule(
    operator,
    scales === (weights.quantization?.axis === 0 ? weights.shape[0] : 1),
    `"${weights.name}" must have one scale or one for each index of axis 0`,
    scales,
  );
}

/** What ends an operator. */
export type FoldedActivation = "none" | "relu" | "relu6";

/** The attribute `activation`, "none" where it is absent. */
export function activationOf(operator: string, attributes: Attributes): FoldedActivation {
  const { activation = "none" } = attributes;
  rule(
    operator,
    activation === "none" || activation === "relu" || activation === "relu6",
    'activation must be "none", "relu" or "relu6"',
    activation,
  );
  return activation as FoldedActivation;
}

/** Clamps to int8, or with relu and relu6 to what int8 holds of 0 and more, and of 6 and less. */
export function clampInt8(q: Expr, output: TensorSpec, activation: FoldedActivation): Expr {
  const zeroPoint = zeroPointOf(output);
  if (activation === "none") return clamp(q, -128, 127);
  if (activation === "relu") return clamp(q, zeroPoint, 127);
  const six = zeroPoint + roundHalfAway(Math.fround(6 / scaleOf(output.quantization)));
  return clamp(q, zeroPoint, Math.min(six, 127));
}

/** The zero point of a tensor. */
export const zeroPointOf = (tensor: TensorSpec): number => tensor.quantization?.zeroPoint ?? 0;
