/**
 * `slice(x) {starts, sizes}`: the block of a tensor of any dtype that begins at `starts` and has
 * the shape `sizes`, one number for each axis; `pad(x) {before, after}`: a tensor with so many zeros
 * before and after it along each axis. Each is the gradient of the other.
 */
import { add, buildKernel, type Index, type KernelBuilder, mul } from "../../ir/build.ts";
import { type Shape, sizeOf } from "../../tensor/tensor.ts";
import type { Operator } from "../graph.ts";
import { counts, rule, takes } from "./rules.ts";

/**
 * Nested parallel loops over the elements of a block of shape `sizes` at `starts` within a tensor
 * of shape `shape`; `body` gets the flat index within the block and within the tensor.
 */
function overBlock(
  k: KernelBuilder,
  shape: Shape,
  starts: readonly number[],
  sizes: Shape,
  body: (inner: Index, outer: Index) => void,
): void {
  const visit = (axis: number, inner: Index, outer: Index): void => {
    if (axis === shape.length) body(inner, outer);
    else
      k.parallel(sizes[axis]!, (i) =>
        visit(
          axis + 1,
          add(mul(inner, sizes[axis]!), i),
          add(mul(outer, shape[axis]!), add(i, starts[axis]!)),
        ),
      );
  };
  visit(0, 0, 0);
}

export const slice: Operator = {
  name: "slice",
  infer: (inputs, attributes) => {
    takes("slice", inputs, 1);
    const { dtype, shape } = inputs[0]!;
    const starts = counts("slice", attributes, "starts", shape.length);
    const sizes = counts("slice", attributes, "sizes", shape.length, 1);
    const fits = starts.every((start, k) => start + sizes[k]! <= shape[k]!);
    rule("slice", fits, `the block must lie within [${shape}]`, `[${starts}] + [${sizes}]`);
    return [{ dtype, shape: sizes }];
  },
  lower: ({ inputs: [x], outputs: [y], attributes }) =>
    buildKernel("slice", (k) => {
      const from = k.input(x!.dtype, sizeOf(x!.shape));
      const to = k.output(x!.dtype, sizeOf(y!.shape));
      const starts = counts("slice", attributes, "starts", x!.shape.length);
      overBlock(k, x!.shape, starts, y!.shape, (inner, outer) => to.store(inner, from.load(outer)));
    }),
  gradient: (builder, { attributes, inputs: [x] }, _names, [dy]) => {
    const { shape } = x!;
    const before = counts("slice", attributes, "starts", shape.length);
    const sizes = counts("slice", attributes, "sizes", shape.length, 1);
    const after = shape.map((n, k) => n - before[k]! - sizes[k]!);
    return [builder.one(pad, [dy!], { before, after })];
  },
};

export const pad: Operator = {
  name: "pad",
  infer: (inputs, attributes) => {
    takes("pad", inputs, 1);
    const { dtype, shape } = inputs[0]!;
    const before = counts("pad", attributes, "before", shape.length);
    const after = counts("pad", attributes, "after", shape.length);
    return [{ dtype, shape: shape.map((n, k) => before[k]! + n + after[k]!) }];
  },
  lower: ({ inputs: [x], outputs: [y], attributes }) =>
    buildKernel("pad", (k) => {
      const from = k.input(x!.dtype, sizeOf(x!.shape));
      const to = k.output(x!.dtype, sizeOf(y!.shape));
      const before = counts("pad", attributes, "before", x!.shape.length);
      k.parallel(sizeOf(y!.shape), (i) => to.store(i, 0));
      overBlock(k, y!.shape, before, x!.shape, (inner, outer) => to.store(outer, from.load(inner)));
    }),
  gradient: (builder, { attributes, inputs: [x] }, _names, [dy]) => [
    builder.one(slice, [dy!], { starts: attributes["before"]!, sizes: x!.shape }),
  ],
};
