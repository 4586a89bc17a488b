/**
 * `softmaxInt8(x [..., N]) {beta}`: softmax along the last axis in fixed point, TFLite Micro's
 * reference kernel. The output has the scale 1/256 and the zero point -128, whatever its input.
 *
 * The exponentials are kept in scratch memory between the sum and the quotients: a word for each
 * class, at the end of a network where the arena has room.
 */
import { add, and, buildKernel, clz, ge, max, min, mul, shl, sub } from "../../../ir/build.ts";
import type { Expr } from "../../../ir/kernel.ts";
import {
  doublingHighMul,
  expOnNegative,
  oneOverOnePlus,
  roundingShift,
} from "../../../ir/routines/fixed-point.ts";
import {
  type FixedPointMultiplier,
  quantizeMultiplier,
  SOFTMAX_QUANTIZATION,
  scaleOf,
} from "../../../tensor/quantization.ts";
import { sizeOf } from "../../../tensor/tensor.ts";
import type { Attributes, Operator, TensorSpec } from "../../graph.ts";
import { real, rule, takes } from "../rules.ts";
import { hasInt8 } from "./activation.ts";

/** The factor from steps of the input to Q5.26. */
function inputFactor(x: TensorSpec, attributes: Attributes): FixedPointMultiplier {
  const beta = "beta" in attributes ? real("softmaxInt8", attributes, "beta") : 1;
  const factor = Math.min(beta * scaleOf(x.quantization) * 67108864, 2147483647);
  rule("softmaxInt8", factor >= 1, "beta times the scale of x must be at least 2^-26", factor);
  return quantizeMultiplier(factor);
}

export const softmaxInt8: Operator = {
  name: "softmaxInt8",
  infer: (inputs, attributes) => {
    takes("softmaxInt8", inputs, 1);
    const [x] = inputs;
    hasInt8("softmaxInt8", x!);
    const width = x!.shape.at(-1) ?? 0;
    // The sum in Q12.19 and the last shift are proven for no more than that.
    rule("softmaxInt8", width >= 1 && width <= 511, "the last axis must have 1 to 511", width);
    inputFactor(x!, attributes);
    return [{ dtype: "int8", shape: x!.shape, quantization: SOFTMAX_QUANTIZATION }];
  },
  lower: ({ inputs: [x], attributes }) =>
    buildKernel("softmax_int8", (k) => {
      const size = sizeOf(x!.shape);
      const N = x!.shape.at(-1)!;
      const input = k.input("int8", size);
      const output = k.output("int8", size);
      const { multiplier, shift } = inputFactor(x!, attributes);
      const exponentials = k.scratch("int32", size, "exponentials");
      // Below this the exponential would leave Q5.26, and counts as 0.
      const leastDifference = -((31 << 26) >> shift);

      k.parallel(size / N, (row) => {
        const at = (n: Expr): Expr => add(mul(row, N), n);
        const largest = k.register(-128, "largest", "int32");
        k.loop(N, (n) => largest.set(max(largest.get, input.load(at(n)))));
        const sum = k.register(0, "sum", "int32");
        k.loop(N, (n) => {
          const difference = k.value(sub(input.load(at(n)), largest.get), "difference");
          const addExponential = (): void => {
            const scaled = k.value(doublingHighMul(shl(difference, shift), multiplier), "scaled");
            const exponential = k.value(expOnNegative(k, scaled), "exponential");
            exponentials.store(at(n), exponential);
            sum.set(add(sum.get, roundingShift(k, exponential, 12)));
          };
          if (leastDifference <= -255) addExponential();
          else
            k.when(ge(difference, leastDifference), addExponential, () =>
              exponentials.store(at(n), 0),
            );
        });
        // sum is 2^(12 - zeros) * (1 + fraction); its reciprocal is that of both factors.
        const zeros = k.value(clz(sum.get), "zeros");
        const fraction = and(shl(sum.get, zeros), 2147483647);
        const reciprocal = k.value(oneOverOnePlus(k, fraction), "reciprocal");
        k.parallel(N, (n) => {
          const quotient = doublingHighMul(reciprocal, exponentials.load(at(n)));
          const q = roundingShift(k, quotient, sub(35, zeros));
          output.store(at(n), min(sub(q, 128), 127));
        });
      });
    }),
};
