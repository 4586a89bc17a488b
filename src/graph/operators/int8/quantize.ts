/**
 * `quantize(x)`: float32 to int8, clamp(round(x / scale) + zeroPoint), the parameters being those
 * of its output; NaN gives the lowest. `dequantize(x)`: scale * (q - zeroPoint) in float32.
 */
import {
  add,
  addF,
  buildKernel,
  divF,
  f32,
  ltF,
  maxF,
  minF,
  mulF,
  selectF,
  sub,
  toFloat,
  truncate,
} from "../../../ir/build.ts";
import { scaleOf } from "../../../tensor/quantization.ts";
import { sizeOf } from "../../../tensor/tensor.ts";
import type { Operator } from "../../graph.ts";
import { has, takes } from "../rules.ts";
import { hasInt8, zeroPointOf } from "./activation.ts";

const BELOW_HALF = 0.5 - 1 / (1 << 25);

export const quantize: Operator = {
  name: "quantize",
  infer: (inputs) => {
    takes("quantize", inputs, 1);
    has("quantize", inputs[0]!, "float32");
    return [{ dtype: "int8", shape: inputs[0]!.shape }];
  },
  lower: ({ outputs: [y] }) =>
    buildKernel("quantize", (k) => {
      const size = sizeOf(y!.shape);
      const scale = scaleOf(y!.quantization);
      const zeroPoint = zeroPointOf(y!);
      const input = k.input("float32", size);
      const output = k.output("int8", size);
      k.parallel(size, (i) => {
        const steps = divF(input.load(i), scale);
        const inRange = k.value(minF(maxF(steps, -128 - zeroPoint), 127 - zeroPoint), "steps");
        // Rounds halves away from zero: adds the largest number below 1/2, towards the sign, which
        // carries a half but nothing less, as 1/2 itself would.
        const nudge = selectF(ltF(inRange, 0), -BELOW_HALF, BELOW_HALF);
        output.store(i, add(truncate(addF(inRange, nudge)), zeroPoint));
      });
    }),
};

export const dequantize: Operator = {
  name: "dequantize",
  infer: (inputs) => {
    takes("dequantize", inputs, 1);
    hasInt8("dequantize", inputs[0]!);
    return [{ dtype: "float32", shape: inputs[0]!.shape }];
  },
  lower: ({ inputs: [x] }) =>
    buildKernel("dequantize", (k) => {
      const size = sizeOf(x!.shape);
      const input = k.input("int8", size);
      const output = k.output("float32", size);
      k.parallel(size, (i) => {
        const steps = toFloat(sub(input.load(i), zeroPointOf(x!)));
        output.store(i, mulF(f32(scaleOf(x!.quantization)), steps));
      });
    }),
};
