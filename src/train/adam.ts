/**
 * Adam (Kingma and Ba 2015) in PyTorch's form:
 *   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g²,  p -= stepSize m / (c sqrt(v) + eps)
 * with stepSize = learningRate / (1 - beta1^t) and c = 1 / sqrt(1 - beta2^t), which change from step
 * to step and are an input; see `adamSchedule`.
 *
 * `adam(p, m, v, g, schedule [2]) {beta1, beta2, epsilon}` updates p, m and v in place.
 */

import type { Operator } from "../graph/graph.ts";
import { has, real, shaped, takes } from "../graph/operators/rules.ts";
import { absF, addF, buildKernel, divF, ltF, mulF, selectF, sqrtF, subF } from "../ir/build.ts";
import type { Expr } from "../ir/kernel.ts";
import { sizeOf } from "../tensor/tensor.ts";

export type AdamAttributes = {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
};

export const ADAM_DEFAULTS: AdamAttributes = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

// Below these a value moves no parameter, since epsilon rules the divisor; as 0 it costs nothing,
// whereas the moments of a unit that has no gradient would fade into subnormal numbers and stay
// there, on which processors calculate a hundred times slower.
const TINY_GRADIENT = 1e-15;
const TINY_MEAN = 1e-20;
const TINY_VARIANCE = 1e-35;

/** 0 in place of magnitudes below `tiny`. */
export const flushed = (value: Expr, tiny: number): Expr =>
  selectF(ltF(absF(value), tiny), 0, value);

export const adam: Operator = {
  name: "adam",
  infer: (inputs, attributes) => {
    takes("adam", inputs, 5);
    const [p, m, v, g, schedule] = inputs;
    for (const input of inputs) has("adam", input, "float32");
    for (const input of [m, v, g]) shaped("adam", input!, p!.shape);
    shaped("adam", schedule!, [2]);
    for (const name of ["beta1", "beta2", "epsilon"]) real("adam", attributes, name);
    const state = { dtype: "float32", shape: p!.shape } as const;
    return [state, state, state];
  },
  updates: { 0: 0, 1: 1, 2: 2 },
  lower: ({ inputs: [spec], attributes }) =>
    buildKernel("adam", (k) => {
      const size = sizeOf(spec!.shape);
      const [p, m, v, g] = ["p", "m", "v", "g"].map((name) => k.input("float32", size, name));
      const schedule = k.input("float32", 2, "schedule");
      const [newP, newM, newV] = ["newP", "newM", "newV"].map((name) =>
        k.update("float32", size, name),
      );
      const beta1 = real("adam", attributes, "beta1");
      const beta2 = real("adam", attributes, "beta2");
      const stepSize = k.value(schedule.load(0), "stepSize");
      const correction = k.value(schedule.load(1), "correction");
      k.parallel(size, (i) => {
        const gradient = k.value(flushed(k.value(g!.load(i), "given"), TINY_GRADIENT), "gradient");
        const first = addF(mulF(beta1, m!.load(i)), mulF(1 - beta1, gradient));
        const square = mulF(mulF(1 - beta2, gradient), gradient);
        const second = addF(mulF(beta2, v!.load(i)), square);
        const mean = k.value(flushed(k.value(first, "first"), TINY_MEAN), "mean");
        const variance = k.value(flushed(k.value(second, "second"), TINY_VARIANCE), "variance");
        const scale = addF(mulF(sqrtF(variance), correction), real("adam", attributes, "epsilon"));
        newM!.store(i, mean);
        newV!.store(i, variance);
        newP!.store(i, subF(p!.load(i), divF(mulF(stepSize, mean), scale)));
      });
    }),
};

/**
 * The `schedule` input of steps 1, 2, …: each call gives the next. The powers are running products
 * in float64.
 */
export function adamSchedule(
  learningRate: number,
  { beta1, beta2 }: AdamAttributes = ADAM_DEFAULTS,
): () => readonly [stepSize: number, correction: number] {
  let power1 = 1;
  let power2 = 1;
  return () => {
    power1 *= beta1;
    power2 *= beta2;
    return [learningRate / (1 - power1), 1 / Math.sqrt(1 - power2)];
  };
}
