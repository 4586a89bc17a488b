/**
 * Losses of a choice of one class by softmax. An operator `name(logits [B,C], labels int32 [B],
 * weights [B])` with three outputs:
 * - loss [1]: the sum of weight * the row's loss. Weights of 1 / B make it the mean; class weights and
 *   the rows that fill up a last batch (weight 0) are weights as well;
 * - correct int32 [1]: rows of weight above 0 whose largest logit (the first of equals) is at the
 *   label, so that accuracy is counted where the logits are;
 * - probabilities [B,C], which the gradient needs.
 * Labels outside 0 to C - 1 are clamped; check them before.
 */

import type { Attributes, Operator } from "../graph/graph.ts";
import { has, shaped, takes } from "../graph/operators/rules.ts";
import {
  add,
  addF,
  andB,
  buildKernel,
  call,
  clamp,
  divF,
  eq,
  gtF,
  type Index,
  maxF,
  mul,
  mulF,
  type StatementBuilder,
  select,
  selectF,
  subF,
} from "../ir/build.ts";
import type { Expr } from "../ir/kernel.ts";
import { exp } from "../ir/routines/exp.ts";

// exp(-80) is still a normal number after the division by a sum, and far too small to be felt.
const LOWEST_EXPONENT = -80;

/** A row in the forward pass. */
export type LossRow = {
  readonly classes: number;
  /** The sum of exp(logit - the largest logit). */
  readonly sum: Expr;
  /** The label's logit minus the largest: log p is margin - log(sum). */
  readonly margin: Expr;
  readonly logit: (c: Index) => Expr;
  readonly labelLogit: () => Expr;
};

/** A row in the backward pass; what is stored is multiplied by the row's weight. */
export type GradientRow = {
  readonly classes: number;
  readonly label: Expr;
  readonly labelProbability: Expr;
  readonly probability: (c: Index) => Expr;
  readonly store: (c: Index, value: Expr) => void;
  readonly storeLabel: (value: Expr) => void;
};

/**
 * @param spec.loss of one row
 * @param spec.gradient stores the derivative by each logit of one row
 */
export function classLoss(spec: {
  readonly name: string;
  readonly check: (attributes: Attributes) => void;
  readonly loss: (k: StatementBuilder, row: LossRow, attributes: Attributes) => Expr;
  readonly gradient: (k: StatementBuilder, row: GradientRow, attributes: Attributes) => void;
}): Operator {
  const { name } = spec;

  /** `nameGradient(probabilities [B,C], labels [B], weights [B], dLoss [1])`: by the logits. */
  const gradient: Operator = {
    name: `${name}Gradient`,
    infer: (inputs) => {
      takes(`${name}Gradient`, inputs, 4);
      return [{ dtype: "float32", shape: inputs[0]!.shape }];
    },
    lower: ({ inputs: [given], attributes }) =>
      buildKernel(`${name}Gradient`, (k) => {
        const [B, C] = given!.shape as [number, number];
        const probabilities = k.input("float32", B * C, "probabilities");
        const labels = k.input("int32", B, "labels");
        const weights = k.input("float32", B, "weights");
        const dLoss = k.input("float32", 1, "dLoss");
        const dLogits = k.output("float32", B * C, "dLogits");
        k.parallel(B, (row) => {
          const weight = k.value(mulF(dLoss.load(0), weights.load(row)), "weight");
          const at = (c: Index): Expr => add(mul(row, C), c);
          const label = clamp(labels.load(row), 0, C - 1);
          const store = (c: Index, value: Expr): void => dLogits.store(at(c), mulF(weight, value));
          spec.gradient(
            k,
            {
              classes: C,
              label,
              labelProbability: probabilities.load(at(label)),
              probability: (c) => probabilities.load(at(c)),
              store,
              storeLabel: (value) => store(label, value),
            },
            attributes,
          );
        });
      }),
  };
  return {
    name,
    infer: (inputs, attributes) => {
      takes(name, inputs, 3);
      const [logits, labels, weights] = inputs;
      has(name, logits!, "float32", 2);
      has(name, labels!, "int32");
      has(name, weights!, "float32");
      shaped(name, labels!, [logits!.shape[0]!]);
      shaped(name, weights!, [logits!.shape[0]!]);
      spec.check(attributes);
      return [
        { dtype: "float32", shape: [1] },
        { dtype: "int32", shape: [1] },
        { dtype: "float32", shape: logits!.shape },
      ];
    },
    lower: ({ inputs: [given], attributes }) =>
      buildKernel(name, (k) => {
        const [B, C] = given!.shape as [number, number];
        const logits = k.input("float32", B * C, "logits");
        const labels = k.input("int32", B, "labels");
        const weights = k.input("float32", B, "weights");
        const loss = k.output("float32", 1, "loss");
        const correct = k.output("int32", 1, "correct");
        const probabilities = k.output("float32", B * C, "probabilities");
        const margins = k.scratch("float32", B, "margins");
        const sums = k.scratch("float32", B, "sums");
        const hits = k.scratch("int32", B, "hits");
        const at = (row: Expr, c: Index) => add(mul(row, C), c);
        const labelOf = (row: Expr) => clamp(labels.load(row), 0, C - 1);
        // Logits minus their maximum, and that of the label.
        k.parallel(B, (row) => {
          const largest = k.register(logits.load(at(row, 0)), "largest");
          const best = k.register(0, "best", "int32");
          k.loop(C, (c) => {
            const logit = k.value(logits.load(at(row, c)), "logit");
            const larger = k.value(gtF(logit, largest.get), "larger");
            best.set(select(larger, c, best.get));
            largest.set(selectF(larger, logit, largest.get));
          });
          k.loop(C, (c) => {
            const shifted = subF(logits.load(at(row, c)), largest.get);
            probabilities.store(at(row, c), maxF(LOWEST_EXPONENT, shifted));
          });
          const label = k.value(labelOf(row), "label");
          margins.store(row, subF(logits.load(at(row, label)), largest.get));
          const hit = andB(eq(best.get, label), gtF(weights.load(row), 0));
          hits.store(row, select(hit, 1, 0));
        });
        k.parallel(B * C, (i) => probabilities.store(i, call(exp, probabilities.load(i))));
        k.parallel(B, (row) => {
          const sum = k.register(0, "sum");
          k.loop(C, (c) => sum.set(addF(sum.get, probabilities.load(at(row, c)))));
          sums.store(row, sum.get);
          k.loop(C, (c) =>
            probabilities.store(at(row, c), divF(probabilities.load(at(row, c)), sum.get)),
          );
        });
        k.parallel(B, (row) => {
          const rowLoss = spec.loss(
            k,
            {
              classes: C,
              sum: sums.load(row),
              margin: margins.load(row),
              logit: (c) => logits.load(at(row, c)),
              labelLogit: () => logits.load(at(row, labelOf(row))),
            },
            attributes,
          );
          margins.store(row, mulF(weights.load(row), rowLoss));
        });
        const total = k.register(0, "total");
        const count = k.register(0, "count", "int32");
        k.loop(B, (row) => {
          total.set(addF(total.get, margins.load(row)));
          count.set(add(count.get, hits.load(row)));
        });
        loss.store(0, total.get);
        correct.store(0, count.get);
      }),
    gradient: (builder, { attributes }, { inputs, outputs }, [dLoss]) => [
      dLoss && builder.one(gradient, [outputs[2]!, inputs[1]!, inputs[2]!, dLoss], attributes),
      undefined,
      undefined,
    ],
  };
}
