/**
 * Losses that compare numbers one by one: an operator `name(predictions [B,K], targets [B,K],
 * weights [B])` whose output [1] is the sum over rows of weight * the mean over K of the elements'
 * losses (weights of 1 / B make it the mean), and its gradient with respect to the predictions.
 */

import type { Attributes, Operator } from "../graph/graph.ts";
import { has, real, shaped, takes } from "../graph/operators/rules.ts";
import { add, addF, buildKernel, mul, mulF, rem, type StatementBuilder } from "../ir/build.ts";
import type { Expr } from "../ir/kernel.ts";
import type { SettingTable } from "./settings.ts";

type OfElement = (
  k: StatementBuilder,
  prediction: Expr,
  target: Expr,
  setting: (name: string) => number,
  /** Which of the K outputs it is. */
  column: () => Expr,
) => Expr;

/**
 * @param spec.loss of one element
 * @param spec.slope its derivative by the prediction, over `slopeFactor` (default 1)
 */
export function elementLoss(spec: {
  readonly name: string;
  readonly settings?: SettingTable;
  readonly loss: OfElement;
  readonly slope: OfElement;
  readonly slopeFactor?: number;
}): Operator {
  const { name, settings = {}, loss, slope, slopeFactor = 1 } = spec;
  const settingOf =
    (attributes: Attributes) =>
    (setting: string): number =>
      real(name, attributes, setting);

  /** `nameGradient(predictions, targets, weights, dLoss [1])`. */
  const gradient: Operator = {
    name: `${name}Gradient`,
    infer: (inputs) => {
      takes(`${name}Gradient`, inputs, 4);
      return [{ dtype: "float32", shape: inputs[0]!.shape }];
    },
    lower: ({ inputs: [given], attributes }) =>
      buildKernel(`${name}Gradient`, (k) => {
        const [B, K] = given!.shape as [number, number];
        const predictions = k.input("float32", B * K, "predictions");
        const targets = k.input("float32", B * K, "targets");
        const weights = k.input("float32", B, "weights");
        const dLoss = k.input("float32", 1, "dLoss");
        const result = k.output("float32", B * K, "gradient");
        k.parallel(B, (row) => {
          const weighted = mulF(mulF(dLoss.load(0), weights.load(row)), slopeFactor / K);
          const weight = k.value(weighted, "weight");
          k.parallel(K, (column) => {
            const at = add(mul(row, K), column);
            const [prediction, target] = [predictions.load(at), targets.load(at)];
            const [p, t] = [k.value(prediction), k.value(target)];
            const steepness = slope(k, p, t, settingOf(attributes), () => column);
            result.store(at, mulF(weight, steepness));
          });
        });
      }),
  };
  return {
    name,
    infer: (inputs, attributes) => {
      takes(name, inputs, 3);
      const [predictions, targets, weights] = inputs;
      for (const input of inputs) has(name, input, "float32");
      has(name, predictions!, "float32", 2);
      shaped(name, targets!, predictions!.shape);
      shaped(name, weights!, [predictions!.shape[0]!]);
      for (const setting of Object.keys(settings)) real(name, attributes, setting);
      return [{ dtype: "float32", shape: [1] }];
    },
    lower: ({ inputs: [given], attributes }) =>
      buildKernel(name, (k) => {
        const [B, K] = given!.shape as [number, number];
        const predictions = k.input("float32", B * K, "predictions");
        const targets = k.input("float32", B * K, "targets");
        const weights = k.input("float32", B, "weights");
        const output = k.output("float32", 1, "loss");
        const losses = k.scratch("float32", B * K, "losses");
        k.parallel(B * K, (i) => {
          const prediction = k.value(predictions.load(i), "prediction");
          const target = k.value(targets.load(i), "target");
          const column = () => rem(i, K);
          losses.store(i, loss(k, prediction, target, settingOf(attributes), column));
        });
        const total = k.register(0, "total");
        k.loop(B, (row) => {
          const sum = k.register(0, "sum");
          k.loop(K, (column) => {
            sum.set(addF(sum.get, losses.load(add(mul(row, K), column))));
          });
          total.set(addF(total.get, mulF(mulF(weights.load(row), sum.get), 1 / K)));
        });
        output.store(0, total.get);
      }),
    gradient: (builder, { attributes }, { inputs: [predictions, targets, weights] }, [dLoss]) => [
      builder.one(gradient, [predictions!, targets!, weights!, dLoss!], attributes),
      undefined,
      undefined,
    ],
  };
}
