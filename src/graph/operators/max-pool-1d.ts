/**
 * `maxPool1d(x [B,T,C]) {size, stride, padding}`: the largest value of each window and channel;
 * padding never wins. Its gradient goes to the first tap that holds the maximum.
 */
import { add, addF, buildKernel, eqF, maxF, mul, selectF } from "../../ir/build.ts";
import type { NodeContext, Operator } from "../graph.ts";
import { has, integer, takes } from "./rules.ts";
import { runsOf, tapsOf, type Window1d, window1d, windowsOf } from "./window-1d.ts";

function windowOf(
  operator: string,
  inputLength: number,
  node: Pick<NodeContext, "attributes">,
): Window1d {
  const size = integer(operator, node.attributes, "size");
  return window1d(operator, inputLength, size, node.attributes);
}

/** `maxPool1dGradient(dy [B,To,C], x [B,T,C], y [B,To,C])`: dx [B,T,C]. */
export const maxPool1dGradient: Operator = {
  name: "maxPool1dGradient",
  infer: (inputs) => {
    takes("maxPool1dGradient", inputs, 3);
    return [{ dtype: "float32", shape: inputs[1]!.shape }];
  },
  lower: (node) =>
    buildKernel("maxPool1dGradient", (k) => {
      const [B, T, C] = node.inputs[1]!.shape as [number, number, number];
      const window = windowOf("maxPool1dGradient", T, node);
      const rows = window.outputLength;
      const dy = k.input("float32", B * rows * C, "dy");
      const x = k.input("float32", B * T * C);
      const y = k.input("float32", B * rows * C, "y");
      const dx = k.output("float32", B * T * C, "dx");
      // Per window that sees the row: how many taps of it come before.
      const windows = (row: number) =>
        windowsOf(window, row).map(({ output, tap }) => ({
          output,
          tap,
          earlier: tap - tapsOf(window, output).first,
        }));
      const key = (row: number): string =>
        windows(row)
          .map(({ tap, earlier }) => `${tap}:${earlier}`)
          .join();
      for (const run of runsOf(T, window.stride, key))
        k.parallel(B, (batch) =>
          k.parallel(run.count, (row) =>
            k.parallel(C, (c) => {
              const here = add(
                add(mul(batch, T * C), mul(row, window.stride * C)),
                add(c, run.first * C),
              );
              const sum = k.register(0, "sum");
              for (const { output, earlier } of windows(run.first)) {
                const at = add(add(mul(batch, rows * C), mul(row, C)), add(c, output * C));
                const largest = k.value(y.load(at), "largest");
                const share = k.register(dy.load(at), "share");
                if (earlier > 0)
                  k.loop(earlier, (j) => {
                    const before = x.load(add(here, add(mul(j, C), -earlier * C)));
                    share.set(selectF(eqF(before, largest), 0, share.get));
                  });
                sum.set(addF(sum.get, selectF(eqF(x.load(here), largest), share.get, 0)));
              }
              dx.store(here, sum.get);
            }),
          ),
        );
    }),
};

export const maxPool1d: Operator = {
  name: "maxPool1d",
  infer: (inputs, attributes) => {
    takes("maxPool1d", inputs, 1);
    has("maxPool1d", inputs[0]!, "float32", 3);
    const [B, T, C] = inputs[0]!.shape as [number, number, number];
    const { outputLength } = windowOf("maxPool1d", T, { attributes });
    return [{ dtype: "float32", shape: [B, outputLength, C] }];
  },
  lower: (node) =>
    buildKernel("maxPool1d", (k) => {
      const [B, T, C] = node.inputs[0]!.shape as [number, number, number];
      const window = windowOf("maxPool1d", T, node);
      const x = k.input("float32", B * T * C);
      const y = k.output("float32", B * window.outputLength * C);
      const key = (row: number): string => JSON.stringify(tapsOf(window, row));
      for (const run of runsOf(window.outputLength, 1, key)) {
        const taps = tapsOf(window, run.first);
        const firstInput = run.first * window.stride - window.before + taps.first;
        k.parallel(B, (batch) =>
          k.parallel(run.count, (row) =>
            k.parallel(C, (c) => {
              const start = add(
                add(mul(batch, T * C), mul(row, window.stride * C)),
                add(c, firstInput * C),
              );
              const largest = k.register(x.load(start), "largest");
              if (taps.count > 1)
                k.loop(taps.count - 1, (j) =>
                  largest.set(maxF(x.load(add(start, add(mul(j, C), C))), largest.get)),
                );
              const at = add(mul(batch, window.outputLength), add(row, run.first));
              y.store(add(mul(at, C), c), largest.get);
            }),
          ),
        );
      }
    }),
  gradient: (builder, { attributes }, { inputs: [x], outputs: [y] }, [dy]) => [
    builder.one(maxPool1dGradient, [dy!, x!, y!], attributes),
  ],
};
