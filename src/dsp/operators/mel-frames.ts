/**
 * From a window of sound to the energies of its mel filters, frame by frame: statements that the
 * audio operators add to their kernels. Pre-emphasis is computed where a sample is read, and the
 * power spectrum replaces the spectrum, so that the window stays as it is and the only memory is
 * one spectrum.
 */
import type { Attributes } from "../../graph/graph.ts";
import { integer, real, rule } from "../../graph/operators/rules.ts";
import {
  add,
  addF,
  type BufferHandle,
  clamp,
  eqF,
  ge,
  type KernelBuilder,
  lt,
  max,
  min,
  mul,
  mulF,
  select,
  selectF,
  sub,
  subF,
} from "../../ir/build.ts";
import type { Expr } from "../../ir/kernel.ts";
import { addRealFft, binsOf, fftMultiplications, isFftLength } from "../../ir/routines/rfft.ts";
import { type MelFilter, melFilters } from "../mel.ts";

export type MelFrames = {
  /** Samples of the window. */
  readonly rows: number;
  readonly frames: number;
  /** Samples of a frame and from one start to the next; only the first fftLength are used. */
  readonly frameLength: number;
  readonly frameStride: number;
  readonly fftLength: number;
  /** x[i] - preEmphasis x[i - preShift]; before the window comes its end. */
  readonly preEmphasis: number;
  readonly preShift: number;
  readonly filters: readonly MelFilter[];
};

/** The energy that stands for exactly none. */
const LEAST_ENERGY = 1e-10;

/**
 * Reads the attributes {frames, frameLength, frameStride, fftLength, preEmphasis, preShift, edges}.
 * @throws Error when they do not fit a window of `rows` samples
 */
export function melFramesOf(operator: string, attributes: Attributes, rows: number): MelFrames {
  const of = (name: string): number => integer(operator, attributes, name);
  const [frames, frameLength, frameStride] = [of("frames"), of("frameLength"), of("frameStride")];
  const [fftLength, preShift] = [of("fftLength"), of("preShift")];
  const edges = attributes["edges"] as readonly number[];
  rule(operator, isFftLength(fftLength), "fftLength must be a power of two", fftLength);
  rule(
    operator,
    (frames - 1) * frameStride + frameLength <= rows && preShift < rows,
    `frames must lie within ${rows} samples`,
    `${frames} of ${frameLength}, ${frameStride} apart`,
  );
  rule(
    operator,
    Array.isArray(edges) &&
      edges.length > 2 &&
      edges.every((edge, i) => edge >= (edges[i - 1] ?? 0) && edge < binsOf(fftLength)),
    `edges must be ascending bins below ${binsOf(fftLength)}`,
    edges,
  );
  const filters = melFilters(edges);
  rule(
    operator,
    filters.every(({ weights }) => weights.length > 0),
    "every filter must have a bin",
    edges,
  );
  const preEmphasis = real(operator, attributes, "preEmphasis");
  return { rows, frames, frameLength, frameStride, fftLength, preEmphasis, preShift, filters };
}

/**
 * Puts the power spectrum of a frame, `scale` |X[b]|^2, into elements 0 to fftLength / 2 of
 * `spectrum`, which has the length that `addRealFft` asks for.
 */
export function addFramePower(
  k: KernelBuilder,
  options: MelFrames,
  x: BufferHandle,
  frame: Expr,
  spectrum: BufferHandle,
  scale: number,
): void {
  const { rows, frameLength, frameStride, fftLength, preEmphasis, preShift } = options;
  const used = Math.min(frameLength, fftLength);
  addRealFft(k, spectrum, (i) => {
    const row = k.value(add(mul(frame, frameStride), min(i, used - 1)), "row");
    const ahead = add(min(row, preShift - 1), rows - preShift);
    const before = select(lt(row, preShift), ahead, max(sub(row, preShift), 0));
    const value = subF(x.load(row), mulF(preEmphasis, x.load(before)));
    return used < fftLength ? selectF(lt(i, used), value, 0) : value;
  });
  k.loop(binsOf(fftLength), (bin) => {
    const re = k.value(spectrum.load(mul(bin, 2)), "re");
    const im = k.value(spectrum.load(add(mul(bin, 2), 1)), "im");
    spectrum.store(bin, mulF(addF(mulF(re, re), mulF(im, im)), scale));
  });
}

/** An energy, or the least one where there is none. */
export const notZero = (energy: Expr): Expr => selectF(eqF(energy, 0), LEAST_ENERGY, energy);

/**
 * Gives the energy of each filter, the weighted sum over its bins in ascending order.
 * @param power elements 0 to fftLength / 2 are the powers of the bins
 */
export function addMelEnergies(
  k: KernelBuilder,
  { fftLength, filters }: MelFrames,
  power: BufferHandle,
  give: (filter: Expr, energy: Expr) => void,
): void {
  const all = filters.flatMap(({ weights }) => weights);
  const widths = filters.map((filter) => filter.weights.length);
  const ends = widths.map((_, i) => widths.slice(0, i + 1).reduce((sum, n) => sum + n, 0));
  const starts = ends.map((end, i) => end - widths[i]!);
  const weights = k.constant(Float32Array.from(all), "float32", "mel_weights");
  const places = k.constant(Int16Array.from([...starts, ...ends.slice(-1)]), "int16", "mel_starts");
  const firsts = k.constant(
    Int16Array.from(filters, ({ first }) => first),
    "int16",
    "mel_firsts",
  );
  k.loop(filters.length, (filter) => {
    // The limits change no value: they show the verifier that indices stay within bounds.
    const start = k.value(clamp(places.load(filter), 0, all.length - 1), "start");
    const first = k.value(clamp(firsts.load(filter), 0, fftLength / 2), "first");
    const width = k.value(sub(places.load(add(filter, 1)), start), "width");
    const sum = k.register(0, "sum");
    k.loop(Math.max(...widths), (i) => {
      k.exitIf(ge(i, width));
      const weight = weights.load(min(add(start, i), all.length - 1));
      sum.set(addF(sum.get, mulF(power.load(min(add(first, i), fftLength / 2)), weight)));
    });
    give(filter, notZero(sum.get));
  });
}

/** The sum of the powers of all bins. */
export function addFrameEnergy(
  k: KernelBuilder,
  { fftLength }: MelFrames,
  power: BufferHandle,
): Expr {
  const sum = k.register(0, "energy");
  k.loop(binsOf(fftLength), (bin) => sum.set(addF(sum.get, power.load(bin))));
  return notZero(sum.get);
}

/** Multiplications of one frame, up to its energies. */
export function frameMultiplications({ fftLength, filters }: MelFrames): number {
  const weights = filters.reduce((sum, filter) => sum + filter.weights.length, 0);
  return fftLength + fftMultiplications(fftLength) + 3 * binsOf(fftLength) + weights;
}
