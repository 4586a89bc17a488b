/**
 * `maxPool1dInt8(x [B,T,C]) {size, stride, padding, activation}`: the largest value of each window
 * and channel; the output keeps the scale and zero point of the input. Taps outside the input
 * repeat its first or last row, which lies within the same window, so they never win alone.
 */
import { add, buildKernel, max, min, mul } from "../../../ir/build.ts";
import type { Expr } from "../../../ir/kernel.ts";
import type { NodeContext, Operator } from "../../graph.ts";
import { integer, takes } from "../rules.ts";
import { type Window1d, window1d } from "../window-1d.ts";
import { activationOf, clampInt8, hasInt8 } from "./activation.ts";

function windowOf({ inputs: [x], attributes }: Omit<NodeContext, "outputs">): Window1d {
  const size = integer("maxPool1dInt8", attributes, "size");
  return window1d("maxPool1dInt8", x!.shape[1]!, size, attributes);
}

export const maxPool1dInt8: Operator = {
  name: "maxPool1dInt8",
  infer: (inputs, attributes) => {
    takes("maxPool1dInt8", inputs, 1);
    const [x] = inputs;
    hasInt8("maxPool1dInt8", x!, 3);
    activationOf("maxPool1dInt8", attributes);
    const { outputLength } = windowOf({ inputs, attributes });
    return [
      {
        dtype: "int8",
        shape: [x!.shape[0]!, outputLength, x!.shape[2]!],
        quantization: x!.quantization!,
      },
    ];
  },
  lower: (node) =>
    buildKernel("max_pool1d_int8", (k) => {
      const [B, T, C] = node.inputs[0]!.shape as [number, number, number];
      const window = windowOf(node);
      const rows = window.outputLength;
      const input = k.input("int8", B * T * C);
      const output = k.output("int8", B * rows * C);
      const activation = activationOf("maxPool1dInt8", node.attributes);
      const given = node.inputs[0]!;
      const last = (rows - 1) * window.stride - window.before + window.size - 1;
      k.parallel(B, (batch) =>
        k.parallel(rows, (row) =>
          k.parallel(C, (c) => {
            const first = add(mul(row, window.stride), -window.before);
            const tapAt = (tap: Expr | number): Expr => {
              const tapRow = add(first, tap);
              const bounded = window.before > 0 ? max(tapRow, 0) : tapRow;
              const at = last >= T ? min(bounded, T - 1) : bounded;
              return input.load(add(mul(batch, T * C), add(mul(at, C), c)));
            };
            const largest = k.register(tapAt(0), "largest");
            if (window.size > 1)
              k.loop(window.size - 1, (tap) => largest.set(max(largest.get, tapAt(add(tap, 1)))));
            const at = add(mul(batch, rows * C), add(mul(row, C), c));
            const y =
              activation === "none" ? largest.get : clampInt8(largest.get, given, activation);
            output.store(at, y);
          }),
        ),
      );
    }),
};
