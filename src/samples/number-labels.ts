/**
 * Labels that are numbers, the targets of a regression: `21.5`, or several with commas between them
 * (`21.5, 40`). And the rule that tells numbers to be predicted from numbers that name classes.
 */
import type { Sample } from "./sample.ts";
import { labelsOf } from "./segments.ts";

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** So many classes still go by whole numbers; digits and grades are far fewer. */
export const MOST_NUMBERED_CLASSES = 20;

/** Whether a text is a decimal number. */
export function isNumber(text: string): boolean {
  return NUMBER.test(text.trim());
}

/** The numbers that a label consists of; undefined when anything in it is none. */
export function numbersOf(label: string): readonly number[] | undefined {
  const parts = label.split(",").map((part) => part.trim());
  const numbers = parts.map(Number);
  return parts.every(isNumber) && numbers.every(isStorable) ? numbers : undefined;
}

const isStorable = (value: number): boolean => Number.isFinite(Math.fround(value));

/** The entry of a sample's metadata that names the columns of its label; JSON, a list of names. */
const COLUMNS_KEY = "label columns";

/** Metadata by which the names of numbers last, wherever the sample is kept. */
export function nameNumbers(columns: readonly string[]): { readonly [key: string]: string } {
  return { [COLUMNS_KEY]: JSON.stringify(columns) };
}

/**
 * The names of the `count` numbers that each label holds, if all labelled samples have the same.
 * Metadata comes from anywhere, so anything but names is none.
 */
export function namesOfNumbers(
  samples: readonly Sample[],
  count: number,
): readonly string[] | undefined {
  const labelled = samples.filter((sample) => labelsOf(sample).length > 0);
  const [text, ...others] = new Set(labelled.map(({ metadata }) => metadata[COLUMNS_KEY]));
  if (text === undefined || others.length > 0) return undefined;
  try {
    const names: unknown = JSON.parse(text);
    if (!Array.isArray(names) || names.length !== count) return undefined;
    const isNames = names.every((name) => typeof name === "string" && name !== "");
    return isNames && new Set(names).size === count ? names : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether labels are numbers to be predicted rather than classes: every label is a number, and one
 * has a fraction or there are more than 20 different ones.
 */
export function areQuantities(samples: readonly Sample[]): boolean {
  const labels = new Set(samples.flatMap(labelsOf));
  const numbers = [...labels].map(numbersOf);
  if (numbers.length === 0 || numbers.some((values) => values === undefined)) return false;
  return (
    labels.size > MOST_NUMBERED_CLASSES ||
    numbers.some((values) => values!.length > 1 || !values!.every(Number.isInteger))
  );
}
