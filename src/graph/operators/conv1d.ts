/**
 * `conv1d(x [B,T,C], w [K,C/groups,O], b [O]) {stride, dilation, padding, groups}`: convolution
 * along time, channels last. Padding is "same", "valid" (the rule of TFLite and Keras) or
 * "causal", where no output sees a later input; `dilation` and `groups` are 1 where absent. It
 * runs as a convolution of images of one row (see `convolution.ts`).
 */
import type { Attributes, Operator, TensorSpec } from "../graph.ts";
import { columnSum } from "./column-sum.ts";
import { conv1dInputGradient, conv1dWeightGradient } from "./conv1d-gradients.ts";
import { lowerConvolution } from "./convolution.ts";
import { type Convolution, convolution1d, macsOf } from "./convolution-shape.ts";
import { has, shaped, takes } from "./rules.ts";

const forward = (x: TensorSpec, w: TensorSpec, attributes: Attributes): Convolution =>
  convolution1d("conv1d", x.shape, w.shape[0]!, w.shape[2]!, attributes);

export const conv1d: Operator = {
  name: "conv1d",
  infer: (inputs, attributes) => {
    takes("conv1d", inputs, 3);
    const [x, w, b] = inputs;
    has("conv1d", x!, "float32", 3);
    has("conv1d", w!, "float32", 3);
    has("conv1d", b!, "float32", 1);
    const filters = w!.shape[2]!;
    const { batch, columns, inputs: channels } = forward(x!, w!, attributes);
    shaped("conv1d", w!, [columns.size, channels, filters]);
    shaped("conv1d", b!, [filters]);
    return [{ dtype: "float32", shape: [batch, columns.outputLength, filters] }];
  },
  lower: ({ inputs: [x, w], attributes }) =>
    lowerConvolution("conv1d", forward(x!, w!, attributes)),
  gradient: (builder, { attributes, inputs: [x, w] }, { inputs: names }, [dy]) => [
    builder.one(conv1dInputGradient, [dy!, names[1]!], {
      ...attributes,
      inputLength: x!.shape[1]!,
    }),
    builder.one(conv1dWeightGradient, [names[0]!, dy!], {
      ...attributes,
      kernelSize: w!.shape[0]!,
    }),
    builder.one(columnSum, [dy!]),
  ],
  macs: ({ inputs: [x, w], attributes }) => macsOf(forward(x!, w!, attributes)),
};
