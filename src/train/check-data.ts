/** The data of a training, checked before anything is built: every rule names what breaks it. */
import { UserError } from "../base/errors.ts";
import { sizeOf } from "../tensor/tensor.ts";
import type { FitOptions, TrainingData } from "./fit-options.ts";
import { resolveLoss } from "./losses.ts";
import type { TrainableModel } from "./step.ts";

/** @throws UserError `training-data`, or `training-options` for a loss that does not fit the data */
export function checkData(
  model: TrainableModel,
  data: TrainingData,
  options: Pick<FitOptions, "loss" | "classWeights" | "validationShare"> = {},
): void {
  const { x, y, outputs, train, validation, sampleWeights, groups } = data;
  const rule = (holds: boolean, text: string, got: unknown): void => {
    if (!holds) throw new UserError("training-data", `train: ${text}, got ${got}`);
  };
  rule(
    Number.isInteger(outputs) && outputs >= 1,
    "outputs must be a whole number of at least 1",
    outputs,
  );
  const { definition } = resolveLoss(y, options.loss);
  if (definition.targets === "labels" && outputs < 2)
    throw new UserError(
      "training-options",
      `train: loss ${definition.operator.name} must have at least 2 outputs, got ${outputs}`,
      "a yes or no in one output is for binaryCrossEntropy, with targets of 0 and 1",
    );
  const sampleSize = sizeOf(model.inputShape);
  const samples = y instanceof Int32Array ? y.length : y.length / outputs;
  rule(Number.isInteger(samples), `targets must be rows of ${outputs}`, `${y.length} values`);
  rule(
    x.length === samples * sampleSize,
    `${samples} samples of [${model.inputShape}] need ${samples * sampleSize} values`,
    x.length,
  );
  rule(train.length > 0, "there must be at least one training row", train.length);
  rule(
    options.validationShare === undefined || validation.length === 0,
    "with a validationShare there must be no validation rows",
    validation.length,
  );
  for (const [name, values] of [
    ["sampleWeights", sampleWeights],
    ["groups", groups],
  ] as const)
    rule(
      values === undefined || values.length === samples,
      `${name} must be one for each of ${samples} samples`,
      values?.length,
    );
  checkRows(data, sampleSize, definition.targets === "shares", rule);
  const { classWeights = "none" } = options;
  if (typeof classWeights === "string") return;
  rule(y instanceof Int32Array, "classWeights are for class labels", "numbers");
  rule(
    classWeights.length === outputs && classWeights.every(isWeight),
    `classWeights must be ${outputs} numbers of at least 0`,
    `[${classWeights}]`,
  );
}

const isWeight = (value: number): boolean => Number.isFinite(value) && value >= 0;

function allFinite(values: Float32Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

/**
 * Every row that trains or validates. What is wrong is put into words only where something is:
 * trial after trial of small networks would leave much garbage else.
 */
function checkRows(
  { x, y, outputs, train, validation, sampleWeights }: TrainingData,
  sampleSize: number,
  isShares: boolean,
  rule: (holds: boolean, text: string, got: unknown) => void,
): void {
  const samples = x.length / sampleSize;
  const checkRow = (row: number): void => {
    const fails = (text: string, got: unknown): void => rule(false, text, got);
    if (!Number.isInteger(row) || row < 0 || row >= samples)
      fails(`row numbers must be from 0 to ${samples - 1}`, row);
    if (!allFinite(x, row * sampleSize, (row + 1) * sampleSize))
      fails(`row ${row} must hold finite values`, "NaN or infinity");
    if (y instanceof Int32Array) {
      const label = y[row]!;
      if (label < 0 || label >= outputs) fails(`labels must be from 0 to ${outputs - 1}`, label);
      return;
    }
    const [start, end] = [row * outputs, (row + 1) * outputs];
    if (!allFinite(y, start, end))
      fails(`the targets of row ${row} must be finite`, "NaN or infinity");
    for (let i = start; isShares && i < end; i++)
      if (y[i]! < 0 || y[i]! > 1) fails(`the targets of row ${row} must be from 0 to 1`, y[i]);
  };
  for (const rows of [train, validation]) for (let i = 0; i < rows.length; i++) checkRow(rows[i]!);
  if (!sampleWeights) return;
  let sum = 0;
  for (let i = 0; i < train.length; i++) {
    const weight = sampleWeights[train[i]!]!;
    rule(isWeight(weight), `the weight of row ${train[i]} must be a number of at least 0`, weight);
    sum += weight;
  }
  rule(sum > 0, "the sampleWeights of the training rows must not all be 0", sum);
}
