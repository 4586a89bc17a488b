/**
 * The Fourier transform of N real samples, N a power of two: statements that a lowering adds to
 * its kernel. Even and odd samples are taken as the real and imaginary parts of N/2 complex
 * numbers, transformed by decimation in time, radix 2, in place, and separated (Cooley and Tukey
 * 1965; Sorensen et al. 1987, "Real-valued fast Fourier transform algorithms").
 *
 * The stages are one loop over flat butterfly numbers, so that the code is small and the same for
 * every N. The masks change no value: they show the verifier that indices stay within bounds.
 */
import { cos, PI } from "../../base/math.ts";
import {
  add,
  addF,
  and,
  type BufferHandle,
  clz,
  i32,
  type KernelBuilder,
  mulF,
  shl,
  shr,
  sub,
  subF,
  xor,
} from "../build.ts";
import type { Expr } from "../kernel.ts";

/** True for the powers of two from 4 to 65536. */
export function isFftLength(length: number): boolean {
  const isWhole = Number.isInteger(length) && length >= 4 && length <= 65536;
  return isWhole && (length & (length - 1)) === 0;
}

/** Number of frequency bins of a real transform: 0 to N/2. */
export const binsOf = (fftLength: number): number => fftLength / 2 + 1;

/** Number of float32 elements that the spectrum of a real transform of length N takes. */
export const spectrumLength = (fftLength: number): number => fftLength + 2;

/** Multiplications of one transform. */
export function fftMultiplications(fftLength: number): number {
  const half = fftLength / 2;
  return 2 * half * (31 - Math.clz32(half)) + 8 * (half / 2 + 1);
}

/**
 * cos(2 pi i / N) for i below 3N/4, so that exp(-2 pi i k / N) is entry k plus entry k + N/4 times
 * the imaginary unit. Angles are folded into the first quarter, where zeros and ones are exact.
 */
function cosines(fftLength: number): Float32Array {
  const quarter = fftLength / 4;
  return Float32Array.from({ length: 3 * quarter }, (_, i) => {
    const folded = i > 2 * quarter ? 4 * quarter - i : i;
    if (folded === quarter) return 0;
    return folded < quarter
      ? cos((2 * PI * folded) / fftLength)
      : -cos((2 * PI * (2 * quarter - folded)) / fftLength);
  });
}

/**
 * Transforms N samples; X[b] = sum over i of sample(i) exp(-2 pi i b / N).
 * @param spectrum float32 of N + 2 elements, receives bins 0 to N/2 as real, imaginary pairs
 * @param sample the i-th sample, for an int32 expression i in 0 to N - 1; evaluated once for each
 */
export function addRealFft(
  k: KernelBuilder,
  spectrum: BufferHandle,
  sample: (index: Expr) => Expr,
): void {
  const fftLength = spectrum.length - 2;
  if (!isFftLength(fftLength))
    throw new Error(`rfft: the length must be a power of two of at least 4, got ${fftLength}`);
  const table = k.constant(cosines(fftLength), "float32", "cosines");
  addReversedLoad(k, spectrum, sample);
  addButterflies(k, spectrum, table);
  addSeparation(k, spectrum, table);
}

/** Puts the pair of samples 2p, 2p + 1 where the bits of p, read backwards, say. */
function addReversedLoad(
  k: KernelBuilder,
  spectrum: BufferHandle,
  sample: (index: Expr) => Expr,
): void {
  const size = spectrum.length / 2 - 1;
  const reversed = k.register(0, "reversed", "int32");
  k.loop(size, (p) => {
    const place = k.value(shl(and(reversed.get, size - 1), 1), "place");
    k.loop(2, (part) => spectrum.store(add(place, part), sample(add(shl(p, 1), part))));
    // Counting up flips the trailing ones of p and the zero above them: as many leading bits here.
    const flipped = sub(32, clz(xor(p, add(p, 1))));
    reversed.set(xor(reversed.get, xor(size - 1, shr(i32(size - 1), flipped))));
  });
}

/** The complex transform of size N/2 of reversed values. */
function addButterflies(k: KernelBuilder, z: BufferHandle, table: BufferHandle): void {
  const size = z.length / 2 - 1;
  const stages = 31 - Math.clz32(size);
  k.loop(stages, (stage) => {
    const half = k.value(shl(i32(1), stage), "half");
    k.loop(size / 2, (butterfly) => {
      const j = k.value(and(butterfly, sub(half, 1)), "j");
      const first = k.value(and(sub(shl(butterfly, 1), j), size - 1), "first");
      const top = k.value(shl(first, 1), "top");
      const bottom = k.value(shl(and(add(first, half), size - 1), 1), "bottom");
      const angle = k.value(and(shl(j, sub(stages, stage)), size - 1), "angle");
      const c = k.value(table.load(angle), "c");
      const s = k.value(table.load(add(angle, size / 2)), "s");
      const re = k.value(z.load(bottom), "re");
      const im = k.value(z.load(add(bottom, 1)), "im");
      const turnedRe = k.value(subF(mulF(re, c), mulF(im, s)), "turned_re");
      const turnedIm = k.value(addF(mulF(re, s), mulF(im, c)), "turned_im");
      const topRe = k.value(z.load(top), "top_re");
      const topIm = k.value(z.load(add(top, 1)), "top_im");
      z.store(top, addF(topRe, turnedRe));
      z.store(add(top, 1), addF(topIm, turnedIm));
      z.store(bottom, subF(topRe, turnedRe));
      z.store(add(bottom, 1), subF(topIm, turnedIm));
    });
  });
}

/**
 * From the transform Z of the pairs to the bins of the samples. With E and O the transforms of the
 * even and the odd samples and w = exp(-2 pi i b / N): X[b] = E[b] + w O[b], and X[N/2 - b] is the
 * conjugate of E[b] - w O[b].
 */
function addSeparation(k: KernelBuilder, z: BufferHandle, table: BufferHandle): void {
  const size = z.length / 2 - 1;
  z.store(2 * size, z.load(0));
  z.store(2 * size + 1, z.load(1));
  k.loop(size / 2 + 1, (b) => {
    const low = k.value(shl(b, 1), "low");
    const high = k.value(sub(2 * size, low), "high");
    const lowRe = k.value(z.load(low), "low_re");
    const lowIm = k.value(z.load(add(low, 1)), "low_im");
    const highRe = k.value(z.load(high), "high_re");
    const highIm = k.value(z.load(add(high, 1)), "high_im");
    const evenRe = k.value(mulF(0.5, addF(lowRe, highRe)), "even_re");
    const evenIm = k.value(mulF(0.5, subF(lowIm, highIm)), "even_im");
    const oddRe = k.value(mulF(0.5, addF(lowIm, highIm)), "odd_re");
    const oddIm = k.value(mulF(0.5, subF(highRe, lowRe)), "odd_im");
    const c = k.value(table.load(b), "c");
    const s = k.value(table.load(add(b, size / 2)), "s");
    const turnedRe = k.value(subF(mulF(oddRe, c), mulF(oddIm, s)), "turned_re");
    const turnedIm = k.value(addF(mulF(oddRe, s), mulF(oddIm, c)), "turned_im");
    z.store(low, addF(evenRe, turnedRe));
    z.store(add(low, 1), addF(evenIm, turnedIm));
    z.store(high, subF(evenRe, turnedRe));
    z.store(add(high, 1), subF(turnedIm, evenIm));
  });
}
