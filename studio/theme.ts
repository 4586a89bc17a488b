/**
 * The look: steel blue, small radii, system fonts, figures of equal width. Both color schemes take
 * their surfaces from Mantine; what charts need of it is in `charts/palette.ts`.
 */
import { createTheme, type MantineColorsTuple } from "@mantine/core";

const steel: MantineColorsTuple = [
  "#eff5f9",
  "#dde8f0",
  "#b8cfdf",
  "#90b4cd",
  "#6f9dbe",
  "#598eb4",
  "#4c86b0",
  "#3c739b",
  "#31678b",
  "#20597b",
];

/** Mantine's grays of the dark scheme, turned towards the blue of the page. */
const dark: MantineColorsTuple = [
  "#dfe6ec",
  "#c3ced7",
  "#9aa8b4",
  "#75838f",
  "#43505a",
  "#303941",
  "#262e35",
  "#1b2126",
  "#14181c",
  "#0f1215",
];

export const theme = createTheme({
  colors: { steel, dark },
  primaryColor: "steel",
  primaryShade: { light: 8, dark: 7 },
  defaultRadius: "sm",
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace:
    'ui-monospace, "Cascadia Code", Menlo, Consolas, "Liberation Mono", monospace',
  headings: { fontWeight: "600", sizes: { h1: { fontSize: "1.35rem" }, h2: { fontSize: "1rem" } } },
  cursorType: "pointer",
});
