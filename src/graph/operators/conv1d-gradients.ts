/**
 * The gradients of `conv1d`.
 * - `conv1dInputGradient(dy [B,To,O], w [K,C,O]) {inputLength, stride, padding}`: dx [B,T,C]. The
 *   kernel first copies the weights flipped in time and transposed to [K,O,C], so that the lanes
 *   run over contiguous channels; then dx is a convolution of dy with them.
 * - `conv1dWeightGradient(x [B,T,C], dy [B,To,O]) {kernelSize, stride, padding}`: dw [K,C,O],
 *   summed over batch, then time.
 */
import { add, addF, buildKernel, mul, mulF } from "../../ir/build.ts";
import type { Operator } from "../graph.ts";
import { has, integer, rule, takes } from "./rules.ts";
import { runsOf, type Window1d, window1d, windowsOf } from "./window-1d.ts";

/** The output rows for which tap `tap` lies within the input. */
function rowsOf(w: Window1d, tap: number): { readonly first: number; readonly count: number } {
  const first = Math.max(0, Math.ceil((w.before - tap) / w.stride));
  const last = Math.min(
    w.outputLength - 1,
    Math.floor((w.inputLength - 1 + w.before - tap) / w.stride),
  );
  return { first, count: Math.max(0, last - first + 1) };
}

export const conv1dInputGradient: Operator = {
  name: "conv1dInputGradient",
  infer: (inputs, attributes) => {
    takes("conv1dInputGradient", inputs, 2);
    const [dy, w] = inputs;
    has("conv1dInputGradient", dy!, "float32", 3);
    has("conv1dInputGradient", w!, "float32", 3);
    const length = integer("conv1dInputGradient", attributes, "inputLength");
    const [K, C, O] = w!.shape as [number, number, number];
    const { outputLength } = window1d("conv1dInputGradient", length, K, attributes);
    const fits = dy!.shape[1] === outputLength && dy!.shape[2] === O;
    rule("conv1dInputGradient", fits, `dy must be [B,${outputLength},${O}]`, `[${dy!.shape}]`);
    return [{ dtype: "float32", shape: [dy!.shape[0]!, length, C] }];
  },
  lower: ({ inputs: [dySpec, wSpec], outputs: [dxSpec], attributes }) =>
    buildKernel("conv1dInputGradient", (k) => {
      const [K, C, O] = wSpec!.shape as [number, number, number];
      const [B, T] = dxSpec!.shape as [number, number, number];
      const window = window1d("conv1dInputGradient", T, K, attributes);
      const rows = dySpec!.shape[1]!;
      const dy = k.input("float32", B * rows * O, "dy");
      const w = k.input("float32", K * C * O, "w");
      const dx = k.output("float32", B * T * C, "dx");
      const flipped = k.scratch("float32", K * O * C, "flipped");
      k.parallel(K, (tap) =>
        k.parallel(O, (o) =>
          k.parallel(C, (c) => {
            const to = add(mul(tap, O * C), add(mul(o, C), c));
            const from = add(mul(tap, -C * O), add(mul(c, O), add(o, (K - 1) * C * O)));
            flipped.store(to, w.load(from));
          }),
        ),
      );
      const key = (row: number): string =>
        windowsOf(window, row)
          .map(({ tap }) => tap)
          .join();
      for (const run of runsOf(T, window.stride, key)) {
        const windows = windowsOf(window, run.first);
        const first = windows[0] ?? { output: 0, tap: 0 };
        k.parallel(B, (batch) =>
          k.parallel(run.count, (row) =>
            k.parallel(C, (c) => {
              const sum = k.register(0, "sum");
              const start = add(add(mul(batch, rows * O), mul(row, O)), first.output * O);
              // With stride 1 the taps follow each other in both operands and the loops merge.
              const merged = window.stride === 1;
              const outer = merged ? 1 : windows.length;
              const inner = merged ? windows.length * O : O;
              if (windows.length > 0)
                k.loop(outer, (j) =>
                  k.loop(inner, (o) => {
                    const gradient = dy.load(add(start, add(mul(j, O), o)));
                    const at = add(mul(j, window.stride * O), add(o, (K - 1 - first.tap) * O));
                    sum.set(addF(sum.get, mulF(gradient, flipped.load(add(mul(at, C), c)))));
                  }),
                );
              const at = add(mul(row, run.step * C), run.first * C);
              dx.store(add(add(mul(batch, T * C), at), c), sum.get);
            }),
          ),
        );
      }
    }),
};

export const conv1dWeightGradient: Operator = {
  name: "conv1dWeightGradient",
  infer: (inputs, attributes) => {
    takes("conv1dWeightGradient", inputs, 2);
    const [x, dy] = inputs;
    has("conv1dWeightGradient", x!, "float32", 3);
    has("conv1dWeightGradient", dy!, "float32", 3);
    const K = integer("conv1dWeightGradient", attributes, "kernelSize");
    const { outputLength } = window1d("conv1dWeightGradient", x!.shape[1]!, K, attributes);
    const fits = dy!.shape[0] === x!.shape[0] && dy!.shape[1] === outputLength;
    rule(
      "conv1dWeightGradient",
      fits,
      `dy must be [${x!.shape[0]},${outputLength},O]`,
      `[${dy!.shape}]`,
    );
    return [{ dtype: "float32", shape: [K, x!.shape[2]!, dy!.shape[2]!] }];
  },
  lower: ({ inputs: [xSpec, dySpec], attributes }) =>
    buildKernel("conv1dWeightGradient", (k) => {
      const [B, T, C] = xSpec!.shape as [number, number, number];
      const [, rows, O] = dySpec!.shape as [number, number, number];
      const K = integer("conv1dWeightGradient", attributes, "kernelSize");
      const window = window1d("conv1dWeightGradient", T, K, attributes);
      const x = k.input("float32", B * T * C);
      const dy = k.input("float32", B * rows * O, "dy");
      const dw = k.output("float32", K * C * O, "dw");
      // Neighbouring taps that see the same rows form one nest over tap * C + channel.
      for (const run of runsOf(K, 1, (tap) => JSON.stringify(rowsOf(window, tap)))) {
        const seen = rowsOf(window, run.first);
        const firstInput = seen.first * window.stride - window.before + run.first;
        k.parallel(run.count * C, (i) =>
          k.parallel(O, (o) => {
            const sum = k.register(0, "sum");
            if (seen.count > 0)
              k.loop(B, (batch) =>
                k.loop(seen.count, (row) => {
                  const at = add(mul(row, window.stride * C), add(i, firstInput * C));
                  const input = x.load(add(mul(batch, T * C), at));
                  const outputRow = add(mul(batch, rows), add(row, seen.first));
                  const gradient = dy.load(add(mul(outputRow, O), o));
                  sum.set(addF(sum.get, mulF(input, gradient)));
                }),
              );
            dw.store(add(mul(add(i, run.first * C), O), o), sum.get);
          }),
        );
      }
    }),
};
