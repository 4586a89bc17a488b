/**
 * The gradients of `conv1d`, with its attributes:
 * `conv1dInputGradient(dy [B,To,O], w [K,C/groups,O]) {inputLength, ...}` gives dx [B,T,C],
 * `conv1dWeightGradient(x [B,T,C], dy [B,To,O]) {kernelSize, ...}` gives dw.
 */
import type { Attributes, Operator, TensorSpec } from "../graph.ts";
import { lowerInputGradient, lowerWeightGradient } from "./convolution.ts";
import { type Convolution, convolution1d, groupsOf, macsOf } from "./convolution-shape.ts";
import { has, integer, shaped, takes } from "./rules.ts";

function inputGradient(dy: TensorSpec, w: TensorSpec, attributes: Attributes): Convolution {
  const operator = "conv1dInputGradient";
  const [size, inputs, filters] = w.shape as [number, number, number];
  const length = integer(operator, attributes, "inputLength");
  const x = [dy.shape[0]!, length, inputs * groupsOf(operator, attributes, filters)];
  return convolution1d(operator, x, size, filters, attributes);
}

export const conv1dInputGradient: Operator = {
  name: "conv1dInputGradient",
  infer: (inputs, attributes) => {
    takes("conv1dInputGradient", inputs, 2);
    const [dy, w] = inputs;
    has("conv1dInputGradient", dy!, "float32", 3);
    has("conv1dInputGradient", w!, "float32", 3);
    const c = inputGradient(dy!, w!, attributes);
    shaped("conv1dInputGradient", dy!, [c.batch, c.columns.outputLength, w!.shape[2]!]);
    return [{ dtype: "float32", shape: [c.batch, c.columns.inputLength, c.groups * c.inputs] }];
  },
  lower: ({ inputs: [dy, w], attributes }) =>
    lowerInputGradient("conv1dInputGradient", inputGradient(dy!, w!, attributes)),
  macs: ({ inputs: [dy, w], attributes }) => macsOf(inputGradient(dy!, w!, attributes)),
};

function weightGradient(x: TensorSpec, dy: TensorSpec, attributes: Attributes): Convolution {
  const size = integer("conv1dWeightGradient", attributes, "kernelSize");
  return convolution1d("conv1dWeightGradient", x.shape, size, dy.shape[2]!, attributes);
}

export const conv1dWeightGradient: Operator = {
  name: "conv1dWeightGradient",
  infer: (inputs, attributes) => {
    takes("conv1dWeightGradient", inputs, 2);
    const [x, dy] = inputs;
    has("conv1dWeightGradient", x!, "float32", 3);
    has("conv1dWeightGradient", dy!, "float32", 3);
    const c = weightGradient(x!, dy!, attributes);
    const filters = c.groups * c.outputs;
    shaped("conv1dWeightGradient", dy!, [c.batch, c.columns.outputLength, filters]);
    return [{ dtype: "float32", shape: [c.columns.size, c.inputs, filters] }];
  },
  lower: ({ inputs: [x, dy], attributes }) =>
    lowerWeightGradient("conv1dWeightGradient", weightGradient(x!, dy!, attributes)),
  macs: ({ inputs: [x, dy], attributes }) => macsOf(weightGradient(x!, dy!, attributes)),
};
