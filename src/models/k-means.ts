/**
 * K-means as an anomaly score: how far a window lies outside the clusters of known windows.
 * Training standardises the chosen features and clusters them in float64; on the device the
 * operator of `k-means-score.ts` computes the score in float32.
 *
 * A score is the least of (distance to a centroid - largest distance of a member of it): negative
 * inside a cluster, and in units of standard deviations outside.
 */
import { UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";
import {
  type Clustering,
  lloyd,
  type Points,
  seedCentroids,
  squaredDistance,
  standardization,
  standardized,
} from "./k-means-clustering.ts";

export type KMeansOptions = {
  /** At most this many; fewer where there are fewer distinct points. @default 32 */
  readonly clusters?: number;
  readonly seed: number;
  /** Of Lloyd's algorithm, which stops before when no point changes its cluster. @default 30 */
  readonly iterations?: number;
};

/** A trained model; float32, as the device computes with it. */
export type KMeans = {
  readonly dimensions: number;
  /** [dimensions] */
  readonly mean: Float32Array<ArrayBuffer>;
  /** [dimensions], 1 where a feature does not vary. */
  readonly inverseStd: Float32Array<ArrayBuffer>;
  /** [clusters, dimensions], of standardised features. */
  readonly centroids: Float32Array<ArrayBuffer>;
  /** [clusters], the largest distance of a member. */
  readonly maxErrors: Float32Array<ArrayBuffer>;
};

/**
 * Takes some columns of feature rows.
 * @param features [rows, width]
 * @param axes column numbers below `width`
 */
export function selectAxes(
  features: Float32Array | Float64Array,
  width: number,
  axes: readonly number[],
): Points {
  const rows = features.length / width;
  const values = new Float64Array(rows * axes.length);
  for (let row = 0; row < rows; row++)
    axes.forEach((axis, d) => {
      values[row * axes.length + d] = features[row * width + axis]!;
    });
  return { values, dimensions: axes.length };
}

/** @throws UserError without any point, or with a value that is not finite */
export function fitKMeans(points: Points, options: KMeansOptions): KMeans {
  const { dimensions } = points;
  const count = points.values.length / dimensions;
  if (count < 1) throw new UserError("k-means-empty", "k-means: needs at least 1 window, got 0");
  const { mean, inverseStd } = standardization(points);
  const z = standardized(points, mean, inverseStd);
  const clustering = seedCentroids(
    z,
    dimensions,
    Math.min(options.clusters ?? 32, count),
    makeRng(options.seed).fork("k-means"),
  );
  lloyd(z, dimensions, clustering, options.iterations ?? 30);
  return { dimensions, mean, inverseStd, ...pack(z, dimensions, clustering) };
}

/** The score of each point; NaN in a feature gives infinity. */
export function scoreKMeans(model: KMeans, points: Points): Float64Array<ArrayBuffer> {
  const { dimensions, maxErrors } = model;
  const centroids = Float64Array.from(model.centroids);
  const z = standardized(points, model.mean, model.inverseStd);
  const scores = new Float64Array(z.length / dimensions);
  for (let p = 0; p < scores.length; p++) {
    let best = Number.POSITIVE_INFINITY;
    for (let c = 0; c < maxErrors.length; c++) {
      const score = Math.sqrt(squaredDistance(z, p, centroids, c, dimensions)) - maxErrors[c]!;
      if (score < best) best = score;
    }
    scores[p] = best;
  }
  return scores;
}

/**
 * A threshold that a share of unknown recordings of known things stays below: each recording is
 * scored by a model of all the others, and the threshold is a percentile of those scores,
 * interpolated linearly between the nearest two. One recording alone is halved in time, and its
 * halves stand in for recordings.
 * @param groups the points of each recording, in time; empty ones do not count
 * @param options.percentile @default 99
 */
export function leaveOneOutThreshold(
  groups: readonly Points[],
  options: KMeansOptions & { readonly percentile?: number },
): number {
  const filled = groups.filter((group) => group.values.length > 0);
  const parts = filled.length === 1 ? halves(filled[0]!) : filled;
  if (parts.length < 2)
    throw new UserError("k-means-few", "k-means: a threshold needs at least 2 windows, got fewer");
  const scores = parts.flatMap((part, held) => {
    const others = concatenate(parts.filter((_, n) => n !== held));
    return Array.from(scoreKMeans(fitKMeans(others, options), part));
  });
  return percentileOf(scores, options.percentile ?? 99);
}

function halves({ values, dimensions }: Points): readonly Points[] {
  const count = values.length / dimensions;
  const middle = Math.floor(count / 2) * dimensions;
  if (middle === 0) return [];
  return [
    { values: values.subarray(0, middle), dimensions },
    { values: values.subarray(middle), dimensions },
  ];
}

function concatenate(parts: readonly Points[]): Points {
  const values = new Float64Array(parts.reduce((size, part) => size + part.values.length, 0));
  let at = 0;
  for (const part of parts) {
    values.set(part.values, at);
    at += part.values.length;
  }
  return { values, dimensions: parts[0]!.dimensions };
}

/** The percentile, interpolated linearly between the two nearest values. */
function percentileOf(values: readonly number[], percentile: number): number {
  const sorted = Float64Array.from(values).sort();
  const at = (percentile / 100) * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (at - below) * (sorted[above]! - sorted[below]!);
}

/** The clusters that have members, in float32, with the largest distance of a member. */
function pack(
  z: Float64Array,
  dimensions: number,
  { centroids, owners }: Clustering,
): Pick<KMeans, "centroids" | "maxErrors"> {
  const rounded = centroids.map(Math.fround);
  const errors = new Float64Array(centroids.length / dimensions).fill(-1);
  for (let p = 0; p < owners.length; p++) {
    const owner = owners[p]!;
    const error = Math.sqrt(squaredDistance(z, p, rounded, owner, dimensions));
    if (error > errors[owner]!) errors[owner] = error;
  }
  const kept = Array.from(errors.keys()).filter((c) => errors[c]! >= 0);
  return {
    centroids: Float32Array.from(
      kept.flatMap((c) => Array.from(rounded.subarray(c * dimensions, (c + 1) * dimensions))),
    ),
    maxErrors: Float32Array.from(kept, (c) => errors[c]!),
  };
}
