/**
 * Stochastic gradient descent with momentum in PyTorch's form: m = momentum m + g, p -= rate m.
 *
 * `sgd(p, m, g, schedule [1]) {momentum}` updates p and m in place; the schedule holds the rate.
 * A momentum below 1e-20 becomes 0, for the reason given in `adam.ts`.
 */

import type { Operator } from "../graph/graph.ts";
import { has, real, shaped, takes } from "../graph/operators/rules.ts";
import { addF, buildKernel, mulF, subF } from "../ir/build.ts";
import { sizeOf } from "../tensor/tensor.ts";
import { flushed } from "./adam.ts";

export const sgd: Operator = {
  name: "sgd",
  infer: (inputs, attributes) => {
    takes("sgd", inputs, 4);
    const [p, m, g, schedule] = inputs;
    for (const input of inputs) has("sgd", input, "float32");
    for (const input of [m, g]) shaped("sgd", input!, p!.shape);
    shaped("sgd", schedule!, [1]);
    real("sgd", attributes, "momentum");
    const state = { dtype: "float32", shape: p!.shape } as const;
    return [state, state];
  },
  updates: { 0: 0, 1: 1 },
  lower: ({ inputs: [spec], attributes }) =>
    buildKernel("sgd", (k) => {
      const size = sizeOf(spec!.shape);
      const [p, m, g] = ["p", "m", "g"].map((name) => k.input("float32", size, name));
      const schedule = k.input("float32", 1, "schedule");
      const [newP, newM] = ["newP", "newM"].map((name) => k.update("float32", size, name));
      const rate = k.value(schedule.load(0), "rate");
      k.parallel(size, (i) => {
        const momentum = mulF(real("sgd", attributes, "momentum"), m!.load(i));
        const sum = k.value(addF(momentum, g!.load(i)), "sum");
        const velocity = k.value(flushed(sum, 1e-20), "velocity");
        newM!.store(i, velocity);
        newP!.store(i, subF(p!.load(i), mulF(rate, velocity)));
      });
    }),
};
