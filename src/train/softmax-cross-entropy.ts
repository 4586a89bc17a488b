/**
 * `softmaxCrossEntropy(logits [B,C], labels int32 [B], weights [B])`, three outputs:
 * - loss [1]: the sum of weight * -log(softmax(logits)[label]). Weights of 1 / B make it the mean;
 *   class weights and the rows that fill up a last batch (weight 0) are weights as well;
 * - correct int32 [1]: rows of weight above 0 whose largest logit (the first of equals) is at the
 *   label, so that accuracy is counted where the logits are;
 * - probabilities [B,C], which the gradient needs.
 * Labels outside 0 to C - 1 are clamped; check them before.
 */

import type { Operator } from "../graph/graph.ts";
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
  ltF,
  maxF,
  mul,
  mulF,
  select,
  selectF,
  subF,
} from "../ir/build.ts";
import { exp } from "../ir/routines/exp.ts";
import { log } from "../ir/routines/log.ts";

// What is smaller cannot be told from 0 beside the label's own gradient. As 0 it keeps the backward
// pass of a batch that is known by heart out of the slow subnormal numbers, and so does the lowest
// exponent: exp(-80) is still a normal number after the division.
const TINY_PROBABILITY = 1e-15;
const LOWEST_EXPONENT = -80;

/**
 * `softmaxCrossEntropyGradient(probabilities [B,C], labels [B], weights [B], dLoss [1])`:
 * dLoss * weight * (probabilities - one at the label), probabilities below 1e-15 taken as 0.
 */
export const softmaxCrossEntropyGradient: Operator = {
  name: "softmaxCrossEntropyGradient",
  infer: (inputs) => {
    takes("softmaxCrossEntropyGradient", inputs, 4);
    return [{ dtype: "float32", shape: inputs[0]!.shape }];
  },
  lower: ({ inputs: [spec] }) =>
    buildKernel("softmaxCrossEntropyGradient", (k) => {
      const [B, C] = spec!.shape as [number, number];
      const probabilities = k.input("float32", B * C, "probabilities");
      const labels = k.input("int32", B, "labels");
      const weights = k.input("float32", B, "weights");
      const dLoss = k.input("float32", 1, "dLoss");
      const dLogits = k.output("float32", B * C, "dLogits");
      k.parallel(B, (row) => {
        const weight = k.value(mulF(dLoss.load(0), weights.load(row)), "weight");
        k.loop(C, (c) => {
          const at = add(mul(row, C), c);
          const probability = k.value(probabilities.load(at), "probability");
          const felt = selectF(ltF(probability, TINY_PROBABILITY), 0, probability);
          dLogits.store(at, mulF(weight, felt));
        });
        const at = add(mul(row, C), clamp(labels.load(row), 0, C - 1));
        dLogits.store(at, mulF(weight, subF(probabilities.load(at), 1)));
      });
    }),
};

export const softmaxCrossEntropy: Operator = {
  name: "softmaxCrossEntropy",
  infer: (inputs) => {
    takes("softmaxCrossEntropy", inputs, 3);
    const [logits, labels, weights] = inputs;
    has("softmaxCrossEntropy", logits!, "float32", 2);
    has("softmaxCrossEntropy", labels!, "int32");
    has("softmaxCrossEntropy", weights!, "float32");
    shaped("softmaxCrossEntropy", labels!, [logits!.shape[0]!]);
    shaped("softmaxCrossEntropy", weights!, [logits!.shape[0]!]);
    return [
      { dtype: "float32", shape: [1] },
      { dtype: "int32", shape: [1] },
      { dtype: "float32", shape: logits!.shape },
    ];
  },
  lower: ({ inputs: [spec] }) =>
    buildKernel("softmaxCrossEntropy", (k) => {
      const [B, C] = spec!.shape as [number, number];
      const logits = k.input("float32", B * C, "logits");
      const labels = k.input("int32", B, "labels");
      const weights = k.input("float32", B, "weights");
      const loss = k.output("float32", 1, "loss");
      const correct = k.output("int32", 1, "correct");
      const probabilities = k.output("float32", B * C, "probabilities");
      const margins = k.scratch("float32", B, "margins");
      const sums = k.scratch("float32", B, "sums");
      const hits = k.scratch("int32", B, "hits");
      const at = (row: Parameters<typeof mul>[0], c: Parameters<typeof add>[1]) =>
        add(mul(row, C), c);
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
        const label = k.value(clamp(labels.load(row), 0, C - 1), "label");
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
        const rowLoss = subF(call(log, sums.load(row)), margins.load(row));
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
  gradient: (builder, _node, { inputs, outputs }, [dLoss]) => [
    dLoss && builder.one(softmaxCrossEntropyGradient, [outputs[2]!, inputs[1]!, inputs[2]!, dLoss]),
    undefined,
    undefined,
  ],
};
