/**
 * The clustering under `k-means.ts`: standardisation, seeding by k-means++ and Lloyd's algorithm,
 * in float64 with a fixed order of sums, so that a seed gives the same clusters on every machine.
 * Points and centroids are rows of flat arrays.
 */
import { UserError } from "../base/errors.ts";
import type { Rng } from "../base/rng.ts";

/** Points in row-major order: `values.length / dimensions` of them. */
export type Points = {
  readonly values: Float32Array | Float64Array;
  readonly dimensions: number;
};

/** Mean and inverse population deviation of each dimension. */
export function standardization({ values, dimensions }: Points): {
  mean: Float32Array<ArrayBuffer>;
  inverseStd: Float32Array<ArrayBuffer>;
} {
  const count = values.length / dimensions;
  const mean = new Float32Array(dimensions);
  const inverseStd = new Float32Array(dimensions);
  for (let d = 0; d < dimensions; d++) {
    let sum = 0;
    for (let i = d; i < values.length; i += dimensions) sum += values[i]!;
    const average = sum / count;
    let squares = 0;
    for (let i = d; i < values.length; i += dimensions) {
      const difference = values[i]! - average;
      squares += difference * difference;
    }
    const std = Math.sqrt(squares / count);
    if (!Number.isFinite(std))
      throw new UserError(
        "k-means-finite",
        `k-means: every feature must be finite, got ${values.find((x) => !Number.isFinite(x))}`,
      );
    mean[d] = average;
    // A constant feature has a deviation of no more than the rounding of its mean.
    inverseStd[d] = std > Math.max(1e-12 * Math.abs(average), 1e-30) ? 1 / std : 1;
  }
  return { mean, inverseStd };
}

export function standardized(
  { values, dimensions }: Points,
  mean: Float32Array,
  inverseStd: Float32Array,
): Float64Array<ArrayBuffer> {
  const z = new Float64Array(values.length);
  for (let i = 0, d = 0; i < z.length; i++, d = d + 1 === dimensions ? 0 : d + 1)
    z[i] = (values[i]! - mean[d]!) * inverseStd[d]!;
  return z;
}

/** Clusters while they are being trained. */
export type Clustering = {
  /** [clusters, dimensions] */
  readonly centroids: Float64Array<ArrayBuffer>;
  /** The cluster of each point. */
  readonly owners: Int32Array<ArrayBuffer>;
};

/** The square of the distance of a point to a centroid. */
export function squaredDistance(
  z: Float64Array,
  point: number,
  centroids: Float64Array,
  cluster: number,
  dimensions: number,
): number {
  let sum = 0;
  for (let d = 0, i = point * dimensions, j = cluster * dimensions; d < dimensions; d++, i++, j++) {
    const difference = z[i]! - centroids[j]!;
    sum += difference * difference;
  }
  return sum;
}

/**
 * k-means++ (Arthur and Vassilvitskii 2007): each next centroid is a point, drawn with the square
 * of its distance to the nearest one so far. Stops early when every point is a centroid.
 */
export function seedCentroids(
  z: Float64Array,
  dimensions: number,
  clusters: number,
  rng: Rng,
): Clustering {
  const count = z.length / dimensions;
  const centroids = new Float64Array(clusters * dimensions);
  const owners = new Int32Array(count);
  const nearest = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  let point = rng.int(count);
  for (let c = 0; ; c++) {
    centroids.set(z.subarray(point * dimensions, (point + 1) * dimensions), c * dimensions);
    let total = 0;
    for (let p = 0; p < count; p++) {
      const distance = squaredDistance(z, p, centroids, c, dimensions);
      if (distance < nearest[p]!) {
        nearest[p] = distance;
        owners[p] = c;
      }
      total += nearest[p]!;
    }
    if (c + 1 === clusters || total === 0)
      return { centroids: centroids.slice(0, (c + 1) * dimensions), owners };
    let rest = rng.float() * total;
    for (let p = 0; p < count && rest >= 0; p++) {
      // Rounding may leave a rest after the last point: the last one that counts stands.
      if (nearest[p]! > 0) point = p;
      rest -= nearest[p]!;
    }
  }
}

/**
 * Lloyd's algorithm in place: centroids move to the means of their members, points to the nearest
 * centroid, until nothing changes. A cluster that loses its members stays where it is.
 *
 * By the triangle inequality a centroid at least twice as far from a point's own as the point is
 * cannot be nearer to it; with the other centroids in order of distance, few are looked at.
 */
export function lloyd(
  z: Float64Array,
  dimensions: number,
  { centroids, owners }: Clustering,
  iterations: number,
): void {
  const clusters = centroids.length / dimensions;
  const order = new Int32Array(clusters * clusters);
  const gaps = new Float64Array(clusters * clusters);
  for (let iteration = 0, changed = true; changed && iteration < iterations; iteration++) {
    moveCentroids(z, dimensions, centroids, owners);
    for (let c = 0; c < clusters; c++) sortNeighbors(centroids, dimensions, c, order, gaps);
    changed = false;
    for (let p = 0; p < owners.length; p++) {
      const from = owners[p]! * clusters;
      const own = squaredDistance(z, p, centroids, owners[p]!, dimensions);
      let least = own;
      for (let n = 1; n < clusters && gaps[from + n]! < 4 * own; n++) {
        const distance = squaredDistance(z, p, centroids, order[from + n]!, dimensions);
        if (distance < least) {
          least = distance;
          owners[p] = order[from + n]!;
          changed = true;
        }
      }
    }
  }
}

function moveCentroids(
  z: Float64Array,
  dimensions: number,
  centroids: Float64Array,
  owners: Int32Array,
): void {
  const members = new Int32Array(centroids.length / dimensions);
  for (const owner of owners) members[owner] = members[owner]! + 1;
  for (let j = 0; j < centroids.length; j++)
    if (members[Math.floor(j / dimensions)]! > 0) centroids[j] = 0;
  for (let p = 0, i = 0; p < owners.length; p++)
    for (let d = 0, j = owners[p]! * dimensions; d < dimensions; d++, i++, j++)
      centroids[j] = centroids[j]! + z[i]!;
  for (let j = 0; j < centroids.length; j++) {
    const count = members[Math.floor(j / dimensions)]!;
    if (count > 0) centroids[j] = centroids[j]! / count;
  }
}

/** Row `c` of `order`: all centroids by their distance to c, itself first; the squares in `gaps`. */
function sortNeighbors(
  centroids: Float64Array,
  dimensions: number,
  c: number,
  order: Int32Array,
  gaps: Float64Array,
): void {
  const clusters = centroids.length / dimensions;
  const start = c * clusters;
  order[start] = c;
  gaps[start] = 0;
  for (let other = 0, filled = 1; other < clusters; other++) {
    if (other === c) continue;
    const gap = squaredDistance(centroids, other, centroids, c, dimensions);
    let at = start + filled++;
    for (; at > start + 1 && gaps[at - 1]! > gap; at--) {
      gaps[at] = gaps[at - 1]!;
      order[at] = order[at - 1]!;
    }
    gaps[at] = gap;
    order[at] = other;
  }
}
