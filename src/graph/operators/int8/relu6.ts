/**
 * `relu6Int8(x)`: min(max(x, 0), 6) with the parameters of its input, for a relu6 that could not be
 * folded into the operator before it.
 */
import { buildKernel } from "../../../ir/build.ts";
import { sizeOf } from "../../../tensor/tensor.ts";
import type { Operator } from "../../graph.ts";
import { takes } from "../rules.ts";
import { clampInt8, hasInt8 } from "./activation.ts";

export const relu6Int8: Operator = {
  name: "relu6Int8",
  infer: (inputs) => {
    takes("relu6Int8", inputs, 1);
    const [x] = inputs;
    hasInt8("relu6Int8", x!);
    return [{ dtype: "int8", shape: x!.shape, quantization: x!.quantization! }];
  },
  lower: ({ inputs: [x] }) =>
    buildKernel("relu6Int8", (k) => {
      const size = sizeOf(x!.shape);
      const input = k.input("int8", size);
      const output = k.output("int8", size);
      k.parallel(size, (i) => output.store(i, clampInt8(input.load(i), x!, "relu6")));
    }),
};
