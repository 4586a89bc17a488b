/**
 * `layerNorm(x [...,N], gamma [N], beta [N]) {epsilon}`: each row along the last axis, less its mean
 * and over its standard deviation (biased), times gamma plus beta (Ba, Kiros and Hinton 2016).
 */
import {
  add,
  addF,
  type BufferHandle,
  buildKernel,
  divF,
  type KernelBuilder,
  mul,
  mulF,
  sqrtF,
  subF,
} from "../../ir/build.ts";
import type { Expr } from "../../ir/kernel.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import type { Operator, TensorSpec } from "../graph.ts";
import { epsilonOf } from "./batch-norm.ts";
import { has, shaped, takes } from "./rules.ts";

/** Adds mean and 1 / sqrt(variance + epsilon) of one row of N values. */
function addMoments(
  k: KernelBuilder,
  x: BufferHandle,
  row: Expr,
  N: number,
  epsilon: number,
): { readonly mean: Expr; readonly inverse: Expr } {
  const sum = k.register(0, "sum");
  k.loop(N, (n) => sum.set(addF(sum.get, x.load(add(mul(row, N), n)))));
  const mean = k.value(mulF(sum.get, 1 / N), "mean");
  const squares = k.register(0, "squares");
  k.loop(N, (n) => {
    const distance = k.value(subF(x.load(add(mul(row, N), n)), mean), "distance");
    squares.set(addF(squares.get, mulF(distance, distance)));
  });
  const variance = mulF(squares.get, 1 / N);
  return { mean, inverse: k.value(divF(1, sqrtF(addF(variance, epsilon))), "inverse") };
}

function check(operator: string, x: TensorSpec, others: readonly TensorSpec[]): void {
  has(operator, x, "float32");
  for (const other of others) {
    has(operator, other, "float32", 1);
    shaped(operator, other, x.shape.slice(-1));
  }
}

/**
 * `layerNormGradient(dy, x, gamma) {epsilon}`: dx, dgamma, dbeta. With z the normalised x, g =
 * dy * gamma and means along the row: dx = inverse * (g - mean(g) - z * mean(g z)).
 */
export const layerNormGradient: Operator = {
  name: "layerNormGradient",
  infer: (inputs, attributes) => {
    takes("layerNormGradient", inputs, 3);
    const [dy, x, gamma] = inputs;
    check("layerNormGradient", x!, [gamma!]);
    shaped("layerNormGradient", dy!, x!.shape);
    epsilonOf("layerNormGradient", attributes);
    const row = { dtype: "float32", shape: gamma!.shape } as const;
    return [{ dtype: "float32", shape: x!.shape }, row, row];
  },
  lower: ({ inputs: [, spec], attributes }) =>
    buildKernel("layerNormGradient", (k) => {
      const size = sizeOf(spec!.shape);
      const N = spec!.shape.at(-1)!;
      const rows = size / N;
      const dy = k.input("float32", size, "dy");
      const x = k.input("float32", size, "x");
      const gamma = k.input("float32", N, "gamma");
      const dx = k.output("float32", size, "dx");
      const dgamma = k.output("float32", N, "dgamma");
      const dbeta = k.output("float32", N, "dbeta");
      const normalized = k.scratch("float32", size, "normalized");
      const epsilon = epsilonOf("layerNormGradient", attributes);
      k.parallel(rows, (row) => {
        const { mean, inverse } = addMoments(k, x, row, N, epsilon);
        const sum = k.register(0, "gradients");
        const products = k.register(0, "products");
        k.loop(N, (n) => {
          const at = add(mul(row, N), n);
          const z = k.value(mulF(subF(x.load(at), mean), inverse), "z");
          const g = k.value(mulF(dy.load(at), gamma.load(n)), "g");
          normalized.store(at, z);
          sum.set(addF(sum.get, g));
          products.set(addF(products.get, mulF(g, z)));
        });
        const meanSum = k.value(mulF(sum.get, 1 / N), "meanSum");
        const meanProducts = k.value(mulF(products.get, 1 / N), "meanProducts");
        k.loop(N, (n) => {
          const at = add(mul(row, N), n);
          const centered = subF(mulF(dy.load(at), gamma.load(n)), meanSum);
          dx.store(at, mulF(inverse, subF(centered, mulF(normalized.load(at), meanProducts))));
        });
      });
      k.parallel(N, (n) => {
        const sum = k.register(0, "column");
        const products = k.register(0, "columnProducts");
        k.loop(rows, (row) => {
          const at = add(mul(row, N), n);
          sum.set(addF(sum.get, dy.load(at)));
          products.set(addF(products.get, mulF(dy.load(at), normalized.load(at))));
        });
        dbeta.store(n, sum.get);
        dgamma.store(n, products.get);
      });
    }),
};

export const layerNorm: Operator = {
  name: "layerNorm",
  infer: (inputs, attributes) => {
    takes("layerNorm", inputs, 3);
    check("layerNorm", inputs[0]!, inputs.slice(1));
    epsilonOf("layerNorm", attributes);
    return [{ dtype: "float32", shape: inputs[0]!.shape }];
  },
  lower: ({ inputs: [spec], attributes }) =>
    buildKernel("layerNorm", (k) => {
      const size = sizeOf(spec!.shape);
      const N = spec!.shape.at(-1)!;
      const x = k.input("float32", size);
      const gamma = k.input("float32", N, "gamma");
      const beta = k.input("float32", N, "beta");
      const y = k.output("float32", size);
      k.parallel(size / N, (row) => {
        const { mean, inverse } = addMoments(k, x, row, N, epsilonOf("layerNorm", attributes));
        k.parallel(N, (n) => {
          const at = add(mul(row, N), n);
          const z = mulF(subF(x.load(at), mean), inverse);
          y.store(at, addF(mulF(z, gamma.load(n)), beta.load(n)));
        });
      });
    }),
  gradient: (builder, { attributes }, { inputs: [x, gamma] }, [dy]) =>
    builder.apply(layerNormGradient, [dy!, x!, gamma!], attributes),
};
