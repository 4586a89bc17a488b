/**
 * Features as points in a plane, for people: the two principal components of the standardised
 * features, by orthogonal iteration on the data itself (Golub and Van Loan, "Matrix Computations",
 * 4th ed., section 8.2.4), which needs no covariance matrix and so copes with thousands of columns.
 */
import { makeRng } from "../base/rng.ts";
import { argmax } from "../train/metrics.ts";
import type { Evaluation } from "./evaluate.ts";
import type { ProjectWindows } from "./project-windows.ts";

const ITERATIONS = 30;

/** The page draws no more points than this. */
const SCATTER_POINTS = 1500;

export type ScatterPoint = {
  readonly x: number;
  readonly y: number;
  readonly label: string;
  readonly side: "training" | "validation" | "testing";
  /** Whether the int8 network names the label; known for test windows. */
  readonly correct: boolean | null;
};

/**
 * The first two principal components of rows, centred first.
 * @param x rows of `width` values
 * @returns x and y of each row, [rows, 2]; zeros where a component has no variance
 */
export function principalPlane(x: Float32Array, width: number): Float64Array {
  const rows = x.length / width;
  const mean = new Float64Array(width);
  for (let i = 0; i < x.length; i++) mean[i % width]! += x[i]! / rows;
  const project = (axis: Float64Array): Float64Array => {
    const scores = new Float64Array(rows);
    for (let r = 0; r < rows; r++) {
      let sum = 0;
      for (let f = 0; f < width; f++) sum += (x[r * width + f]! - mean[f]!) * axis[f]!;
      scores[r] = sum;
    }
    return scores;
  };
  /** Xᵀ X axis: one step of the power method on the covariance. */
  const step = (axis: Float64Array): Float64Array => {
    const scores = project(axis);
    const next = new Float64Array(width);
    for (let r = 0; r < rows; r++)
      for (let f = 0; f < width; f++) next[f]! += scores[r]! * (x[r * width + f]! - mean[f]!);
    return next;
  };
  const rng = makeRng(1).fork("plane");
  const start = (): Float64Array => Float64Array.from({ length: width }, () => rng.normal());
  let first = normalize(start());
  let second = normalize(start());
  for (let i = 0; i < ITERATIONS; i++) {
    first = normalize(step(first));
    second = normalize(without(step(second), first));
  }
  const [u, v] = [project(upright(first)), project(upright(second))];
  const plane = new Float64Array(2 * rows);
  for (let r = 0; r < rows; r++) {
    plane[2 * r] = u[r]!;
    plane[2 * r + 1] = v[r]!;
  }
  return plane;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function normalize(v: Float64Array): Float64Array {
  const length = Math.sqrt(dot(v, v));
  return length > 1e-30 ? v.map((value) => value / length) : v.fill(0);
}

/** What of `v` is at right angles to the unit vector `u`. */
function without(v: Float64Array, u: Float64Array): Float64Array {
  const along = dot(v, u);
  return v.map((value, i) => value - along * u[i]!);
}

/** An axis and its opposite are one axis: the largest element is made positive. */
function upright(axis: Float64Array): Float64Array {
  const largest = axis.reduce(
    (best, value) => (Math.abs(value) > Math.abs(best) ? value : best),
    0,
  );
  return largest < 0 ? axis.map((value) => -value) : axis;
}

/** Every so many windows as a point, test windows with what the network made of them. */
export function scatterOf(
  x: Float32Array,
  width: number,
  windows: ProjectWindows,
  labels: readonly string[],
  test: Evaluation,
): readonly ScatterPoint[] {
  const every = Math.max(1, Math.ceil(windows.all.count / SCATTER_POINTS));
  const rows = Array.from({ length: windows.all.count }, (_, w) => w).filter(
    (w) => w % every === 0,
  );
  const chosen = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    chosen.set(x.subarray(row * width, (row + 1) * width), i * width);
  });
  const plane = principalPlane(chosen, width);
  const sides = new Map<number, ScatterPoint["side"]>();
  for (const row of windows.train) sides.set(row, "training");
  for (const row of windows.validation) sides.set(row, "validation");
  const verdicts = new Map<number, boolean>();
  windows.test.forEach((row, i) => {
    const predicted = argmax(test.probabilities, i * labels.length, labels.length);
    verdicts.set(row, predicted === windows.dataset.labels[row]);
  });
  return rows.map((row, i) => ({
    x: plane[2 * i]!,
    y: plane[2 * i + 1]!,
    label: labels[windows.dataset.labels[row]!]!,
    side: sides.get(row) ?? "testing",
    correct: verdicts.get(row) ?? null,
  }));
}
