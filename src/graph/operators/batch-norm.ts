/**
 * Batch normalisation over all axes but the last (Ioffe and Szegedy 2015), which holds C channels.
 * - `batchNorm(x [...,C], gamma, beta, mean, variance [C]) {epsilon}`: for inference, with running
 *   statistics; a compiler or `foldBatchNorm` may merge it into the layer before.
 * - `batchNormTraining`, with the same inputs: with the mean and the biased variance of the batch,
 *   which `batchMoments` gives (see `batch-moments.ts`).
 */
import { addF, type BufferHandle, buildKernel, divF, mulF, sqrtF, subF } from "../../ir/build.ts";
import type { Expr, Kernel } from "../../ir/kernel.ts";
import type {
  Attributes,
  GraphBuilder,
  NodeContext,
  Operator,
  OutputSpec,
  TensorSpec,
} from "../graph.ts";
import { batchMoments, checkChannels, sizesOf } from "./batch-moments.ts";
import { batchNormFrozenGradient } from "./batch-norm-frozen-gradient.ts";
import { addColumnSums, eachElement } from "./column-sums.ts";
import { real, rule, shaped, takes } from "./rules.ts";

/** The attribute `epsilon`, which is added to a variance and must be positive. */
export function epsilonOf(operator: string, attributes: Attributes): number {
  const epsilon = real(operator, attributes, "epsilon");
  rule(operator, epsilon > 0, "epsilon must be positive", epsilon);
  return epsilon;
}

function inferNormalized(
  operator: string,
  inputs: readonly TensorSpec[],
  attributes: Attributes,
): readonly OutputSpec[] {
  takes(operator, inputs, 5);
  checkChannels(operator, inputs[0]!, inputs.slice(1));
  epsilonOf(operator, attributes);
  return [{ dtype: "float32", shape: inputs[0]!.shape }];
}

function lowerNormalized(name: string, { inputs: [spec], attributes }: NodeContext): Kernel {
  return buildKernel(name, (k) => {
    const [rows, C] = sizesOf(spec!);
    const x = k.input("float32", rows * C);
    const [gamma, beta, mean, variance] = ["gamma", "beta", "mean", "variance"].map((input) =>
      k.input("float32", C, input),
    ) as [BufferHandle, BufferHandle, BufferHandle, BufferHandle];
    const y = k.output("float32", rows * C);
    const scale = k.scratch("float32", C, "scale");
    const epsilon = epsilonOf(name, attributes);
    k.parallel(C, (c) =>
      scale.store(c, divF(gamma.load(c), sqrtF(addF(variance.load(c), epsilon)))),
    );
    eachElement(k, rows, C, (c) => {
      const [center, s, b] = [mean, scale, beta].map((buffer) =>
        k.value(buffer.load(c), "own"),
      ) as [Expr, Expr, Expr];
      return (at) => y.store(at, addF(mulF(subF(x.load(at), center), s), b));
    });
  });
}

export const batchNorm: Operator = {
  name: "batchNorm",
  infer: (inputs, attributes) => inferNormalized("batchNorm", inputs, attributes),
  lower: (node) => lowerNormalized("batchNorm", node),
  gradient: (builder, { attributes }, { inputs: [x, gamma, , ...statistics] }, [dy]) =>
    builder.apply(batchNormFrozenGradient, [dy!, x!, gamma!, ...statistics], attributes),
};

/**
 * `batchNormGradient(dy, x, gamma, mean, variance) {epsilon}`: dx, dgamma, dbeta. With n rows,
 * s = 1 / sqrt(variance + epsilon) and z = (x - mean) s:
 *   dbeta = sum dy,  dgamma = sum dy z,  dx = gamma s (dy - dbeta / n - z dgamma / n)
 */
