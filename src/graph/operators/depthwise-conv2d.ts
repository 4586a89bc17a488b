/**
 * `depthwiseConv2d(x [B,H,W,C], w [KH,KW,C,M], b [C*M]) {stride, dilation, padding}`: each channel
 * is convolved by M kernels of its own; output channel c * M + m belongs to input channel c.
 * Attributes as those of `conv2d`.
 *
 * `depthwiseConv2dInputGradient(dy, w) {inputSize: [H,W], ...}` gives dx [B,H,W,C];
 * `depthwiseConv2dWeightGradient(x, dy) {kernelSize: [KH,KW], ...}` gives dw.
 */
import type { Attributes, Operator, TensorSpec } from "../graph.ts";
import { columnSum } from "./column-sum.ts";
import { lowerConvolution, lowerInputGradient, lowerWeightGradient } from "./convolution.ts";
import { type Convolution, macsOf, outputShapeOf } from "./convolution-shape.ts";
import {
  lowerDepthwise,
  lowerDepthwiseInputGradient,
  lowerDepthwiseWeightGradient,
} from "./depthwise.ts";
import { has, rule, shaped, takes } from "./rules.ts";
import { pair, windows2d } from "./window-2d.ts";

/** A convolution with a group for each channel: w [KH,KW,C,M] lies in memory as [KH,KW,1,C*M]. */
function convolution(
  operator: string,
  x: readonly number[],
  kernel: readonly number[],
  multiplier: number,
  attributes: Attributes,
): Convolution {
  const [batch, height, width, channels] = x as [number, number, number, number];
  const windows = windows2d(operator, [height, width], kernel, attributes);
  return { ...windows, batch, groups: channels, inputs: 1, outputs: multiplier };
}

const forward = (x: TensorSpec, w: TensorSpec, attributes: Attributes): Convolution =>
  convolution("depthwiseConv2d", x.shape, w.shape, w.shape[3]!, attributes);

export const depthwiseConv2d: Operator = {
  name: "depthwiseConv2d",
  infer: (inputs, attributes) => {
    takes("depthwiseConv2d", inputs, 3);
    const [x, w, b] = inputs;
    has("depthwiseConv2d", x!, "float32", 4);
    has("depthwiseConv2d", w!, "float32", 4);
    has("depthwiseConv2d", b!, "float32", 1);
    const c = forward(x!, w!, attributes);
    shaped("depthwiseConv2d", w!, [c.rows.size, c.columns.size, c.groups, c.outputs]);
    shaped("depthwiseConv2d", b!, [c.groups * c.outputs]);
    return [{ dtype: "float32", shape: outputShapeOf(c) }];
  },
  lower: ({ inputs: [x, w], attributes }) => {
    const c = forward(x!, w!, attributes);
    return (c.outputs === 1 ? lowerDepthwise : lowerConvolution)("depthwiseConv2d", c);
  },
  gradient: (builder, { attributes, inputs: [x, w] }, { inputs: names }, [dy]) => [
    builder.one(depthwiseConv2dInputGradient, [dy!, names[1]!], {
      ...attributes,
      inputSize: x!.shape.slice(1, 3),
    }),
    builder.one(depthwiseConv2dWeightGradient, [names[0]!, dy!], {
      ...attributes,
      kernelSize: w!.shape.slice(0, 2),
    }),
    builder.one(columnSum, [dy!]),
  ],
  macs: ({ inputs: [x, w], attributes }) => macsOf(forward(x!, w!, attributes)),
};

function inputGradient(dy: TensorSpec, w: TensorSpec, attributes: Attributes): Convolution {
  const operator = "depthwiseConv2dInputGradient";
  const [height, width] = pair(operator, attributes, "inputSize");
  const [, , channels, multiplier] = w.shape as [number, number, number, number];
  const x = [dy.shape[0]!, height, width, channels];
  return convolution(operator, x, w.shape, multiplier, attributes);
}

export const depthwiseConv2dInputGradient: Operator = {
  name: "depthwiseConv2dInputGradient",
  infer: (inputs, attributes) => {
    takes("depthwiseConv2dInputGradient", inputs, 2);
    const [dy, w] = inputs;
    has("depthwiseConv2dInputGradient", dy!, "float32", 4);
    has("depthwiseConv2dInputGradient", w!, "float32", 4);
    const c = inputGradient(dy!, w!, attributes);
    shaped("depthwiseConv2dInputGradient", dy!, outputShapeOf(c));
    const shape = [c.batch, c.rows.inputLength, c.columns.inputLength, c.groups];
    return [{ dtype: "float32", shape }];
  },
  lower: ({ inputs: [dy, w], attributes }) => {
    const c = inputGradient(dy!, w!, attributes);
    const lower = c.outputs === 1 ? lowerDepthwiseInputGradient : lowerInputGradient;
    return lower("depthwiseConv2dInputGradient", c);
  },
  macs: ({ inputs: [dy, w], attributes }) => macsOf(inputGradient(dy!, w!, attributes)),
};

function weightGradient(x: TensorSpec, dy: TensorSpec, attributes: Attributes): Convolution {
  const operator = "depthwiseConv2dWeightGradient";
  const [channels, outputs] = [x.shape[3]!, dy.shape[3]!];
  rule(
    operator,
    outputs % channels === 0,
    `dy must have a multiple of ${channels} channels`,
    outputs,
  );
  const kernel = pair(operator, attributes, "kernelSize");
  return convolution(operator, x.shape, kernel, outputs / channels, attributes);
}

export const depthwiseConv2dWeightGradient: Operator = {
  name: "depthwiseConv2dWeightGradient",
  infer: (inputs, attributes) => {
    takes("depthwiseConv2dWeightGradient", inputs, 2);
    const [x, dy] = inputs;
    has("depthwiseConv2dWeightGradient", x!, "float32", 4);
    has("depthwiseConv2dWeightGradient", dy!, "float32", 4);
    const c = weightGradient(x!, dy!, attributes);
    shaped("depthwiseConv2dWeightGradient", dy!, outputShapeOf(c));
    return [{ dtype: "float32", shape: [c.rows.size, c.columns.size, c.groups, c.outputs] }];
  },
  lower: ({ inputs: [x, dy], attributes }) => {
    const c = weightGradient(x!, dy!, attributes);
    const lower = c.outputs === 1 ? lowerDepthwiseWeightGradient : lowerWeightGradient;
    return lower("depthwiseConv2dWeightGradient", c);
  },
  macs: ({ inputs: [x, dy], attributes }) => macsOf(weightGradient(x!, dy!, attributes)),
};
