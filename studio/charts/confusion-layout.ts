/** The confusion matrix as cells to draw: shares of each row and how strongly they are colored. */

export type ConfusionCell = {
  readonly row: number;
  readonly column: number;
  readonly windows: number;
  /** Of the windows of the row's label, 0 to 1; null where that has none. */
  readonly share: number | null;
  /** Opacity of the cell's color, 0 to 1. */
  readonly strength: number;
  /** On strong colors the text is white. */
  readonly onStrong: boolean;
};

/** From here on white is easier to read than dark text (WCAG contrast of the two is equal). */
const STRONG = 0.74;

/** Rows are true labels, columns predicted ones. */
export function confusionCells(
  confusion: readonly (readonly number[])[],
): readonly ConfusionCell[] {
  return confusion.flatMap((counts, row) => {
    const total = counts.reduce((sum, n) => sum + n, 0);
    return counts.map((windows, column): ConfusionCell => {
      const share = total === 0 ? null : windows / total;
      // A single wrong window among hundreds is still to be seen.
      const strength = share === null || windows === 0 ? 0 : 0.15 + 0.8 * share;
      return { row, column, windows, share, strength, onStrong: strength > STRONG };
    });
  });
}

/** A row's percentage without false precision: 100, 93, 0.4, "" for none. */
export function cellText(share: number | null, windows: number): string {
  if (share === null || windows === 0) return "";
  const value = 100 * share;
  return value > 0 && value < 1 ? value.toFixed(1) : String(Math.floor(value + 0.5));
}
