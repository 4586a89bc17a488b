/**
 * Colors of charts. Labels get sixteen hues that stay apart in both schemes, given out in the order of
 * the sorted labels, so that a label keeps its color from page to page.
 */

const HUES = [
  "#3f7fd1",
  "#e0831f",
  "#2c9f68",
  "#c94f8c",
  "#8066d6",
  "#1c9fb0",
  "#d1504a",
  "#9a9427",
  "#a3714a",
  "#5c6f93",
  "#6aa62b",
  "#b65bc8",
  "#c9a21a",
  "#67aee3",
  "#ef8a80",
  "#2f6f5b",
] as const;

/** The color of one of several labels; null (no label) and strangers are gray. */
export function labelColor(labels: readonly string[], label: string | null): string {
  const index = label === null ? -1 : labels.indexOf(label);
  return index < 0 ? "#8b959e" : HUES[index % HUES.length]!;
}

/** The color of the i-th line of a chart. */
export const lineColor = (i: number): string => HUES[i % HUES.length]!;

export type Scheme = "light" | "dark";

/** Axes and grids of canvas charts, which cannot use the variables of the style sheet. */
export const CHART_INK: {
  readonly [scheme in Scheme]: { readonly text: string; readonly grid: string };
} = {
  light: { text: "#5c6a76", grid: "#e4e9ed" },
  dark: { text: "#9aa8b4", grid: "#2a323a" },
};
