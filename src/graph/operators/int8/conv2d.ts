/**
 * `conv2dInt8(x [B,H,W,C], w [O,KH,KW,C/groups], b [O]) {stride, dilation, padding, groups,
 * activation}`: convolution over images in int8; see `convolution.ts`.
 */
import type { Attributes, Operator, TensorSpec } from "../../graph.ts";
import { type Convolution, convolution2d, macsOf, outputShapeOf } from "../convolution-shape.ts";
import { has, shaped, takes } from "../rules.ts";
import { activationOf, hasInt8, hasInt8Weights } from "./activation.ts";
import { lowerConvolutionInt8 } from "./convolution.ts";

const convolutionOf = (x: TensorSpec, w: TensorSpec, attributes: Attributes): Convolution =>
  convolution2d("conv2dInt8", x.shape, w.shape.slice(1), w.shape[0]!, attributes);

export const conv2dInt8: Operator = {
  name: "conv2dInt8",
  infer: (inputs, attributes) => {
    takes("conv2dInt8", inputs, 3);
    const [x, w, b] = inputs;
    hasInt8("conv2dInt8", x!, 4);
    hasInt8Weights("conv2dInt8", w!, 4);
    has("conv2dInt8", b!, "int32", 1);
    const c = convolutionOf(x!, w!, attributes);
    shaped("conv2dInt8", w!, [w!.shape[0]!, c.rows.size, c.columns.size, c.inputs]);
    shaped("conv2dInt8", b!, [w!.shape[0]!]);
    activationOf("conv2dInt8", attributes);
    return [{ dtype: "int8", shape: outputShapeOf(c) }];
  },
  lower: ({ inputs: [x, w], outputs: [y], attributes }) =>
    lowerConvolutionInt8("conv2dInt8", convolutionOf(x!, w!, attributes), [x!, w!, y!], attributes),
  macs: ({ inputs: [x, w], attributes }) => macsOf(convolutionOf(x!, w!, attributes)),
};
