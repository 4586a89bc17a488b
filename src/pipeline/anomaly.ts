/**
 * Fits the anomaly score of a project: k-means on the chosen features of all training recordings,
 * with a threshold from scores of recordings that were left out.
 */
import { UserError } from "../base/errors.ts";
import { fitKMeans, type KMeans, leaveOneOutThreshold, selectAxes } from "../models/k-means.ts";
import type { Windows } from "../samples/windows.ts";
import { extractFeatures, type PreparedBlock } from "./features.ts";
import type { AnomalyRecipe } from "./recipe.ts";

export type AnomalyModel = {
  readonly block: PreparedBlock;
  /** Indices of the scored features among the block's. */
  readonly axes: readonly number[];
  readonly kMeans: KMeans;
  /** Scores above it are flagged. */
  readonly threshold: number;
};

/**
 * @param rows the windows of all training recordings, those that validate included
 * @param prepared the block of the recipe
 * @param features of all windows, where they are at hand already
 * @throws UserError `anomaly-feature` for a feature that the block does not have
 */
export async function fitAnomaly(
  recipe: AnomalyRecipe,
  options: {
    readonly seed: number;
    readonly windows: Windows;
    readonly rows: Int32Array;
    readonly prepared: PreparedBlock;
    readonly features?: Float32Array;
    readonly signal?: AbortSignal;
  },
): Promise<AnomalyModel> {
  const { prepared, windows, rows, seed } = options;
  const axes = recipe.features.map((name) => {
    const index = prepared.labels.indexOf(name);
    if (index >= 0) return index;
    throw new UserError(
      "anomaly-feature",
      `anomaly: features must be those of the block, got "${name}"`,
      `The block ${recipe.block.type} has ${prepared.labels.slice(0, 12).join(", ")}${prepared.labels.length > 12 ? ", …" : ""}.`,
    );
  });
  const control = options.signal ? { signal: options.signal } : {};
  const features = options.features ?? (await extractFeatures(prepared, windows, control));
  const width = prepared.labels.length;

  /** The scored features of each recording, in time. */
  const groups = new Map<string, number[]>();
  for (const row of rows) {
    const { name } = windows.parts[windows.partOf[row]!]!.sample;
    const group = groups.get(name);
    if (group) group.push(row);
    else groups.set(name, [row]);
  }
  const recordings = [...groups.values()].map((own) =>
    selectAxes(takeRows(features, width, own), width, axes),
  );
  const kMeansOptions = { clusters: recipe.clusters, seed };
  const threshold = leaveOneOutThreshold(recordings, {
    ...kMeansOptions,
    percentile: recipe.percentile,
  });
  const all = selectAxes(takeRows(features, width, [...groups.values()].flat()), width, axes);
  // The device compares float32 scores with it.
  return {
    block: prepared,
    axes,
    kMeans: fitKMeans(all, kMeansOptions),
    threshold: Math.fround(threshold),
  };
}

/** Share of scores above the threshold; 0 without scores. */
export function shareAbove(scores: Float32Array, threshold: number): number {
  let above = 0;
  for (const score of scores) if (!(score <= threshold)) above++;
  return scores.length === 0 ? 0 : above / scores.length;
}

function takeRows(features: Float32Array, width: number, rows: readonly number[]): Float32Array {
  const taken = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    taken.set(features.subarray(row * width, (row + 1) * width), i * width);
  });
  return taken;
}
