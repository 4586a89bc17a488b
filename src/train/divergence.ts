/** What is said when the loss of a training stops being a number. */

import { sizeOf } from "../tensor/tensor.ts";
import type { FitOptions, TrainingData } from "./fit-options.ts";
import type { TrainableModel } from "./step.ts";

export type Divergence = {
  /** The epoch in which the loss was no longer finite; the training ended with it. */
  readonly epoch: number;
  readonly loss: number;
  /** What most likely helps, one sentence. */
  readonly cure: string;
};

/** Inputs beyond this are no standardized features, which lie within ± 5. */
const LARGE = 100;

/** The most likely cause decides: inputs of any size, then steps without a bound, then the rate. */
export function likelyCure(
  model: TrainableModel,
  { x }: TrainingData,
  train: Int32Array,
  { learningRate, clipNorm }: FitOptions,
): string {
  const size = sizeOf(model.inputShape);
  let largest = 0;
  for (const row of train)
    for (const value of x.subarray(row * size, (row + 1) * size))
      largest = Math.max(largest, Math.abs(value));
  if (largest > LARGE)
    return `Standardize the features: the largest is ${largest.toPrecision(2)}, where about 3 is usual.`;
  if (clipNorm === undefined)
    return `Bound the gradients with clipNorm: 1, or use a lower learning rate, such as ${learningRate / 10}.`;
  return `Use a lower learning rate, such as ${learningRate / 10}.`;
}
