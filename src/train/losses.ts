/**
 * The losses by name, each with the kind of target it compares with. A new one is its own file and
 * its line here.
 */
import { UserError } from "../base/errors.ts";
import type { Attributes, Operator } from "../graph/graph.ts";
import { BINARY_SETTINGS, binaryCrossEntropy } from "./binary-cross-entropy.ts";
import { FOCAL_SETTINGS, focal } from "./focal.ts";
import { HUBER_SETTINGS, huber } from "./huber.ts";
import { LOG_LOSS_SETTINGS, logLoss } from "./log-loss.ts";
import { meanAbsoluteError } from "./mean-absolute-error.ts";
import { meanSquaredError } from "./mean-squared-error.ts";
import { type Choice, chosen, type SettingTable, settingsOf } from "./settings.ts";
import { CROSS_ENTROPY_SETTINGS, softmaxCrossEntropy } from "./softmax-cross-entropy.ts";
import {
  WEIGHTED_SIGMOID_SETTINGS,
  weightedSigmoidCrossEntropy,
} from "./weighted-sigmoid-cross-entropy.ts";

export type LossDefinition = {
  /** Takes outputs of the model [B,K], targets, and weights of the rows [B]; gives the loss first. */
  readonly operator: Operator;
  readonly settings: SettingTable;
  /**
   * Labels: one class number a row. Numbers: K a row. Shares: K a row from 0 to 1, each a yes (1) or
   * no (0) of its own.
   */
  readonly targets: "labels" | "numbers" | "shares";
  /** Whether the model's outputs are probabilities as they are, not before softmax or sigmoid. */
  readonly ofProbabilities?: true;
};

const ALL: readonly LossDefinition[] = [
  { operator: softmaxCrossEntropy, settings: CROSS_ENTROPY_SETTINGS, targets: "labels" },
  { operator: focal, settings: FOCAL_SETTINGS, targets: "labels" },
  { operator: meanSquaredError, settings: {}, targets: "numbers" },
  { operator: meanAbsoluteError, settings: {}, targets: "numbers" },
  { operator: huber, settings: HUBER_SETTINGS, targets: "numbers" },
  { operator: binaryCrossEntropy, settings: BINARY_SETTINGS, targets: "shares" },
  {
    operator: weightedSigmoidCrossEntropy,
    settings: WEIGHTED_SIGMOID_SETTINGS,
    targets: "shares",
  },
  { operator: logLoss, settings: LOG_LOSS_SETTINGS, targets: "shares", ofProbabilities: true },
];

export const LOSSES: ReadonlyMap<string, LossDefinition> = new Map(
  ALL.map((definition) => [definition.operator.name, definition]),
);

/** A name of `LOSSES` with any of its settings: `{ name: "huber", delta: 0.5 }`. */
export type Loss = Choice;

/**
 * The loss for these targets: as chosen, else cross-entropy for labels, squared error for numbers.
 * @param y labels as Int32Array, numbers as Float32Array
 * @throws UserError `training-options` for an unknown name or setting, or a loss that does not fit y
 */
export function resolveLoss(
  y: Int32Array | Float32Array,
  loss?: Loss,
): { readonly definition: LossDefinition; readonly settings: Attributes } {
  const labels = y instanceof Int32Array;
  const given = loss ?? { name: labels ? "softmaxCrossEntropy" : "meanSquaredError" };
  const definition = chosen("loss", given.name, LOSSES);
  const settings = settingsOf(`loss ${given.name}`, given, definition.settings);
  if (labels !== (definition.targets === "labels")) {
    const fitting = ALL.filter((d) => labels === (d.targets === "labels"));
    const [needed, got] = labels ? ["numbers", "class labels"] : ["class labels", "numbers"];
    throw new UserError(
      "training-options",
      `train: the targets of loss ${given.name} must be ${needed}, got ${got}`,
      `for these data use ${fitting.map((d) => d.operator.name).join(", ")}`,
    );
  }
  return { definition, settings };
}
