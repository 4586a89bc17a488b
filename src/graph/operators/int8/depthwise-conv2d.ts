/**
 * `depthwiseConv2dInt8(x [B,H,W,C], w [C*M,KH,KW], b [C*M]) {stride, dilation, padding, activation}`:
 * each channel convolved by M kernels of its own, in int8; output channel c * M + m belongs to input
 * channel c. See `convolution.ts`.
 */
import type { Attributes, Operator, TensorSpec } from "../../graph.ts";
import { type Convolution, macsOf, outputShapeOf } from "../convolution-shape.ts";
import { has, rule, shaped, takes } from "../rules.ts";
import { windows2d } from "../window-2d.ts";
import { activationOf, hasInt8, hasInt8Weights } from "./activation.ts";
import { lowerConvolutionInt8 } from "./convolution.ts";

function convolutionOf(x: TensorSpec, w: TensorSpec, attributes: Attributes): Convolution {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const kernel = w.shape.slice(1);
  const windows = windows2d("depthwiseConv2dInt8", [height, width], kernel, attributes);
  return { ...windows, batch, groups: channels, inputs: 1, outputs: w.shape[0]! / channels };
}

export const depthwiseConv2dInt8: Operator = {
  name: "depthwiseConv2dInt8",
  infer: (inputs, attributes) => {
    takes("depthwiseConv2dInt8", inputs, 3);
    const [x, w, b] = inputs;
    hasInt8("depthwiseConv2dInt8", x!, 4);
    hasInt8Weights("depthwiseConv2dInt8", w!, 3);
    has("depthwiseConv2dInt8", b!, "int32", 1);
    const c = convolutionOf(x!, w!, attributes);
    rule(
      "depthwiseConv2dInt8",
      Number.isInteger(c.outputs),
      `outputs must be a multiple of ${c.groups} channels`,
      w!.shape[0],
    );
    shaped("depthwiseConv2dInt8", b!, [w!.shape[0]!]);
    activationOf("depthwiseConv2dInt8", attributes);
    return [{ dtype: "int8", shape: outputShapeOf(c) }];
  },
  lower: ({ inputs: [x, w], outputs: [y], attributes }) =>
    lowerConvolutionInt8(
      "depthwiseConv2dInt8",
      convolutionOf(x!, w!, attributes),
      [x!, w!, y!],
      attributes,
    ),
  macs: ({ inputs: [x, w], attributes }) => macsOf(convolutionOf(x!, w!, attributes)),
};
