/**
 * `maxPool2d(x [B,H,W,C]) {size, stride, padding}`: the largest value of each window and channel;
 * `size` and `stride` are [down, across]. Its gradient, `maxPool2dGradient(dy, x, y)`, goes to the
 * first tap that holds the maximum, row by row.
 */
import type { Operator } from "../graph.ts";
import { lowerMaxPool, lowerMaxPoolGradient, outputShapeOf, poolingOf } from "./pooling.ts";
import { has, shaped, takes } from "./rules.ts";

export const maxPool2dGradient: Operator = {
  name: "maxPool2dGradient",
  infer: (inputs, attributes) => {
    takes("maxPool2dGradient", inputs, 3);
    const [dy, x, y] = inputs;
    has("maxPool2dGradient", x!, "float32", 4);
    const shape = outputShapeOf(poolingOf("maxPool2dGradient", x!.shape, attributes), x!.shape);
    for (const output of [dy!, y!]) shaped("maxPool2dGradient", output, shape);
    return [{ dtype: "float32", shape: x!.shape }];
  },
  lower: ({ inputs: [, x], attributes }) =>
    lowerMaxPoolGradient("maxPool2dGradient", poolingOf("maxPool2dGradient", x!.shape, attributes)),
};

export const maxPool2d: Operator = {
  name: "maxPool2d",
  infer: (inputs, attributes) => {
    takes("maxPool2d", inputs, 1);
    const [x] = inputs;
    has("maxPool2d", x!, "float32", 4);
    const pooling = poolingOf("maxPool2d", x!.shape, attributes);
    return [{ dtype: "float32", shape: outputShapeOf(pooling, x!.shape) }];
  },
  lower: ({ inputs: [x], attributes }) =>
    lowerMaxPool("maxPool2d", poolingOf("maxPool2d", x!.shape, attributes)),
  gradient: (builder, { attributes }, { inputs: [x], outputs: [y] }, [dy]) => [
    builder.one(maxPool2dGradient, [dy!, x!, y!], attributes),
  ],
};