export const batchNormGradient: Operator = {
  name: "batchNormGradient",
  infer: (inputs, attributes) => {
    takes("batchNormGradient", inputs, 5);
    const [dy, x, ...others] = inputs;
    checkChannels("batchNormGradient", x!, others);
    shaped("batchNormGradient", dy!, x!.shape);
    epsilonOf("batchNormGradient", attributes);
    const channels = { dtype: "float32", shape: others[0]!.shape } as const;
    return [{ dtype: "float32", shape: x!.shape }, channels, channels];
  },
  lower: ({ inputs: [, spec], attributes }) =>
    buildKernel("batchNormGradient", (k) => {
      const [rows, C] = sizesOf(spec!);
      const dy = k.input("float32", rows * C, "dy");
      const x = k.input("float32", rows * C, "x");
      const [gamma, mean, variance] = ["gamma", "mean", "variance"].map((name) =>
        k.input("float32", C, name),
      ) as [BufferHandle, BufferHandle, BufferHandle];
      const dx = k.output("float32", rows * C, "dx");
      const dgamma = k.output("float32", C, "dgamma");
      const dbeta = k.output("float32", C, "dbeta");
      const [slope, factor, shift] = ["slope", "factor", "shift"].map((name) =>
        k.scratch("float32", C, name),
      ) as [BufferHandle, BufferHandle, BufferHandle];
      const epsilon = epsilonOf("batchNormGradient", attributes);
      const [sums, products] = ["sums", "products"].map((name) =>
        k.scratch("float32", C, name),
      ) as [BufferHandle, BufferHandle];
      addColumnSums(k, rows, [sums, products], (c) => {
        const center = k.value(mean.load(c), "center");
        return (at) => {
          const g = k.value(dy.load(at), "g");
          return [g, mulF(g, subF(x.load(at), center))];
        };
      });
      k.parallel(C, (c) => {
        const sum = k.value(sums.load(c), "sum");
        const s = k.value(divF(1, sqrtF(addF(variance.load(c), epsilon))), "s");
        const scaled = k.value(mulF(products.load(c), s), "scaled");
        dbeta.store(c, sum);
        dgamma.store(c, scaled);
        factor.store(c, mulF(gamma.load(c), s));
        shift.store(c, mulF(sum, 1 / rows));
        slope.store(c, mulF(s, mulF(scaled, 1 / rows)));
      });
      eachElement(k, rows, C, (c) => {
        const [center, m, b, f] = [mean, slope, shift, factor].map((buffer) =>
          k.value(buffer.load(c), "own"),
        ) as [Expr, Expr, Expr, Expr];
        return (at) => {
          const distance = mulF(subF(x.load(at), center), m);
          dx.store(at, mulF(f, subF(subF(dy.load(at), b), distance)));
        };
      });
    }),
};

/**
 * `batchNormTraining(x, gamma, beta, mean, variance) {epsilon}`: as `batchNorm`, with the moments of
 * x itself (see `batchMoments`), so that the gradient with respect to x goes through them too.
 */
export const batchNormTraining: Operator = {
  name: "batchNormTraining",
  infer: (inputs, attributes) => inferNormalized("batchNormTraining", inputs, attributes),
  lower: (node) => lowerNormalized("batchNormTraining", node),
  gradient: (builder, { attributes }, { inputs: [x, gamma, , ...moments] }, [dy]) =>
    builder.apply(batchNormGradient, [dy!, x!, gamma!, ...moments], attributes),
};

/**
 * Adds batch normalisation by the moments of the batch.
 * @returns y, mean and variance
 */
export function addBatchNormTraining(
  builder: GraphBuilder,
  [x, gamma, beta]: readonly [x: string, gamma: string, beta: string],
  attributes: Attributes,
  options: { readonly name?: string } = {},
): readonly [y: string, mean: string, variance: string] {
  const [mean, variance] = builder.apply(batchMoments, [x]) as [string, string];
  const inputs = [x, gamma, beta, mean, variance];
  return [builder.one(batchNormTraining, inputs, attributes, options), mean, variance];
}
