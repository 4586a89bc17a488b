/**
 * `denseInt8(x [B,I], w [O,I], b [O]) {activation}`: the fully connected layer in int8, TFLite
 * Micro's reference kernel. Scales are those of the tensors; `b` is the int32 bias with the zero
 * point of x folded in (`foldZeroPoint`), so that the loop is a plain sum of products.
 */
import { add, buildKernel, mul } from "../../../ir/build.ts";
import { rescaler } from "../../../ir/routines/fixed-point.ts";
import { effectiveScales, quantizeMultiplier } from "../../../tensor/quantization.ts";
import type { Operator } from "../../graph.ts";
import { has, shaped, takes } from "../rules.ts";
import { activationOf, clampInt8, hasInt8, hasInt8Weights, zeroPointOf } from "./activation.ts";

export const denseInt8: Operator = {
  name: "denseInt8",
  infer: (inputs, attributes) => {
    takes("denseInt8", inputs, 3);
    const [x, w, b] = inputs;
    hasInt8("denseInt8", x!, 2);
    hasInt8Weights("denseInt8", w!, 2);
    has("denseInt8", b!, "int32", 1);
    const outputs = w!.shape[0]!;
    shaped("denseInt8", w!, [outputs, x!.shape[1]!]);
    shaped("denseInt8", b!, [outputs]);
    activationOf("denseInt8", attributes);
    return [{ dtype: "int8", shape: [x!.shape[0]!, outputs] }];
  },
  lower: ({ inputs: [x, w], outputs: [y], attributes }) =>
    buildKernel("dense_int8", (k) => {
      const [B, I] = x!.shape as [number, number];
      const O = y!.shape[1]!;
      const input = k.input("int8", B * I);
      const weights = k.input("int8", O * I, "w");
      const bias = k.input("int32", O, "b");
      const output = k.output("int8", B * O);
      const activation = activationOf("denseInt8", attributes);
      const zeroPoint = zeroPointOf(y!);
      const product = w!.quantization?.axis === 0 ? "float64" : "float32";
      const scales = effectiveScales(x!.quantization, w!.quantization, y!.quantization, product);
      const rescale = rescaler(k, scales.map(quantizeMultiplier));
      k.parallel(B, (row) =>
        k.parallel(O, (o) => {
          const sum = k.register(bias.load(o), "sum");
          k.loop(I, (i) => {
            const weight = weights.load(add(mul(o, I), i));
            sum.set(add(sum.get, mul(input.load(add(mul(row, I), i)), weight)));
          });
          const q = add(rescale(sum.get, o), zeroPoint);
          output.store(add(mul(row, O), o), clampInt8(q, y!, activation));
        }),
      );
    }),
  macs: ({ inputs: [x], outputs: [y] }) => x!.shape[0]! * x!.shape[1]! * y!.shape[1]!,
};
