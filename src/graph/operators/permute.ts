/**
 * `permute(x) {axes}`: axis k of the output is axis `axes[k]` of the input, the batch included. The
 * stores are contiguous; the loads are too where the last axis stays the last.
 */
import { add, buildKernel, type Index, mul } from "../../ir/build.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import type { Operator } from "../graph.ts";
import { counts, rule, takes } from "./rules.ts";

export const permute: Operator = {
  name: "permute",
  infer: (inputs, attributes) => {
    takes("permute", inputs, 1);
    const { dtype, shape } = inputs[0]!;
    const axes = counts("permute", attributes, "axes", shape.length);
    const every = shape.every((_, k) => axes.includes(k));
    rule("permute", every, `axes must name each of 0 to ${shape.length - 1} once`, `[${axes}]`);
    return [{ dtype, shape: axes.map((axis) => shape[axis]!) }];
  },
  lower: ({ inputs: [x], outputs: [y], attributes }) =>
    buildKernel("permute", (k) => {
      const { dtype, shape } = x!;
      const axes = counts("permute", attributes, "axes", shape.length);
      const from = k.input(dtype, sizeOf(shape));
      const to = k.output(dtype, sizeOf(shape));
      const strides = axes.map((axis) => sizeOf(shape.slice(axis + 1)));
      const visit = (axis: number, target: Index, source: Index): void => {
        const extent = y!.shape[axis];
        if (extent === undefined) to.store(target, from.load(source));
        else
          k.parallel(extent, (i) =>
            visit(axis + 1, add(mul(target, extent), i), add(source, mul(i, strides[axis]!))),
          );
      };
      visit(0, 0, 0);
    }),
  gradient: (builder, { attributes, inputs: [x] }, _names, [dy]) => {
    const axes = counts("permute", attributes, "axes", x!.shape.length);
    return [builder.one(permute, [dy!], { axes: axes.map((_, k) => axes.indexOf(k)) })];
  },
};
