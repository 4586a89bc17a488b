/** What the anomaly score looks at by default. */
import type { AnomalyRecipe, BlockRecipe } from "./recipe.ts";

/**
 * The default anomaly score: the RMS of each axis about its mean. Spectral analysis has removed
 * the mean and calls it RMS; flatten calls it the standard deviation; for any other block, a
 * flatten block of its own computes it.
 */
export function anomalyFor(
  block: BlockRecipe,
  labels: readonly string[],
  axes: readonly string[],
): AnomalyRecipe {
  const named = (name: string): string[] => axes.map((axis) => `${axis} ${name}`);
  const has = (features: readonly string[]): boolean =>
    features.every((feature) => labels.includes(feature));
  const rest = { type: "k-means", clusters: 32, percentile: 99 } as const;
  const deviation = named("Standard deviation");
  if (block.type === "spectral") return { ...rest, block, features: named("RMS") };
  if (has(deviation)) return { ...rest, block, features: deviation };
  const off = ["average", "minimum", "maximum", "rms", "skewness", "kurtosis"];
  const params = Object.fromEntries(off.map((name) => [name, false]));
  return { ...rest, block: { type: "flatten", params }, features: deviation };
}
