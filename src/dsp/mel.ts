/**
 * The mel filter bank: triangles over the bins of a spectrum, equally wide and equally far apart on
 * the mel scale (signal-processing blocks, section 6). Float64, computed when a block is built.
 */
import { exp, log } from "../base/math.ts";

const melOf = (hz: number): number => 1127 * log(1 + hz / 700);
const hzOf = (mel: number): number => 700 * (exp(mel / 1127) - 1);

/**
 * The bins at which the triangles begin, peak and end: triangle i spans edges i to i + 2 and peaks
 * at edge i + 1.
 * @param span what half of the rate is scaled to, as twice a bin: the FFT length. Before version 4 it
 * was the number of bins, which squeezes the bank into the lower half of the spectrum
 * @returns filters + 2 bins from 0 to span / 2, ascending; neighbours may be equal
 */
export function melEdges(
  filters: number,
  span: number,
  sampleRateHz: number,
  lowHz: number,
  highHz: number,
): readonly number[] {
  const low = melOf(lowHz);
  const step = (melOf(highHz) - low) / (filters + 1);
  return Array.from({ length: filters + 2 }, (_, i) => {
    const hz = hzOf(low + i * step) - (i === filters + 1 ? 0.001 : 0);
    // Going to mel and back may fall below 0 by a rounding error.
    return Math.max(0, Math.floor(((span + 1) * hz) / sampleRateHz));
  });
}

/** A filter: its weights of the bins from `first` on. */
export type MelFilter = { readonly first: number; readonly weights: readonly number[] };

/** The triangle between three edges; without weights where they are all the same bin. */
export function melFilter(left: number, middle: number, right: number): MelFilter {
  const first = left < middle ? left + 1 : middle;
  const last = middle < right ? right - 1 : left < middle ? middle : middle - 1;
  const weights = Array.from({ length: last - first + 1 }, (_, i) => {
    const bin = first + i;
    return bin <= middle && left < middle
      ? (bin - left) / (middle - left)
      : (right - bin) / (right - middle);
  });
  return { first, weights };
}

/** The filters between edges. */
export function melFilters(edges: readonly number[]): readonly MelFilter[] {
  return edges.slice(2).map((right, i) => melFilter(edges[i]!, edges[i + 1]!, right));
}
