/**
 * `conv1dInt8(x [B,T,C], w [O,K,C], b [O]) {stride, dilation, padding, activation}`: convolution
 * along time in int8, TFLite Micro's reference kernel. As in `denseInt8`, `b` has the zero point of x folded
 * in; a tap outside the input therefore counts as that zero point.
 *
 * Rows that see a whole window read taps and channels in one run of K * C elements. Rows at the
 * border look at each tap; both share one nest, which keeps the code small.
 */
import { add, andB, buildKernel, clamp, ge, le, lt, mul } from "../../../ir/build.ts";
import { rescaler } from "../../../ir/routines/fixed-point.ts";
import { effectiveScales, quantizeMultiplier } from "../../../tensor/quantization.ts";
import type { NodeContext, Operator } from "../../graph.ts";
import { has, shaped, takes } from "../rules.ts";
import { tapsOf, type Window1d, window1d } from "../window-1d.ts";
import { activationOf, clampInt8, hasInt8, hasInt8Weights, zeroPointOf } from "./activation.ts";

function windowOf({ inputs: [x, w], attributes }: Omit<NodeContext, "outputs">): Window1d {
  return window1d("conv1dInt8", x!.shape[1]!, w!.shape[1]!, attributes);
}

export const conv1dInt8: Operator = {
  name: "conv1dInt8",
  infer: (inputs, attributes) => {
    takes("conv1dInt8", inputs, 3);
    const [x, w, b] = inputs;
    hasInt8("conv1dInt8", x!, 3);
    hasInt8Weights("conv1dInt8", w!, 3);
    has("conv1dInt8", b!, "int32", 1);
    const [O, K] = w!.shape as [number, number, number];
    shaped("conv1dInt8", w!, [O, K, x!.shape[2]!]);
    shaped("conv1dInt8", b!, [O]);
    activationOf("conv1dInt8", attributes);
    const { outputLength } = windowOf({ inputs, attributes });
    return [{ dtype: "int8", shape: [x!.shape[0]!, outputLength, O] }];
  },
  lower: (node) =>
    buildKernel("conv1d_int8", (k) => {
      const [x, w] = node.inputs;
      const [y] = node.outputs;
      const [B, T, C] = x!.shape as [number, number, number];
      const [O, K] = w!.shape as [number, number, number];
      const window = windowOf(node);
      const rows = window.outputLength;
      const input = k.input("int8", B * T * C);
      const weights = k.input("int8", O * K * C, "w");
      const bias = k.input("int32", O, "b");
      const output = k.output("int8", B * rows * O);
      const activation = activationOf("conv1dInt8", node.attributes);
      const [inputZeroPoint, zeroPoint] = [zeroPointOf(x!), zeroPointOf(y!)];
      const scales = effectiveScales(x!.quantization, w!.quantization, y!.quantization, "float64");
      const rescale = rescaler(k, scales.map(quantizeMultiplier));
      const whole: number[] = [];
      const dense = window.dilation === 1;
      for (let row = 0; row < rows; row++)
        if (dense && tapsOf(window, row).count === K) whole.push(row);

      k.parallel(B, (batch) =>
        k.parallel(rows, (row) =>
          k.parallel(O, (o) => {
            const sum = k.register(bias.load(o), "sum");
            const first = add(mul(row, window.stride), -window.before);
            const tapLoop = (): void => {
              // The clamp changes nothing where this runs; it lets the verifier prove the index.
              const start = whole.length === rows ? first : clamp(first, 0, T - K);
              const from = k.value(add(mul(batch, T * C), mul(start, C)), "from");
              k.loop(K * C, (i) => {
                const weight = weights.load(add(mul(o, K * C), i));
                sum.set(add(sum.get, mul(input.load(add(from, i)), weight)));
              });
            };
            const borderLoop = (): void =>
              k.loop(K, (tap) => {
                const at = k.value(add(first, mul(tap, window.dilation)), "at");
                const from = k.value(add(mul(batch, T * C), mul(clamp(at, 0, T - 1), C)), "from");
                const weight = add(mul(o, K * C), mul(tap, C));
                k.when(
                  andB(ge(at, 0), lt(at, T)),
                  () =>
                    k.loop(C, (c) => {
                      const value = input.load(add(from, c));
                      sum.set(add(sum.get, mul(value, weights.load(add(weight, c)))));
                    }),
                  () =>
                    k.loop(C, (c) =>
                      sum.set(add(sum.get, mul(weights.load(add(weight, c)), inputZeroPoint))),
                    ),
                );
              });
            if (whole.length === rows) tapLoop();
            else if (whole.length === 0) borderLoop();
            else k.when(andB(ge(row, whole[0]!), le(row, whole.at(-1)!)), tapLoop, borderLoop);
            const at = add(mul(batch, rows * O), add(mul(row, O), o));
            const q = add(rescale(sum.get, o), zeroPoint);
            output.store(at, clampInt8(q, y!, activation));
          }),
        ),
      );
    }),
  macs: (node) => {
    const window = windowOf(node);
    const [B, , C] = node.inputs[0]!.shape as [number, number, number];
    const O = node.inputs[1]!.shape[0]!;
    let taps = 0;
    for (let row = 0; row < window.outputLength; row++) taps += tapsOf(window, row).count;
    return B * taps * C * O;
  },
};
