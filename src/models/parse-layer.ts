/**
 * Reads layers from JSON that nobody has checked. Kinds and keys are checked here, by
 * `LAYER_FIELDS`; sizes that must fit together when the network is made.
 */
import { UserError } from "../base/errors.ts";
import type { Layer } from "./layer.ts";
import { LAYER_FIELDS, type LayerField, type LayerFields } from "./layer-fields.ts";

/** How the reader of a file complains; paths are like `layers[2].rate`. */
export type LayerComplaints = {
  readonly wrong: (path: string, rule: string, value: unknown) => Error;
  readonly unknownKey: (path: string, key: string, known: readonly string[]) => Error;
};

const MAX_LAYERS = 256;
const MAX_DEPTH = 4;
const MAX_COUNT = 1_048_576;

/** @throws what `complaints` make of a list that is none of layers */
export function parseLayers(
  path: string,
  value: unknown,
  complaints: LayerComplaints,
  depth = 0,
): readonly Layer[] {
  if (!Array.isArray(value)) throw complaints.wrong(path, "must be a list", value);
  if (value.length > MAX_LAYERS)
    throw complaints.wrong(path, `must have at most ${MAX_LAYERS} layers`, value.length);
  if (depth > MAX_DEPTH)
    throw complaints.wrong(path, `must be at most ${MAX_DEPTH} layers deep`, depth);
  return value.map((layer, i) => parseLayer(`${path}[${i}]`, layer, complaints, depth));
}

/** Reads one layer, whose settings are those of its type and nothing else. */
export function parseLayer(
  path: string,
  value: unknown,
  complaints: LayerComplaints,
  depth = 0,
): Layer {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw complaints.wrong(path, "must be an object", value);
  const { type, ...settings } = value as { readonly [key: string]: unknown };
  if (typeof type !== "string" || !Object.hasOwn(LAYER_FIELDS, type))
    throw complaints.wrong(
      `${path}.type`,
      `must be one of ${Object.keys(LAYER_FIELDS).join(", ")}`,
      type,
    );
  const fields: LayerFields = LAYER_FIELDS[type as Layer["type"]];
  for (const key of Object.keys(settings))
    if (!Object.hasOwn(fields, key))
      throw complaints.unknownKey(path, key, ["type", ...Object.keys(fields)]);
  const given = Object.entries(fields).flatMap(([key, field]) => {
    const setting = settings[key];
    const isOptional = "fallback" in field && field.fallback !== undefined;
    if (setting === undefined && isOptional) return [];
    return [[key, parseSetting(`${path}.${key}`, setting, field, complaints, depth)]];
  });
  return Object.fromEntries([["type", type], ...given]) as Layer;
}

/**
 * Checks that a layer is of a known type and has no settings but those of it: what types say to
 * those who write in TypeScript, and nobody to the others.
 * @param title what the error calls it
 * @throws UserError `layers-invalid`
 */
export function checkSettings(title: string, layer: Layer): void {
  const rule = (holds: boolean, text: string, got: unknown): void => {
    if (!holds) throw new UserError("layers-invalid", `network: ${title} ${text}, got ${got}`);
  };
  const type: unknown = layer?.type;
  const isKnown = typeof type === "string" && Object.hasOwn(LAYER_FIELDS, type);
  rule(isKnown, `must be one of ${Object.keys(LAYER_FIELDS).join(", ")}`, type);
  const known = ["type", ...Object.keys(LAYER_FIELDS[layer.type])];
  for (const [key, value] of Object.entries(layer))
    rule(value === undefined || known.includes(key), `knows only ${known.join(", ")}`, key);
}

function parseSetting(
  path: string,
  value: unknown,
  field: LayerField,
  complaints: LayerComplaints,
  depth: number,
): unknown {
  const check = (holds: boolean, rule: string): unknown => {
    if (!holds) throw complaints.wrong(path, rule, value);
    return value;
  };
  const isCount = (n: unknown): boolean =>
    typeof n === "number" && Number.isInteger(n) && n >= 1 && n <= MAX_COUNT;
  switch (field.kind) {
    case "count":
      return check(isCount(value), `must be an integer from 1 to ${MAX_COUNT}`);
    case "size":
      return check(
        isCount(value) || (Array.isArray(value) && value.length === 2 && value.every(isCount)),
        "must be a whole number of at least 1 or two, down and across",
      );
    case "share":
      return check(
        typeof value === "number" && value >= 0 && value < 1,
        "must be a number from 0 to below 1",
      );
    case "amount":
      return check(
        typeof value === "number" && value >= 0 && Number.isFinite(value),
        "must be a number of at least 0",
      );
    case "flag":
      return check(typeof value === "boolean", "must be true or false");
    case "choice":
      return check(
        typeof value === "string" && field.choices.includes(value),
        `must be one of ${field.choices.join(", ")}`,
      );
    case "shape":
      return check(
        Array.isArray(value) && value.length >= 1 && value.length <= 4 && value.every(isCount),
        "must be a list of 1 to 4 whole numbers of at least 1",
      );
    case "layers":
      return parseLayers(path, value, complaints, depth + 1);
  }
}
