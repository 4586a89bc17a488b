/**
 * `convTranspose2d(x [B,H,W,C], w [KH,KW,O,C]) {stride, padding}`: the convolution that takes
 * images of O channels to x, run backwards, so that stride enlarges. By Keras's rule the output has
 * H * stride rows with padding "same" and max(KH - stride, 0) more with "valid", columns alike.
 * Without a bias; see `addBias`.
 */
import type { Attributes, NodeContext, Operator, TensorSpec } from "../graph.ts";
import { conv2d, conv2dWeightGradient } from "./conv2d.ts";
import { lowerInputGradient } from "./convolution.ts";
import { type Convolution, convolution2d, macsOf } from "./convolution-shape.ts";
import { has, shaped, takes } from "./rules.ts";
import { pair } from "./window-2d.ts";

/** The convolution from the output back to x. */
function backwards(x: TensorSpec, w: TensorSpec, attributes: Attributes): Convolution {
  const stride = pair("convTranspose2d", attributes, "stride");
  const [kh, kw, outputs] = w.shape as [number, number, number, number];
  const [height, width] = [kh, kw].map((size, axis) => {
    const beyond = attributes["padding"] === "valid" ? Math.max(size - stride[axis]!, 0) : 0;
    return x.shape[1 + axis]! * stride[axis]! + beyond;
  }) as [number, number];
  const y = [x.shape[0]!, height, width, outputs];
  const { padding } = attributes;
  const windows: Attributes = padding === undefined ? { stride } : { stride, padding };
  return convolution2d("convTranspose2d", y, [kh, kw], x.shape[3]!, windows);
}

const convolutionOf = ({ inputs: [x, w], attributes }: NodeContext): Convolution =>
  backwards(x!, w!, attributes);

export const convTranspose2d: Operator = {
  name: "convTranspose2d",
  infer: (inputs, attributes) => {
    takes("convTranspose2d", inputs, 2);
    const [x, w] = inputs;
    for (const input of inputs) has("convTranspose2d", input, "float32", 4);
    const [kh, kw, outputs] = w!.shape as [number, number, number, number];
    shaped("convTranspose2d", w!, [kh, kw, outputs, x!.shape[3]!]);
    const { batch, rows, columns } = backwards(x!, w!, attributes);
    return [{ dtype: "float32", shape: [batch, rows.inputLength, columns.inputLength, outputs] }];
  },
  lower: (node) => lowerInputGradient("convTranspose2d", convolutionOf(node)),
  gradient: (builder, { attributes, inputs: [x, w] }, { inputs: names }, [dy]) => {
    const channels = [x!.shape[3]!];
    const none = builder.constant("none", "float32", channels, new Float32Array(channels[0]!));
    const kernelSize = w!.shape.slice(0, 2);
    return [
      builder.one(conv2d, [dy!, names[1]!, none], attributes),
      builder.one(conv2dWeightGradient, [dy!, names[0]!], { ...attributes, kernelSize }),
    ];
  },
  macs: (node) => macsOf(convolutionOf(node)),
};
