/**
 * `conv2d(x [B,H,W,C], w [KH,KW,C/groups,O], b [O]) {stride, dilation, padding, groups}`:
 * convolution over images, channels last; `stride` and `dilation` are [down, across], padding is
 * "same" or "valid" (the rule of TFLite and Keras). `groups` is 1 where absent, `dilation` [1,1].
 *
 * `conv2dInputGradient(dy, w) {inputSize: [H,W], ...}` gives dx [B,H,W,C];
 * `conv2dWeightGradient(x, dy) {kernelSize: [KH,KW], ...}` gives dw.
 */
import type { Attributes, Operator, TensorSpec } from "../graph.ts";
import { columnSum } from "./column-sum.ts";
import { lowerConvolution, lowerInputGradient, lowerWeightGradient } from "./convolution.ts";
import {
  type Convolution,
  convolution2d,
  groupsOf,
  macsOf,
  outputShapeOf,
} from "./convolution-shape.ts";
import { has, shaped, takes } from "./rules.ts";
import { pair } from "./window-2d.ts";

const forward = (x: TensorSpec, w: TensorSpec, attributes: Attributes): Convolution =>
  convolution2d("conv2d", x.shape, w.shape, w.shape[3]!, attributes);

export const conv2d: Operator = {
  name: "conv2d",
  infer: (inputs, attributes) => {
    takes("conv2d", inputs, 3);
    const [x, w, b] = inputs;
    has("conv2d", x!, "float32", 4);
    has("conv2d", w!, "float32", 4);
    has("conv2d", b!, "float32", 1);
    const c = forward(x!, w!, attributes);
    shaped("conv2d", w!, [c.rows.size, c.columns.size, c.inputs, w!.shape[3]!]);
    shaped("conv2d", b!, [w!.shape[3]!]);
    return [{ dtype: "float32", shape: outputShapeOf(c) }];
  },
  lower: ({ inputs: [x, w], attributes }) =>
    lowerConvolution("conv2d", forward(x!, w!, attributes)),
  gradient: (builder, { attributes, inputs: [x, w] }, { inputs: names }, [dy]) => [
    builder.one(conv2dInputGradient, [dy!, names[1]!], {
      ...attributes,
      inputSize: x!.shape.slice(1, 3),
    }),
    builder.one(conv2dWeightGradient, [names[0]!, dy!], {
      ...attributes,
      kernelSize: w!.shape.slice(0, 2),
    }),
    builder.one(columnSum, [dy!]),
  ],
  macs: ({ inputs: [x, w], attributes }) => macsOf(forward(x!, w!, attributes)),
};

function inputGradient(dy: TensorSpec, w: TensorSpec, attributes: Attributes): Convolution {
  const operator = "conv2dInputGradient";
  const [height, width] = pair(operator, attributes, "inputSize");
  const [kh, kw, inputs, filters] = w.shape as [number, number, number, number];
  const channels = inputs * groupsOf(operator, attributes, filters);
  const x = [dy.shape[0]!, height, width, channels];
  return convolution2d(operator, x, [kh, kw], filters, attributes);
}

export const conv2dInputGradient: Operator = {
  name: "conv2dInputGradient",
  infer: (inputs, attributes) => {
    takes("conv2dInputGradient", inputs, 2);
    const [dy, w] = inputs;
    has("conv2dInputGradient", dy!, "float32", 4);
    has("conv2dInputGradient", w!, "float32", 4);
    const c = inputGradient(dy!, w!, attributes);
    shaped("conv2dInputGradient", dy!, outputShapeOf(c));
    const shape = [c.batch, c.rows.inputLength, c.columns.inputLength, c.groups * c.inputs];
    return [{ dtype: "float32", shape }];
  },
  lower: ({ inputs: [dy, w], attributes }) =>
    lowerInputGradient("conv2dInputGradient", inputGradient(dy!, w!, attributes)),
  macs: ({ inputs: [dy, w], attributes }) => macsOf(inputGradient(dy!, w!, attributes)),
};

const weightGradient = (x: TensorSpec, dy: TensorSpec, attributes: Attributes): Convolution =>
  convolution2d(
    "conv2dWeightGradient",
    x.shape,
    pair("conv2dWeightGradient", attributes, "kernelSize"),
    dy.shape[3]!,
    attributes,
  );

export const conv2dWeightGradient: Operator = {
  name: "conv2dWeightGradient",
  infer: (inputs, attributes) => {
    takes("conv2dWeightGradient", inputs, 2);
    const [x, dy] = inputs;
    has("conv2dWeightGradient", x!, "float32", 4);
    has("conv2dWeightGradient", dy!, "float32", 4);
    const c = weightGradient(x!, dy!, attributes);
    shaped("conv2dWeightGradient", dy!, outputShapeOf(c));
    const shape = [c.rows.size, c.columns.size, c.inputs, c.groups * c.outputs];
    return [{ dtype: "float32", shape }];
  },
  lower: ({ inputs: [x, dy], attributes }) =>
    lowerWeightGradient("conv2dWeightGradient", weightGradient(x!, dy!, attributes)),
  macs: ({ inputs: [x, dy], attributes }) => macsOf(weightGradient(x!, dy!, attributes)),
};
