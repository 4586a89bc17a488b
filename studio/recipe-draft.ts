/**
 * The recipe of the editor as text, which a person may also write by hand: what can be read of it,
 * and small changes of it that leave everything else as it stands. The server checks it when saved.
 */
import type { Layer } from "../src/models/layer.ts";
import type { LayerField, LayerFields } from "../src/models/layer-fields.ts";
import type { Recipe } from "../src/pipeline/recipe.ts";

/** A recipe that has what the editor touches; undefined when the text is not one. */
export function readDraft(text: string): Recipe | undefined {
  try {
    const json = JSON.parse(text);
    const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;
    const fits = isObject(json) && Array.isArray(json.layers) && isObject(json.training);
    return fits && json.layers.every(isObject) ? (json as Recipe) : undefined;
  } catch {
    return undefined;
  }
}

export const writeDraft = (recipe: Recipe): string => JSON.stringify(recipe, null, 2);

/** Sizes that a new layer has where the table of layers gives none. */
const FIRST_SIZES: { readonly [setting: string]: number } = {
  units: 16,
  filters: 8,
  kernelSize: 3,
};

/** A new layer of a type, with a value for everything that must be given. */
export function newLayer(type: string, fields: LayerFields): Layer {
  const settings = Object.entries(fields)
    .filter(([, field]) => !isOptional(field))
    .map(([name, field]) => [name, firstValue(name, field)]);
  return { type, ...Object.fromEntries(settings) } as Layer;
}

/** Whether a setting may be left out. */
export const isOptional = (field: LayerField): boolean =>
  "fallback" in field && field.fallback !== undefined;

function firstValue(name: string, field: LayerField): unknown {
  switch (field.kind) {
    case "count":
    case "size":
      return FIRST_SIZES[name] ?? 1;
    case "share":
      return 0.25;
    case "amount":
      return 0.1;
    case "flag":
      return false;
    case "choice":
      return field.choices.find((choice) => choice !== "linear");
    case "shape":
      return [1];
    case "layers":
      return [];
  }
}

/** The text of a setting in its input. */
export const settingText = (value: unknown): string =>
  value === undefined ? "" : Array.isArray(value) ? value.join(" x ") : String(value);

/**
 * What was typed into the input of a setting: numbers where they are numbers, several with x, comma
 * or blank between; anything else stays a text, which the server will refuse with its reason.
 */
export function settingValue(text: string, field: LayerField): unknown {
  const parts = text.split(/[\s,x×]+/).filter((part) => part !== "");
  if (parts.length === 0) return undefined;
  const numbers = parts.map(Number);
  if (numbers.some(Number.isNaN)) return text;
  if (field.kind === "shape") return numbers;
  return numbers.length === 1 ? numbers[0] : numbers;
}

/** A copy with a setting changed; undefined takes it away. */
export function withSetting<T extends object>(value: T, name: string, setting: unknown): T {
  const { [name]: _, ...rest } = value as { readonly [key: string]: unknown };
  if (setting === undefined) return rest as T;
  return (name in value ? { ...value, [name]: setting } : { ...rest, [name]: setting }) as T;
}

/** A copy of a list with one element at another place. */
export function moved<T>(list: readonly T[], from: number, to: number): readonly T[] {
  const rest = list.filter((_, i) => i !== from);
  return [...rest.slice(0, to), list[from]!, ...rest.slice(to)];
}
