/** How much each training row counts: by its class, and by itself. */
import type { ClassWeights, TrainingData } from "./fit-options.ts";

/** The product of a row's class weight and its own weight. */
export function rowWeights(
  { y, outputs, sampleWeights }: TrainingData,
  train: Int32Array,
  classWeights: ClassWeights,
): (row: number) => number {
  const own = (row: number): number => sampleWeights?.[row] ?? 1;
  if (classWeights === "none" || y instanceof Float32Array) return own;
  const weights = classWeights === "auto" ? balanced(y, train, outputs) : classWeights;
  return (row) => weights[y[row]!]! * own(row);
}

function balanced(y: Int32Array, train: Int32Array, classes: number): readonly number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const row of train) counts[y[row]!]!++;
  return counts.map((count) => (count > 0 ? train.length / (classes * count) : 0));
}
