/**
 * What the int8 operators share: reading the parameters of their tensors, and the clamp that ends
 * each of them, in which a following relu is folded.
 */
import { clamp } from "../../../ir/build.ts";
import type { Expr } from "../../../ir/kernel.ts";
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

/** The attribute `activation`: "none" (the default) or "relu". */
export function activationOf(operator: string, attributes: Attributes): "none" | "relu" {
  const { activation = "none" } = attributes;
  rule(
    operator,
    activation === "none" || activation === "relu",
    'activation must be "none" or "relu"',
    activation,
  );
  return activation as "none" | "relu";
}

/** Clamps to int8, or with relu to what is not negative, and what int8 holds of it. */
export function clampInt8(q: Expr, zeroPoint: number, activation: "none" | "relu"): Expr {
  return clamp(q, activation === "relu" ? zeroPoint : -128, 127);
}

/** The zero point of a tensor. */
export const zeroPointOf = (tensor: TensorSpec): number => tensor.quantization?.zeroPoint ?? 0;
