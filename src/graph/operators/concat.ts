/**
 * `concat(x0, x1, …) {axis}`: tensors of any dtype one after another along an axis; all other axes
 * are equal. Around the axis everything is one run of memory, so each input is copied by one nest.
 */
import { add, buildKernel, mul } from "../../ir/build.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import type { Operator } from "../graph.ts";
import { axisOf, has, rule, shaped } from "./rules.ts";
import { slice } from "./slice.ts";

export const concat: Operator = {
  name: "concat",
  infer: (inputs, attributes) => {
    rule("concat", inputs.length >= 1, "takes at least 1 input", inputs.length);
    const { dtype, shape } = inputs[0]!;
    const axis = axisOf("concat", attributes, shape);
    let length = 0;
    for (const input of inputs) {
      has("concat", input, dtype, shape.length);
      const own = input.shape[axis]!;
      shaped("concat", input, shape.with(axis, own));
      length += own;
    }
    return [{ dtype, shape: shape.with(axis, length) }];
  },
  lower: ({ inputs, outputs: [spec], attributes }) =>
    buildKernel("concat", (k) => {
      const { shape, dtype } = spec!;
      const axis = axisOf("concat", attributes, shape);
      const outer = sizeOf(shape.slice(0, axis));
      const row = sizeOf(shape.slice(axis));
      const sources = inputs.map((x, n) => k.input(dtype, sizeOf(x.shape), `x${n}`));
      const y = k.output(dtype, sizeOf(shape));
      let start = 0;
      for (const source of sources) {
        const run = source.length / outer;
        const first = start;
        k.parallel(outer, (o) =>
          k.parallel(run, (i) =>
            y.store(add(add(mul(o, row), i), first), source.load(add(mul(o, run), i))),
          ),
        );
        start += run;
      }
    }),
  gradient: (builder, { attributes, inputs }, _names, [dy]) => {
    const axis = axisOf("concat", attributes, inputs[0]!.shape);
    let start = 0;
    return inputs.map(({ shape }) => {
      const starts = shape.map((_, k) => (k === axis ? start : 0));
      start += shape[axis]!;
      return builder.one(slice, [dy!], { starts, sizes: shape });
    });
  },
};
