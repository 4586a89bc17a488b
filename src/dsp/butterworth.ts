/**
 * Butterworth filters of even order as biquads: the bilinear transform of the analog prototype,
 * with the cutoff pre-warped (Oppenheim and Schafer, section 7.1). With a = tan(pi fc / fs), the
 * section with the pole angle of r = sin(pi (2i + 1) / (2 order)) has the denominator
 * s = a^2 + 2 a r + 1. Designed in float64, rounded to float32 once.
 */
import { PI, sin, tan } from "../base/math.ts";
import type { Biquad } from "../ir/routines/biquad.ts";

/**
 * @param order even, at least 2; gives order / 2 sections, that of the least damped pole first
 * @param cutoffHz half-power frequency, between 0 and sampleRateHz / 2
 */
export function butterworth(
  kind: "low" | "high",
  order: number,
  cutoffHz: number,
  sampleRateHz: number,
): readonly Biquad[] {
  const a = tan((PI * cutoffHz) / sampleRateHz);
  return Array.from({ length: order / 2 }, (_, i) => {
    const r = sin((PI * (2 * i + 1)) / (2 * order));
    const s = a * a + 2 * a * r + 1;
    const gain = kind === "low" ? (a * a) / s : 1 / s;
    return {
      b0: Math.fround(gain),
      b1: Math.fround(kind === "low" ? 2 * gain : -2 * gain),
      b2: Math.fround(gain),
      a1: Math.fround((-2 * (1 - a * a)) / s),
      a2: Math.fround((a * a - 2 * a * r + 1) / s),
    };
  });
}
