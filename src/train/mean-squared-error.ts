/**
 * `meanSquaredError(predictions [B,K], targets [B,K], weights [B])`: loss [1], the sum over rows of
 * weight * the mean over K of (prediction - target)². Weights of 1 / B make it the mean.
 */

import type { Operator } from "../graph/graph.ts";
import { has, shaped, takes } from "../graph/operators/rules.ts";
import { add, addF, buildKernel, mul, mulF, subF } from "../ir/build.ts";

/** `meanSquaredErrorGradient(predictions, targets, weights, dLoss [1])`: with respect to predictions. */
export const meanSquaredErrorGradient: Operator = {
  name: "meanSquaredErrorGradient",
  infer: (inputs) => {
    takes("meanSquaredErrorGradient", inputs, 4);
    return [{ dtype: "float32", shape: inputs[0]!.shape }];
  },
  lower: ({ inputs: [spec] }) =>
    buildKernel("meanSquaredErrorGradient", (k) => {
      const [B, K] = spec!.shape as [number, number];
      const predictions = k.input("float32", B * K, "predictions");
      const targets = k.input("float32", B * K, "targets");
      const weights = k.input("float32", B, "weights");
      const dLoss = k.input("float32", 1, "dLoss");
      const gradient = k.output("float32", B * K, "gradient");
      k.parallel(B, (row) => {
        const weight = k.value(mulF(mulF(dLoss.load(0), weights.load(row)), 2 / K), "weight");
        k.parallel(K, (column) => {
          const at = add(mul(row, K), column);
          gradient.store(at, mulF(weight, subF(predictions.load(at), targets.load(at))));
        });
      });
    }),
};

export const meanSquaredError: Operator = {
  name: "meanSquaredError",
  infer: (inputs) => {
    takes("meanSquaredError", inputs, 3);
    const [predictions, targets, weights] = inputs;
    for (const input of inputs) has("meanSquaredError", input, "float32");
    has("meanSquaredError", predictions!, "float32", 2);
    shaped("meanSquaredError", targets!, predictions!.shape);
    shaped("meanSquaredError", weights!, [predictions!.shape[0]!]);
    return [{ dtype: "float32", shape: [1] }];
  },
  lower: ({ inputs: [spec] }) =>
    buildKernel("meanSquaredError", (k) => {
      const [B, K] = spec!.shape as [number, number];
      const predictions = k.input("float32", B * K, "predictions");
      const targets = k.input("float32", B * K, "targets");
      const weights = k.input("float32", B, "weights");
      const loss = k.output("float32", 1, "loss");
      const total = k.register(0, "total");
      k.loop(B, (row) => {
        const sum = k.register(0, "sum");
        k.loop(K, (column) => {
          const at = add(mul(row, K), column);
          const error = k.value(subF(predictions.load(at), targets.load(at)), "error");
          sum.set(addF(sum.get, mulF(error, error)));
        });
        total.set(addF(total.get, mulF(mulF(weights.load(row), sum.get), 1 / K)));
      });
      loss.store(0, total.get);
    }),
  gradient: (builder, _node, { inputs: [predictions, targets, weights] }, [dLoss]) => [
    builder.one(meanSquaredErrorGradient, [predictions!, targets!, weights!, dLoss!]),
    undefined,
    undefined,
  ],
};
