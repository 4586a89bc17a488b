/**
 * `weightedSigmoidCrossEntropy(logits [B,K], targets [B,K] from 0 to 1, weights [B])
 * {positiveWeight, backgroundWeight}`: `binaryCrossEntropy` whose yes counts `positiveWeight` times,
 * but `backgroundWeight` times in the first output, the background: what finds few objects among
 * many empty places.
 */
import type { Operator } from "../graph/graph.ts";
import { eq, selectF } from "../ir/build.ts";
import { sigmoidLoss, sigmoidSlope } from "./binary-cross-entropy.ts";
import { elementLoss } from "./element-loss.ts";
import type { SettingTable } from "./settings.ts";

export const WEIGHTED_SIGMOID_SETTINGS: SettingTable = {
  positiveWeight: { default: 100 },
  backgroundWeight: { default: 1 },
};

type OfElement = Parameters<typeof elementLoss>[0]["loss"];

const weightOf = (
  setting: Parameters<OfElement>[3],
  column: Parameters<OfElement>[4],
): ReturnType<OfElement> =>
  selectF(eq(column(), 0), setting("backgroundWeight"), setting("positiveWeight"));

export const weightedSigmoidCrossEntropy: Operator = elementLoss({
  name: "weightedSigmoidCrossEntropy",
  settings: WEIGHTED_SIGMOID_SETTINGS,
  loss: (k, logit, target, setting, column) =>
    sigmoidLoss(k, logit, target, k.value(weightOf(setting, column), "q")),
  slope: (k, logit, target, setting, column) =>
    sigmoidSlope(k, logit, target, k.value(weightOf(setting, column), "q")),
});
