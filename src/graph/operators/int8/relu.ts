/**
 * `reluInt8(x)`: max(x, 0) with the parameters of its input, for a relu that could not be folded
 * into the operator before it.
 */
import { buildKernel, max } from "../../../ir/build.ts";
import { sizeOf } from "../../../tensor/tensor.ts";
import type { Operator } from "../../graph.ts";
import { takes } from "../rules.ts";
import { hasInt8, zeroPointOf } from "./activation.ts";

export const reluInt8: Operator = {
  name: "reluInt8",
  infer: (inputs) => {
    takes("reluInt8", inputs, 1);
    const [x] = inputs;
    hasInt8("reluInt8", x!);
    return [{ dtype: "int8", shape: x!.shape, quantization: x!.quantization! }];
  },
  lower: ({ inputs: [x] }) =>
    buildKernel("relu_int8", (k) => {
      const size = sizeOf(x!.shape);
      const input = k.input("int8", size);
      const output = k.output("int8", size);
      k.parallel(size, (i) => output.store(i, max(input.load(i), zeroPointOf(x!))));
    }),
};
