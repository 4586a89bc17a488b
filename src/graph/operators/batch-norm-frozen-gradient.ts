/**
 * `batchNormFrozenGradient(dy, x, gamma, mean, variance) {epsilon}`: dx, dgamma, dbeta of `batchNorm`
 * by running statistics, which are constants to it: what transfer learning leaves as it was learned.
 * With s = 1 / sqrt(variance + epsilon): dx = dy gamma s, dgamma = sum dy (x - mean) s,
 * dbeta = sum dy.
 */
import {
  add,
  addF,
  type BufferHandle,
  buildKernel,
  divF,
  mul,
  mulF,
  sqrtF,
  subF,
} from "../../ir/build.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import type { Operator } from "../graph.ts";
import { has, real, rule, shaped, takes } from "./rules.ts";

export const batchNormFrozenGradient: Operator = {
  name: "batchNormFrozenGradient",
  infer: (inputs, attributes) => {
    takes("batchNormFrozenGradient", inputs, 5);
    const [dy, x, ...others] = inputs;
    for (const input of inputs) has("batchNormFrozenGradient", input, "float32");
    shaped("batchNormFrozenGradient", dy!, x!.shape);
    for (const other of others) shaped("batchNormFrozenGradient", other, x!.shape.slice(-1));
    const epsilon = real("batchNormFrozenGradient", attributes, "epsilon");
    rule("batchNormFrozenGradient", epsilon > 0, "epsilon must be positive", epsilon);
    const channels = { dtype: "float32", shape: x!.shape.slice(-1) } as const;
    return [{ dtype: "float32", shape: x!.shape }, channels, channels];
  },
  lower: ({ inputs: [, spec], attributes }) =>
    buildKernel("batchNormFrozenGradient", (k) => {
      const C = spec!.shape.at(-1)!;
      const rows = sizeOf(spec!.shape) / C;
      const dy = k.input("float32", rows * C, "dy");
      const x = k.input("float32", rows * C);
      const [gamma, mean, variance] = ["gamma", "mean", "variance"].map((name) =>
        k.input("float32", C, name),
      ) as [BufferHandle, BufferHandle, BufferHandle];
      const [dx, dgamma, dbeta] = [rows * C, C, C].map((size, n) =>
        k.output("float32", size, ["dx", "dgamma", "dbeta"][n]!),
      ) as [BufferHandle, BufferHandle, BufferHandle];
      const factor = k.scratch("float32", C, "factor");
      const epsilon = real("batchNormFrozenGradient", attributes, "epsilon");
      k.parallel(C, (c) => {
        const scale = k.value(divF(1, sqrtF(addF(variance.load(c), epsilon))), "scale");
        const center = k.value(mean.load(c), "center");
        const sum = k.register(0, "sum");
        const products = k.register(0, "products");
        k.loop(rows, (row) => {
          const at = add(mul(row, C), c);
          const g = k.value(dy.load(at), "g");
          sum.set(addF(sum.get, g));
          products.set(addF(products.get, mulF(g, subF(x.load(at), center))));
        });
        dbeta.store(c, sum.get);
        dgamma.store(c, mulF(products.get, scale));
        factor.store(c, mulF(gamma.load(c), scale));
      });
      k.parallel(rows, (row) =>
        k.parallel(C, (c) => {
          const at = add(mul(row, C), c);
          dx.store(at, mulF(dy.load(at), factor.load(c)));
        }),
      );
    }),
};
