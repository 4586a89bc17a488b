/**
 * One operator on the interpreter, for tests that compare it with plain loops: forwards and with
 * its parallel loops backwards, which must give the same bits.
 */
import type { Rng } from "../base/rng.ts";
import { interpret } from "../ir/interpret.ts";
import { verifyKernel } from "../ir/verify.ts";
import { makeArray, type Shape, sizeOf, type TypedArray } from "../tensor/tensor.ts";
import type { Attributes, Operator, TensorSpec } from "./graph.ts";

export type OperatorValue = { readonly shape: Shape; readonly data: Float32Array | Int32Array };

/** Uniform within ± 2. */
export function randomValue(rng: Rng, ...shape: readonly number[]): OperatorValue {
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => rng.uniform(-2, 2)) };
}

/**
 * The first output of an operator.
 * @throws Error when its parallel iterations depend on each other
 */
export function runOperator(
  operator: Operator,
  values: readonly OperatorValue[],
  attributes: Attributes = {},
): { readonly shape: Shape; readonly data: TypedArray } {
  const inputs: TensorSpec[] = values.map(({ shape, data }, n) => ({
    name: `x${n}`,
    dtype: data instanceof Int32Array ? "int32" : "float32",
    shape,
  }));
  const outputs = operator.infer(inputs, attributes).map((o, n) => ({ ...o, name: `y${n}` }));
  const kernel = operator.lower({ attributes, inputs, outputs });
  verifyKernel(kernel);
  const ports = kernel.buffers.filter((b) => b.role !== "scratch" && b.role !== "constant");
  const [first, second] = [false, true].map((reverseParallel) => {
    const arrays = [
      ...values.map((value) => value.data),
      ...outputs.map((o) => makeArray(o.dtype, sizeOf(o.shape))),
    ];
    const buffers = Object.fromEntries(ports.map((port, n) => [port.name, arrays[n]!]));
    interpret(kernel, buffers, { reverseParallel });
    return arrays[values.length]!;
  });
  if (first!.some((v, i) => !Object.is(v, second![i])))
    throw new Error(`${operator.name}: parallel iterations depend on each other`);
  return { shape: outputs[0]!.shape, data: first! };
}

/** The largest |actual - expected| / (1 + |expected|); infinite where the lengths differ. */
export function largestError(actual: ArrayLike<number>, expected: readonly number[]): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  return expected.reduce((worst, value, i) => {
    const error = Math.abs(actual[i]! - value) / (1 + Math.abs(value));
    return error <= worst ? worst : error;
  }, 0);
}
