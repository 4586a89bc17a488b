/**
 * Batch normalisation over all axes but the last (Ioffe and Szegedy 2015), which holds C channels.
 * - `batchNorm(x [...,C], gamma, beta, mean, variance [C]) {epsilon}`: for inference, with running
 *   statistics; a compiler or `foldBatchNorm` may merge it into the layer before.
 * - `batchNormTraining(x, gamma, beta) {epsilon}`: with the mean and the biased variance of the
 *   batch, which it gives out too; `updateStatistics` follows them in states.
 *
 * Mean and variance of a batch come from one pass over it, from sums of distances and their squares
 * around an origin: the mean of the first rows, so near the mean of all that little cancels.
 */
import {
  add,
  addF,
  type BufferHandle,
  buildKernel,
  divF,
  maxF,
  mul,
  mulF,
  sqrtF,
  subF,
} from "../../ir/build.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import type { Attributes, Operator, TensorSpec } from "../graph.ts";
import { batchNormFrozenGradient } from "./batch-norm-frozen-gradient.ts";
import { addColumnSums } from "./column-sums.ts";
import { has, real, rule, shaped, takes } from "./rules.ts";

/** The attribute `epsilon`, which is added to a variance and must be positive. */
export function epsilonOf(operator: string, attributes: Attributes): number {
  const epsilon = real(operator, attributes, "epsilon");
  rule(operator, epsilon > 0, "epsilon must be positive", epsilon);
  return epsilon;
}

/** Rows whose mean is the origin of the sums of a batch. */
const ORIGIN_ROWS = 16;

/** Rows and channels of [..., C]. */
const sizesOf = (x: TensorSpec): readonly [rows: number, channels: number] => {
  const channels = x.shape.at(-1)!;
  return [sizeOf(x.shape) / channels, channels];
};

/** `x` is float32 [..., C] and each of `others` float32 [C]. */
function checkChannels(operator: string, x: TensorSpec, others: readonly TensorSpec[]): void {
  has(operator, x, "float32");
  rule(operator, x.shape.length >= 2, "x must have at least 2 dimensions", `[${x.shape}]`);
  for (const other of others) {
    has(operator, other, "float32");
    shaped(operator, other, x.shape.slice(-1));
  }
}

export const batchNorm: Operator = {
  name: "batchNorm",
  infer: (inputs, attributes) => {
    takes("batchNorm", inputs, 5);
    checkChannels("batchNorm", inputs[0]!, inputs.slice(1));
    epsilonOf("batchNorm", attributes);
    return [{ dtype: "float32", shape: inputs[0]!.shape }];
  },
  lower: ({ inputs: [spec], attributes }) =>
    buildKernel("batchNorm", (k) => {
      const [rows, C] = sizesOf(spec!);
      const x = k.input("float32", rows * C);
      const [gamma, beta, mean, variance] = ["gamma", "beta", "mean", "variance"].map((name) =>
        k.input("float32", C, name),
      ) as [BufferHandle, BufferHandle, BufferHandle, BufferHandle];
      const y = k.output("float32", rows * C);
      const scale = k.scratch("float32", C, "scale");
      const epsilon = epsilonOf("batchNorm", attributes);
      k.parallel(C, (c) =>
        scale.store(c, divF(gamma.load(c), sqrtF(addF(variance.load(c), epsilon)))),
      );
      k.parallel(rows, (row) =>
        k.parallel(C, (c) => {
          const at = add(mul(row, C), c);
          y.store(at, addF(mulF(subF(x.load(at), mean.load(c)), scale.load(c)), beta.load(c)));
        }),
      );
    }),
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
      addColumnSums(k, rows, [sums, products], (at, c) => {
        const g = k.value(dy.load(at), "g");
        return [g, mulF(g, subF(x.load(at), mean.load(c)))];
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
      k.parallel(rows, (row) =>
        k.parallel(C, (c) => {
          const at = add(mul(row, C), c);
          const distance = mulF(subF(x.load(at), mean.load(c)), slope.load(c));
          const centered = subF(dy.load(at), shift.load(c));
          dx.store(at, mulF(factor.load(c), subF(centered, distance)));
        }),
      );
    }),
};

