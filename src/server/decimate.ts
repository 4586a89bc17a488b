/** Signals for a chart: as many points as it can draw, without losing a peak. */

/**
 * One axis of interleaved rows in at most `points` values. A longer one is cut into `points / 2`
 * stretches of equal length, each shown as its minimum and maximum in the order they occur.
 * @param values [rows, axes], row-major
 * @returns a list of values per axis, all of the same length, evenly spaced over the recording
 */
export function decimate(values: Float32Array, axes: number, points: number): number[][] {
  const rows = values.length / axes;
  return Array.from({ length: axes }, (_, axis) => {
    if (rows <= points) return Array.from({ length: rows }, (_, row) => values[row * axes + axis]!);
    const stretches = Math.max(1, Math.floor(points / 2));
    const column: number[] = [];
    for (let s = 0; s < stretches; s++) {
      const start = Math.floor((s * rows) / stretches);
      const end = Math.max(start + 1, Math.floor(((s + 1) * rows) / stretches));
      let low = start;
      let high = start;
      for (let row = start + 1; row < end; row++) {
        const value = values[row * axes + axis]!;
        if (value < values[low * axes + axis]!) low = row;
        if (value > values[high * axes + axis]!) high = row;
      }
      column.push(values[Math.min(low, high) * axes + axis]!);
      column.push(values[Math.max(low, high) * axes + axis]!);
    }
    return column;
  });
}
