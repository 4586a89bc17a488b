/**
 * The moments of a batch, by which batch normalisation normalises in training.
 * - `batchMoments(x [...,C])`: mean and biased variance of each channel, [C].
 * - `updateStatistics` follows them in states, for inference.
 *
 * One pass over the batch sums distances and their squares around an origin: the mean of the first
 * rows, so near the mean of all that little cancels.
 */
import {
  add,
  addF,
  type BufferHandle,
  buildKernel,
  maxF,
  mul,
  mulF,
  subF,
} from "../../ir/build.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import type { Operator, TensorSpec } from "../graph.ts";
import { addColumnSums } from "./column-sums.ts";
import { has, real, rule, shaped, takes } from "./rules.ts";

/** Rows whose mean is the origin of the sums of a batch. */
const ORIGIN_ROWS = 16;

/** Rows and channels of [..., C]. */
export const sizesOf = (x: TensorSpec): readonly [rows: number, channels: number] => {
  const channels = x.shape.at(-1)!;
  return [sizeOf(x.shape) / channels, channels];
};

/** `x` is float32 [..., C] and each of `others` float32 [C]. */
export function checkChannels(
  operator: string,
  x: TensorSpec,
  others: readonly TensorSpec[],
): void {
  has(operator, x, "float32");
  rule(operator, x.shape.length >= 2, "x must have at least 2 dimensions", `[${x.shape}]`);
  for (const other of others) {
    has(operator, other, "float32");
    shaped(operator, other, x.shape.slice(-1));
  }
}

/** No gradient flows through it alone; that of `batchNormTraining` includes it. */
export const batchMoments: Operator = {
  name: "batchMoments",
  infer: (inputs) => {
    takes("batchMoments", inputs, 1);
    checkChannels("batchMoments", inputs[0]!, []);
    const channels = { dtype: "float32", shape: inputs[0]!.shape.slice(-1) } as const;
    return [channels, channels];
  },
  lower: ({ inputs: [spec] }) =>
    buildKernel("batchMoments", (k) => {
      const [rows, C] = sizesOf(spec!);
      const x = k.input("float32", rows * C);
      const mean = k.output("float32", C, "mean");
      const variance = k.output("float32", C, "variance");
      const [origin, sums, squares] = ["origin", "sums", "squares"].map((name) =>
        k.scratch("float32", C, name),
      ) as [BufferHandle, BufferHandle, BufferHandle];
      const sample = Math.min(rows, ORIGIN_ROWS);
      k.parallel(C, (c) => {
        const sum = k.register(0, "sum");
        k.loop(sample, (row) => sum.set(addF(sum.get, x.load(add(mul(row, C), c)))));
        origin.store(c, mulF(sum.get, 1 / sample));
      });
      addColumnSums(k, rows, [sums, squares], (c) => {
        const from = k.value(origin.load(c), "from");
        return (at) => {
          const distance = k.value(subF(x.load(at), from), "distance");
          return [distance, mulF(distance, distance)];
        };
      });
      k.parallel(C, (c) => {
        const offset = k.value(mulF(sums.load(c), 1 / rows), "offset");
        const spread = subF(mulF(squares.load(c), 1 / rows), mulF(offset, offset));
        mean.store(c, addF(origin.load(c), offset));
        variance.store(c, maxF(spread, 0));
      });
    }),
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
