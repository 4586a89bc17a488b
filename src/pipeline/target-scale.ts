/**
 * Numbers to predict are brought to mean 0 and standard deviation 1 for training, whatever their
 * unit. Of a single number the last layer of the trained network takes the change back, which costs
 * nothing on the device. Several numbers share the scale of one int8 tensor, so they stay
 * standardized in the network, and `assemble.ts` puts them back behind it.
 */
import type { Parameter } from "../train/step.ts";
import { fitStandardization, type Standardization, standardizeAll } from "./features.ts";

export type ScaledTargets = {
  /** Standardized numbers, [rows, outputs]. */
  readonly y: Float32Array<ArrayBuffer>;
  readonly scale: Standardization;
};

/** @param rows those that train; mean and deviation are theirs */
export function scaleTargets(
  targets: Float32Array,
  outputs: number,
  rows: ArrayLike<number>,
): ScaledTargets {
  const scale = fitStandardization(targets, outputs, rows);
  return { y: standardizeAll(targets, scale), scale };
}

/**
 * The parameters of a network that gives the numbers themselves: with the last weights w and bias b,
 * w' = w s and b' = b s + mean for each output of deviation s (float64, rounded once).
 * @param parameters in the model's order: weights [n, outputs] and bias of the last layer come last
 */
export function foldTargetScale(
  parameters: readonly Parameter[],
  { mean, inverseStd }: Standardization,
): readonly Parameter[] {
  const [weights, bias] = parameters.slice(-2) as [Parameter, Parameter];
  const outputs = mean.length;
  const deviation = (o: number): number => 1 / inverseStd[o]!;
  return [
    ...parameters.slice(0, -2),
    { ...weights, data: weights.data.map((w, i) => w * deviation(i % outputs)) },
    { ...bias, data: bias.data.map((b, o) => b * deviation(o) + mean[o]!) },
  ];
}
