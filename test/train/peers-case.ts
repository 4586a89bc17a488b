/**
 * The training cases that are compared with Keras and PyTorch: networks A to E of the benchmark
 * without their dropout, where they start, and ten different batches, all from one seed. The golden
 * files hold what the peers came to; `make-peers.ts` makes them, `peers.test.ts` reads them.
 */
import { readFileSync } from "node:fs";
import { WORKLOADS, type Workload } from "../../bench/workloads.ts";
import { makeRng, type Rng } from "../../src/base/rng.ts";
import { makeModel } from "../../src/models/layers.ts";
import type { AdamAttributes } from "../../src/train/adam.ts";
import type { Parameter, TrainableModel } from "../../src/train/step.ts";

export const SEED = 2411;
export const STEPS = 10;
/**
 * Biases before batch normalization have no gradient but rounding errors of some 1e-8, which an
 * epsilon of 1e-7 or less lets Adam blow up to steps of random sign; this one keeps them where they are.
 */
export const ADAM: AdamAttributes = { beta1: 0.9, beta2: 0.999, epsilon: 1e-5 };

/**
 * With batch normalization, ten steps at 1e-3 are chaotic: of C, PyTorch in float32 and in float64
 * end up with weights 3e-2 apart and losses 4e-3; of D, Keras and PyTorch 3e-3 and 3e-4. A rounding error moves a value over the kink of a
 * ReLU now and then, and each step more than doubles what follows from it. Smaller steps do not.
 */
const LEARNING_RATES: { readonly [letter: string]: number } = { C: 5e-5, D: 1e-4 };

export type Case = {
  readonly workload: Workload;
  readonly model: TrainableModel;
  readonly learningRate: number;
  /** The rows of all batches, one after another. */
  readonly x: Float32Array;
  readonly y: Int32Array;
};

export function caseOf(letter: string): Case {
  const { layers, ...rest } = WORKLOADS[letter]!;
  const workload = { ...rest, layers: layers.filter(({ type }) => type !== "dropout") };
  const rng = makeRng(SEED).fork(letter);
  const made = makeModel(workload.layers, workload.inputShape, workload.outputs, SEED);
  const model = { ...made, parameters: made.parameters.map((p) => started(p, rng.fork(p.name))) };
  const learningRate = LEARNING_RATES[letter] ?? 1e-3;
  return { workload, model, learningRate, ...batches(workload, rng.fork("batches")) };
}

/** Biases, scales and shifts that are not all the same, so that a swapped one shows. */
function started(parameter: Parameter, rng: Rng): Parameter {
  if (/\.(bias|beta)$/.test(parameter.name))
    return { ...parameter, data: parameter.data.map(() => rng.uniform(-0.1, 0.1)) };
  if (parameter.name.endsWith(".gamma"))
    return { ...parameter, data: parameter.data.map(() => rng.uniform(0.8, 1.2)) };
  return parameter;
}

/** Values around a center for each class, so that there is something to learn. */
function batches({ inputShape, outputs, batch }: Workload, rng: Rng): Pick<Case, "x" | "y"> {
  const size = inputShape.reduce((product, n) => product * n, 1);
  const centers = Array.from({ length: outputs }, () => pattern(inputShape, rng));
  const y = Int32Array.from({ length: STEPS * batch }, () => rng.int(outputs));
  const x = Float32Array.from(
    { length: y.length * size },
    (_, i) => centers[y[Math.floor(i / size)]!]![i % size]! + rng.uniform(-NOISE, NOISE),
  );
  return { x, y };
}

const NOISE = 0.5;
/** Cells along each dimension in which a pattern has the same value. */
const CELLS = 5;

/** A coarse random picture of that shape: neighbors are alike, as in recordings. */
function pattern(shape: readonly number[], rng: Rng): Float64Array {
  const cells = Float64Array.from({ length: CELLS ** 3 }, () => rng.uniform(-1, 1));
  const size = shape.reduce((product, n) => product * n, 1);
  return Float64Array.from({ length: size }, (_, i) => {
    let [rest, cell] = [i, 0];
    for (const n of shape.toReversed()) {
      cell = cell * CELLS + Math.floor(((rest % n) * CELLS) / n);
      rest = Math.floor(rest / n);
    }
    return cells[cell]!;
  });
}

/**
 * A tensor as the golden files hold it. Those of A and B, and those of up to `SUMS` elements, are
 * whole. A larger one is its norm and `SUMS` sums of its elements with random signs: the square of
 * a difference of two such sums is the square of the norm of the tensors' difference on average
 * (Johnson and Lindenstrauss 1984; Achlioptas 2003), so the root of the mean of 64 squares is that
 * norm within some 9 %, in a hundredth or less of the bytes.
 */
export type Digest = { readonly norm: number; readonly values?: string; readonly sums?: string };

export type Golden = {
  readonly losses: { readonly [peer: string]: readonly number[] };
  readonly parameters: { readonly [name: string]: { readonly [peer: string]: Digest } };
};

export const GOLDEN_FOLDER: URL = new URL("../golden/training/", import.meta.url);

export const goldenOf = (letter: string): Golden =>
  JSON.parse(readFileSync(new URL(`${letter}.json`, GOLDEN_FOLDER), "utf8")) as Golden;

const SUMS = 64;

export const normOf = (values: ArrayLike<number>): number => {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i]! * values[i]!;
  return Math.sqrt(squares);
};

/** What is compared of a tensor: its values, or the sums with the signs of its name. */
export function sketch(letter: string, name: string, values: Float32Array): Float32Array {
  if (letter === "A" || letter === "B" || values.length <= SUMS) return values;
  const { u32 } = makeRng(SEED).fork(`signs of ${name}`);
  const sums = new Float64Array(SUMS);
  for (const value of values)
    for (let word = 0; word < SUMS; word += 32) {
      const signs = u32();
      for (let bit = 0; bit < 32; bit++) sums[word + bit]! += (signs >>> bit) & 1 ? value : -value;
    }
  return Float32Array.from(sums);
}

export function digest(letter: string, name: string, values: Float32Array): Digest {
  const kept = sketch(letter, name, values);
  const text = Buffer.from(kept.buffer, kept.byteOffset, kept.byteLength).toString("base64");
  return { norm: normOf(values), ...(kept === values ? { values: text } : { sums: text }) };
}

/** Norms of what a tensor is away from a reference, of what that moved, and of the reference. */
export type Distance = { readonly apart: number; readonly moved: number; readonly norm: number };

/** @param sketched the tensor and its start, as `sketch` gives them */
export function distance(
  sketched: { readonly end: Float32Array; readonly start: Float32Array },
  reference: Digest,
): Distance {
  const bytes = Uint8Array.from(Buffer.from((reference.values ?? reference.sums)!, "base64"));
  const theirs = new Float32Array(bytes.buffer);
  const scale = reference.sums ? 1 / Math.sqrt(SUMS) : 1;
  const fromTheirs = (ours: Float32Array): number =>
    scale * normOf(ours.map((value, i) => value - theirs[i]!));
  return {
    apart: fromTheirs(sketched.end),
    moved: fromTheirs(sketched.start),
    norm: reference.norm,
  };
}

/**
 * Biases whose output goes straight into batch normalization, which takes the mean away again: their
 * gradient is zero but for rounding.
 */
export function freeBiases({ parameters }: TrainableModel): ReadonlySet<string> {
  const names = parameters.map(({ name }) => name);
  return new Set(
    names.filter((name, n) => name.endsWith(".bias") && /\.gamma$/.test(names[n + 1] ?? "")),
  );
}
