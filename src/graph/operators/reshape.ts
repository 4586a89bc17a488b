/**
 * `reshape(x [B,...]) {shape}`: the same elements in the same order as [B, ...shape];
 * `flatten(x [B,...])`: as [B, everything else]. Both are copies, which a compiler may leave out.
 */
import { buildKernel } from "../../ir/build.ts";
import type { Kernel } from "../../ir/kernel.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import type { NodeContext, Operator, OutputSpec, TensorSpec } from "../graph.ts";
import { rule, takes } from "./rules.ts";

const like = (x: TensorSpec, shape: readonly number[]): OutputSpec => ({
  dtype: x.dtype,
  shape,
  ...(x.quantization ? { quantization: x.quantization } : {}),
});

function copy(name: string, { inputs: [x] }: NodeContext): Kernel {
  return buildKernel(name, (k) => {
    const size = sizeOf(x!.shape);
    const from = k.input(x!.dtype, size);
    const to = k.output(x!.dtype, size);
    k.parallel(size, (i) => to.store(i, from.load(i)));
  });
}

const gradient: Operator["gradient"] = (builder, { inputs: [x] }, _names, [dy]) => [
  builder.one(reshape, [dy!], { shape: x!.shape.slice(1) }),
];

export const reshape: Operator = {
  name: "reshape",
  infer: (inputs, { shape }) => {
    takes("reshape", inputs, 1);
    const [x] = inputs;
    rule(
      "reshape",
      Array.isArray(shape) && shape.every((n) => Number.isInteger(n) && n >= 1),
      "shape must be a list of whole numbers of at least 1",
      shape,
    );
    const result = [x!.shape[0]!, ...(shape as readonly number[])];
    rule(
      "reshape",
      sizeOf(result) === sizeOf(x!.shape),
      `[${x!.shape}] must keep its ${sizeOf(x!.shape)} elements`,
      `[${result}]`,
    );
    return [like(x!, result)];
  },
  lower: (node) => copy("reshape", node),
  gradient,
};

export const flatten: Operator = {
  name: "flatten",
  infer: (inputs) => {
    takes("flatten", inputs, 1);
    const [x] = inputs;
    return [like(x!, [x!.shape[0]!, sizeOf(x!.shape.slice(1))])];
  },
  lower: (node) => copy("flatten", node),
  gradient,
};

/** `asRow(x [...])`: the same elements as the one row [1, size] of a batch. */
export const asRow: Operator = {
  name: "asRow",
  infer: (inputs) => {
    takes("asRow", inputs, 1);
    const [x] = inputs;
    return [like(x!, [1, sizeOf(x!.shape)])];
  },
  lower: (node) => copy("as_row", node),
};
