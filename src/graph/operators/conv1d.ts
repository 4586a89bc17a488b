/**
 * `conv1d(x [B,T,C], w [K,C,O], b [O]) {stride, padding}`: convolution along time, channels last.
 * The taps a row sees lie side by side in memory, so each run of rows is a matrix product of row
 * length taps * C (see `window-1d.ts`). The sum starts at the bias and runs over tap, channel.
 */
import { add, addF, buildKernel, mul, mulF } from "../../ir/build.ts";
import type { NodeContext, Operator } from "../graph.ts";
import { columnSum } from "./column-sum.ts";
import { conv1dInputGradient, conv1dWeightGradient } from "./conv1d-gradients.ts";
import { has, shaped, takes } from "./rules.ts";
import { runsOf, tapsOf, type Window1d, window1d } from "./window-1d.ts";

function windowOf({ inputs, attributes }: Pick<NodeContext, "inputs" | "attributes">): Window1d {
  const [x, w] = inputs;
  return window1d("conv1d", x!.shape[1]!, w!.shape[0]!, attributes);
}

export const conv1d: Operator = {
  name: "conv1d",
  infer: (inputs, attributes) => {
    takes("conv1d", inputs, 3);
    const [x, w, b] = inputs;
    has("conv1d", x!, "float32", 3);
    has("conv1d", w!, "float32", 3);
    has("conv1d", b!, "float32", 1);
    const [K, , O] = w!.shape as [number, number, number];
    shaped("conv1d", w!, [K, x!.shape[2]!, O]);
    shaped("conv1d", b!, [O]);
    const { outputLength } = windowOf({ inputs, attributes });
    return [{ dtype: "float32", shape: [x!.shape[0]!, outputLength, O] }];
  },
  lower: (node) =>
    buildKernel("conv1d", (k) => {
      const window = windowOf(node);
      const [B, T, C] = node.inputs[0]!.shape as [number, number, number];
      const [K, , O] = node.inputs[1]!.shape as [number, number, number];
      const x = k.input("float32", B * T * C);
      const w = k.input("float32", K * C * O, "w");
      const b = k.input("float32", O, "b");
      const y = k.output("float32", B * window.outputLength * O);
      const key = (row: number): string => JSON.stringify(tapsOf(window, row));
      for (const run of runsOf(window.outputLength, 1, key)) {
        const taps = tapsOf(window, run.first);
        const firstInput = run.first * window.stride - window.before + taps.first;
        k.parallel(B, (batch) =>
          k.parallel(run.count, (row) =>
            k.parallel(O, (o) => {
              const start = add(
                mul(batch, T * C),
                add(mul(row, window.stride * C), firstInput * C),
              );
              const sum = k.register(b.load(o), "sum");
              k.loop(taps.count * C, (i) => {
                const weight = w.load(add(mul(add(i, taps.first * C), O), o));
                sum.set(addF(sum.get, mulF(x.load(add(start, i)), weight)));
              });
              const at = add(mul(batch, window.outputLength * O), mul(add(row, run.first), O));
              y.store(add(at, o), sum.get);
            }),
          ),
        );
      }
    }),
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
  macs: (node) => {
    const window = windowOf(node);
    const [B, , C] = node.inputs[0]!.shape as [number, number, number];
    const O = node.inputs[1]!.shape[2]!;
    let taps = 0;
    for (let row = 0; row < window.outputLength; row++) taps += tapsOf(window, row).count;
    return B * taps * C * O;
  },
};
