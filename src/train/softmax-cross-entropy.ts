/**
 * `softmaxCrossEntropy(logits [B,C], labels int32 [B], weights [B]) {labelSmoothing?}`: a row's loss
 * is -log(softmax(logits)[label]); with label smoothing e (Szegedy et al. 2016, section 7) the
 * label's share of the target is 1 - e + e / C and that of each other class e / C, which adds
 * e (logit of the label - mean of the logits). Outputs: see `class-loss.ts`.
 */

import type { Operator } from "../graph/graph.ts";
import { real } from "../graph/operators/rules.ts";
import { addF, call, ltF, mulF, selectF, subF } from "../ir/build.ts";
import { log } from "../ir/routines/log.ts";
import { classLoss } from "./class-loss.ts";
import type { SettingTable } from "./settings.ts";

// What is smaller cannot be told from 0 beside the label's own gradient. As 0 it keeps the backward
// pass of a batch that is known by heart out of the slow subnormal numbers.
const TINY_PROBABILITY = 1e-15;

export const CROSS_ENTROPY_SETTINGS: SettingTable = { labelSmoothing: { default: 0, below: 1 } };

const smoothingOf = (attributes: Parameters<typeof real>[1]): number =>
  "labelSmoothing" in attributes ? real("softmaxCrossEntropy", attributes, "labelSmoothing") : 0;

export const softmaxCrossEntropy: Operator = classLoss({
  name: "softmaxCrossEntropy",
  check: smoothingOf,
  loss: (k, { sum, margin, logit, labelLogit, classes }, attributes) => {
    const loss = subF(call(log, sum), margin);
    const smoothing = smoothingOf(attributes);
    if (smoothing === 0) return loss;
    const logits = k.register(0, "logits");
    k.loop(classes, (c) => logits.set(addF(logits.get, logit(c))));
    return addF(loss, mulF(smoothing, subF(labelLogit(), mulF(logits.get, 1 / classes))));
  },
  gradient: (k, { probability, labelProbability, classes, store, storeLabel }, attributes) => {
    const smoothing = smoothingOf(attributes);
    const share = smoothing / classes;
    k.loop(classes, (c) => {
      const given = k.value(probability(c), "probability");
      const felt = selectF(ltF(given, TINY_PROBABILITY), 0, given);
      store(c, smoothing === 0 ? felt : subF(felt, share));
    });
    storeLabel(subF(labelProbability, smoothing === 0 ? 1 : 1 - smoothing + share));
  },
});
