/**
 * `averagePool1d(x [B,T,C])` and `averagePool2d(x [B,H,W,C]) {size, stride, padding}`: the mean of
 * each window and channel over its taps within the input; `size` and `stride` are numbers, or
 * [down, across]. `averagePoolGradient(dy) {inputShape, ...}` gives dx for both.
 */
import type { Shape } from "../../tensor/tensor.ts";
import type { Attributes, Operator } from "../graph.ts";
import { lowerAveragePool, lowerAveragePoolGradient, outputShapeOf, poolingOf } from "./pooling.ts";
import { has, rule, shaped, takes } from "./rules.ts";

const inputShapeOf = (attributes: Attributes): Shape => {
  const { inputShape } = attributes;
  rule(
    "averagePoolGradient",
    Array.isArray(inputShape) && inputShape.every((n) => Number.isInteger(n) && n >= 1),
    "inputShape must be a list of whole numbers of at least 1",
    inputShape,
  );
  return inputShape as unknown as Shape;
};

export const averagePoolGradient: Operator = {
  name: "averagePoolGradient",
  infer: (inputs, attributes) => {
    takes("averagePoolGradient", inputs, 1);
    has("averagePoolGradient", inputs[0]!, "float32");
    const shape = inputShapeOf(attributes);
    const pooling = poolingOf("averagePoolGradient", shape, attributes);
    shaped("averagePoolGradient", inputs[0]!, outputShapeOf(pooling, shape));
    return [{ dtype: "float32", shape }];
  },
  lower: ({ attributes }) =>
    lowerAveragePoolGradient(
      "averagePoolGradient",
      poolingOf("averagePoolGradient", inputShapeOf(attributes), attributes),
    ),
};

const averagePool = (name: string, rank: number): Operator => ({
  name,
  infer: (inputs, attributes) => {
    takes(name, inputs, 1);
    const [x] = inputs;
    has(name, x!, "float32", rank);
    const pooling = poolingOf(name, x!.shape, attributes);
    return [{ dtype: "float32", shape: outputShapeOf(pooling, x!.shape) }];
  },
  lower: ({ inputs: [x], attributes }) =>
    lowerAveragePool(name, poolingOf(name, x!.shape, attributes)),
  gradient: (builder, { attributes, inputs: [x] }, _names, [dy]) => [
    builder.one(averagePoolGradient, [dy!], { ...attributes, inputShape: x!.shape }),
  ],
});

export const averagePool1d: Operator = averagePool("averagePool1d", 3);
export const averagePool2d: Operator = averagePool("averagePool2d", 4);