/** `batchNormTraining(x, gamma, beta) {epsilon}`: y, and the mean and biased variance [C]. */
export const batchNormTraining: Operator = {
  name: "batchNormTraining",
  infer: (inputs, attributes) => {
    takes("batchNormTraining", inputs, 3);
    checkChannels("batchNormTraining", inputs[0]!, inputs.slice(1));
    epsilonOf("batchNormTraining", attributes);
    const channels = { dtype: "float32", shape: inputs[1]!.shape } as const;
    return [{ dtype: "float32", shape: inputs[0]!.shape }, channels, channels];
  },
  lower: ({ inputs: [spec], attributes }) =>
    buildKernel("batchNormTraining", (k) => {
      const [rows, C] = sizesOf(spec!);
      const x = k.input("float32", rows * C);
      const gamma = k.input("float32", C, "gamma");
      const beta = k.input("float32", C, "beta");
      const y = k.output("float32", rows * C);
      const mean = k.output("float32", C, "mean");
      const variance = k.output("float32", C, "variance");
      const scale = k.scratch("float32", C, "scale");
      const origin = k.scratch("float32", C, "origin");
      const epsilon = epsilonOf("batchNormTraining", attributes);
      const sample = Math.min(rows, ORIGIN_ROWS);
      k.parallel(C, (c) => {
        const sum = k.register(0, "sum");
        k.loop(sample, (row) => sum.set(addF(sum.get, x.load(add(mul(row, C), c)))));
        origin.store(c, mulF(sum.get, 1 / sample));
      });
      const [sums, squares] = ["sums", "squares"].map((name) => k.scratch("float32", C, name)) as [
        BufferHandle,
        BufferHandle,
      ];
      addColumnSums(k, rows, [sums, squares], (at, c) => {
        const distance = k.value(subF(x.load(at), origin.load(c)), "distance");
        return [distance, mulF(distance, distance)];
      });
      k.parallel(C, (c) => {
        const offset = k.value(mulF(sums.load(c), 1 / rows), "offset");
        const spread = maxF(subF(mulF(squares.load(c), 1 / rows), mulF(offset, offset)), 0);
        const held = k.value(spread, "spread");
        mean.store(c, addF(origin.load(c), offset));
        variance.store(c, held);
        scale.store(c, divF(gamma.load(c), sqrtF(addF(held, epsilon))));
      });
      k.parallel(rows, (row) =>
        k.parallel(C, (c) => {
          const at = add(mul(row, C), c);
          y.store(at, addF(mulF(subF(x.load(at), mean.load(c)), scale.load(c)), beta.load(c)));
        }),
      );
    }),
  gradient: (builder, { attributes }, { inputs, outputs }, [dy, ...statistics]) => {
    // The statistics feed running averages only, through which no gradient flows.
    rule("batchNormTraining", !statistics.some(Boolean), "only y may lead to a loss", "more");
    const [x, gamma] = inputs as [string, string];
    const [, mean, variance] = outputs as [string, string, string];
    return builder.apply(batchNormGradient, [dy!, x, gamma, mean, variance], attributes);
  },
};

/**
 * `updateStatistics(runningMean, runningVariance, mean, variance [C]) {momentum}`: each running
 * value, a state, becomes momentum * itself + (1 - momentum) * that of the batch (as in Keras; the
 * variance stays biased).
 */
export const updateStatistics: Operator = {
  name: "updateStatistics",
  infer: (inputs, attributes) => {
    takes("updateStatistics", inputs, 4);
    const { shape } = inputs[0]!;
    for (const input of inputs) {
      has("updateStatistics", input, "float32", 1);
      shaped("updateStatistics", input, shape);
    }
    const momentum = real("updateStatistics", attributes, "momentum");
    const inRange = momentum >= 0 && momentum < 1;
    rule("updateStatistics", inRange, "momentum must be at least 0 and below 1", momentum);
    return [
      { dtype: "float32", shape },
      { dtype: "float32", shape },
    ];
  },
  updates: { 0: 0, 1: 1 },
  lower: ({ inputs: [spec], attributes }) =>
    buildKernel("updateStatistics", (k) => {
      const C = sizeOf(spec!.shape);
      const momentum = real("updateStatistics", attributes, "momentum");
      const [runningMean, runningVariance, mean, variance] = [
        "runningMean",
        "runningVariance",
        "mean",
        "variance",
      ].map((name) => k.input("float32", C, name)) as [
        BufferHandle,
        BufferHandle,
        BufferHandle,
        BufferHandle,
      ];
      const newMean = k.update("float32", C, "newMean");
      const newVariance = k.update("float32", C, "newVariance");
      const follow = (old: BufferHandle, batch: BufferHandle, to: BufferHandle): void =>
        k.parallel(C, (c) =>
          to.store(c, addF(mulF(momentum, old.load(c)), mulF(1 - momentum, batch.load(c)))),
        );
      follow(runningMean, mean, newMean);
      follow(runningVariance, variance, newVariance);
    }),
};
