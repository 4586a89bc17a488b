/**
 * `softmax(x [..., N])`: exp(x - max) over its sum along the last axis. Three nests, so that the
 * exponentials run over contiguous elements.
 */
import { add, addF, buildKernel, call, divF, maxF, mul, mulF, subF } from "../../ir/build.ts";
import { exp } from "../../ir/routines/exp.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import type { Operator } from "../graph.ts";
import { has, rule, shaped, takes } from "./rules.ts";

/** `softmaxGradient(dy, y)`: y * (dy - sum(dy * y)) along the last axis. */
export const softmaxGradient: Operator = {
  name: "softmaxGradient",
  infer: (inputs) => {
    takes("softmaxGradient", inputs, 2);
    for (const input of inputs) has("softmaxGradient", input, "float32");
    shaped("softmaxGradient", inputs[0]!, inputs[1]!.shape);
    return [{ dtype: "float32", shape: inputs[1]!.shape }];
  },
  lower: ({ outputs: [spec] }) =>
    buildKernel("softmaxGradient", (k) => {
      const size = sizeOf(spec!.shape);
      const N = spec!.shape.at(-1)!;
      const dy = k.input("float32", size, "dy");
      const y = k.input("float32", size, "y");
      const dx = k.output("float32", size, "dx");
      k.parallel(size / N, (row) => {
        const sum = k.register(0, "sum");
        k.loop(N, (n) => {
          const at = add(mul(row, N), n);
          sum.set(addF(sum.get, mulF(dy.load(at), y.load(at))));
        });
        k.loop(N, (n) => {
          const at = add(mul(row, N), n);
          dx.store(at, mulF(y.load(at), subF(dy.load(at), sum.get)));
        });
      });
    }),
};

export const softmax: Operator = {
  name: "softmax",
  infer: (inputs) => {
    takes("softmax", inputs, 1);
    has("softmax", inputs[0]!, "float32");
    const { shape } = inputs[0]!;
    rule("softmax", shape.length >= 1, "x must have at least 1 dimension", `[${shape}]`);
    return [{ dtype: "float32", shape }];
  },
  lower: ({ outputs: [spec] }) =>
    buildKernel("softmax", (k) => {
      const size = sizeOf(spec!.shape);
      const N = spec!.shape.at(-1)!;
      const x = k.input("float32", size);
      const y = k.output("float32", size);
      k.parallel(size / N, (row) => {
        const largest = k.register(x.load(mul(row, N)), "largest");
        k.loop(N, (n) => largest.set(maxF(x.load(add(mul(row, N), n)), largest.get)));
        k.loop(N, (n) => {
          const at = add(mul(row, N), n);
          y.store(at, subF(x.load(at), largest.get));
        });
      });
      k.parallel(size, (i) => y.store(i, call(exp, y.load(i))));
      k.parallel(size / N, (row) => {
        const sum = k.register(0, "sum");
        k.loop(N, (n) => sum.set(addF(sum.get, y.load(add(mul(row, N), n)))));
        k.loop(N, (n) => {
          const at = add(mul(row, N), n);
          y.store(at, divF(y.load(at), sum.get));
        });
      });
    }),
  gradient: (builder, _node, { outputs: [y] }, [dy]) => [builder.one(softmaxGradient, [dy!, y!])],
};
