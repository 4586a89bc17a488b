/**
 * What the shape rules of the operators share: each states one rule about an input or an
 * attribute and fails with `operator: rule, got value`.
 */
import type { DType, Shape } from "../../tensor/tensor.ts";
import type { Attributes, TensorSpec } from "../graph.ts";

/** Fails with `operator: text, got value` unless the condition holds. */
export function rule(
  operator: string,
  condition: boolean,
  text: string,
  got: unknown,
): asserts condition {
  if (!condition) throw new Error(`${operator}: ${text}, got ${got}`);
}

/** The operator takes exactly `count` inputs. */
export function takes(operator: string, inputs: readonly TensorSpec[], count: number): void {
  rule(operator, inputs.length === count, `takes ${count} inputs`, inputs.length);
}

/** An input has this dtype and, where given, this rank. */
export function has(operator: string, input: TensorSpec, dtype: DType, rank?: number): void {
  rule(operator, input.dtype === dtype, `"${input.name}" must be ${dtype}`, input.dtype);
  if (rank !== undefined)
    rule(
      operator,
      input.shape.length === rank,
      `"${input.name}" must have ${rank} dimensions`,
      `[${input.shape}]`,
    );
}

/** An input has exactly this shape. */
export function shaped(operator: string, input: TensorSpec, shape: readonly number[]): void {
  rule(
    operator,
    input.shape.length === shape.length && input.shape.every((n, k) => n === shape[k]),
    `"${input.name}" must have shape [${shape}]`,
    `[${input.shape}]`,
  );
}

/** An attribute that must be a whole number of at least `minimum`. */
export function integer(
  operator: string,
  attributes: Attributes,
  name: string,
  minimum = 1,
): number {
  const value = attributes[name];
  rule(
    operator,
    typeof value === "number" && Number.isInteger(value) && value >= minimum,
    `${name} must be a whole number of at least ${minimum}`,
    value,
  );
  return value as number;
}

/** An attribute that must be a finite number. */
export function real(operator: string, attributes: Attributes, name: string): number {
  const value = attributes[name];
  rule(
    operator,
    typeof value === "number" && Number.isFinite(value),
    `${name} must be a finite number`,
    value,
  );
  return value as number;
}

/** An attribute that must list `length` whole numbers of at least `minimum`. */
export function counts(
  operator: string,
  attributes: Attributes,
  name: string,
  length: number,
  minimum = 0,
): readonly number[] {
  const value = attributes[name];
  rule(
    operator,
    Array.isArray(value) &&
      value.length === length &&
      value.every((n) => Number.isInteger(n) && n >= minimum),
    `${name} must be ${length} whole numbers of at least ${minimum}`,
    Array.isArray(value) ? `[${value}]` : value,
  );
  return value as readonly number[];
}

/** The attribute `axis`, which must be an axis of the shape. */
export function axisOf(operator: string, attributes: Attributes, shape: Shape): number {
  const axis = integer(operator, attributes, "axis", 0);
  rule(operator, axis < shape.length, `axis must be below ${shape.length}`, axis);
  return axis;
}
