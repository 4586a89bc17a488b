/**
 * `addInt8(a, b) {activation}`: the sum of two tensors of one shape in int8, TFLite Micro's
 * reference kernel. Both are brought to one scale, twice the larger of theirs, with 20 more bits.
 */
import { add, buildKernel, mul } from "../../../ir/build.ts";
import type { Expr } from "../../../ir/kernel.ts";
import { multiplyByFactor } from "../../../ir/routines/fixed-point.ts";
import { quantizeMultiplier, scaleOf } from "../../../tensor/quantization.ts";
import { sizeOf } from "../../../tensor/tensor.ts";
import type { Operator, TensorSpec } from "../../graph.ts";
import { shaped, takes } from "../rules.ts";
import { activationOf, clampInt8, hasInt8, zeroPointOf } from "./activation.ts";

/** 2^20. */
const HEADROOM = 1048576;

export const addInt8: Operator = {
  name: "addInt8",
  infer: (inputs, attributes) => {
    takes("addInt8", inputs, 2);
    const [a, b] = inputs;
    hasInt8("addInt8", a!);
    hasInt8("addInt8", b!);
    shaped("addInt8", b!, a!.shape);
    activationOf("addInt8", attributes);
    return [{ dtype: "int8", shape: a!.shape }];
  },
  lower: ({ inputs: [a, b], outputs: [y], attributes }) =>
    buildKernel("addInt8", (k) => {
      const size = sizeOf(a!.shape);
      const [left, right] = [k.input("int8", size, "a"), k.input("int8", size, "b")];
      const output = k.output("int8", size);
      const [first, second] = [scaleOf(a!.quantization), scaleOf(b!.quantization)];
      const common = 2 * Math.max(first, second);
      const back = quantizeMultiplier(common / (HEADROOM * scaleOf(y!.quantization)));
      k.parallel(size, (i) => {
        const scaled = (value: Expr, of: TensorSpec, scale: number, name: string): Expr => {
          const raised = k.value(mul(add(value, -zeroPointOf(of)), HEADROOM), `${name}_raised`);
          return k.value(multiplyByFactor(k, raised, quantizeMultiplier(scale / common)), name);
        };
        const sum = k.value(
          add(scaled(left.load(i), a!, first, "a"), scaled(right.load(i), b!, second, "b")),
          "sum",
        );
        const q = add(multiplyByFactor(k, sum, back), zeroPointOf(y!));
        output.store(i, clampInt8(q, y!, activationOf("addInt8", attributes)));
      });
    }),
};
