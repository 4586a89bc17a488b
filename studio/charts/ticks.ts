/** Round numbers for axes: steps of 1, 2 or 5 times a power of ten. */

/** About `target` round values that lie within [low, high]. */
export function ticks(low: number, high: number, target: number): readonly number[] {
  const span = high - low;
  if (!(span > 0) || target < 1) return [];
  const rough = span / target;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  // 0.3 / 0.1 is a little less than 3.
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => round((first + i) * step));
}

/** Without the noise of binary fractions: 0.30000000000000004 is 0.3. */
const round = (value: number): number => Number(value.toPrecision(12));
