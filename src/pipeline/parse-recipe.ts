/**
 * Reads and writes recipes: fills defaults, refuses unknown keys and says what is wrong in terms of
 * the file.
 */
import { UserError } from "../base/errors.ts";
import { parseLayers } from "../models/parse-layer.ts";
import {
  type AnomalyRecipe,
  type Augmentation,
  type BlockRecipe,
  DEFAULT_LAYERS,
  type Reading,
  type Recipe,
} from "./recipe.ts";

type Json = { readonly [key: string]: unknown };

/**
 * Reads a recipe from the text of a `tinsmith.json`.
 * @throws UserError `recipe-json`, `recipe-key`, `recipe-value`
 */
export function parseRecipe(text: string): Recipe {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unreadable";
    throw new UserError("recipe-json", `recipe: the file must be JSON, got ${reason}`);
  }
  const root = object("recipe", json);
  keys("recipe", root, [
    "tinsmith",
    "name",
    "source",
    "seed",
    "reading",
    "input",
    "split",
    "block",
    "standardize",
    "layers",
    "training",
    "anomaly",
  ]);
  if (root.tinsmith !== 1) throw wrong("tinsmith", "must be 1", root.tinsmith);
  const input = object("input", root.input);
  keys("input", input, ["windowMs", "strideMs", "labelRule"]);
  const split = object("split", root.split ?? {});
  keys("split", split, ["testFraction", "validationFraction"]);
  const training = object("training", root.training);
  keys("training", training, [
    "epochs",
    "learningRate",
    "learningRateSchedule",
    "batchSize",
    "patience",
    "keep",
    "classWeights",
    "augmentation",
  ]);
  const standardize = root.standardize ?? true;
  if (typeof standardize !== "boolean")
    throw wrong("standardize", "must be a boolean", standardize);

  return {
    tinsmith: 1,
    name: projectName(root.name),
    source: string("source", root.source),
    seed: integer("seed", root.seed ?? 1, 0, 4294967295),
    reading: parseReading(root.reading ?? {}),
    input: {
      windowMs: number("input.windowMs", input.windowMs, 0, 3_600_000),
      strideMs: number("input.strideMs", input.strideMs, 0, 3_600_000),
      labelRule: choice("input.labelRule", input.labelRule ?? "majority", ["majority", "end"]),
    },
    split: {
      testFraction: number("split.testFraction", split.testFraction ?? 0.2, 0, 1),
      validationFraction: number("split.validationFraction", split.validationFraction ?? 0.2, 0, 1),
    },
    block: parseBlock("block", root.block),
    standardize,
    layers: parseLayers("layers", root.layers ?? DEFAULT_LAYERS, { wrong, unknownKey }),
    training: {
      epochs: integer("training.epochs", training.epochs, 1, 100_000),
      learningRate: number("training.learningRate", training.learningRate, 0, 100),
      learningRateSchedule: choice(
        "training.learningRateSchedule",
        training.learningRateSchedule ?? "constant",
        ["constant", "cosine"],
      ),
      batchSize: integer("training.batchSize", training.batchSize ?? 32, 1, 65_536),
      patience: integer("training.patience", training.patience ?? 0, 0, 100_000),
      keep: choice("training.keep", training.keep ?? "best", ["best", "last"]),
      classWeights: choice("training.classWeights", training.classWeights ?? "none", [
        "none",
        "auto",
      ]),
      augmentation:
        training.augmentation === null || training.augmentation === undefined
          ? null
          : parseAugmentation(training.augmentation),
    },
    anomaly:
      root.anomaly === null || root.anomaly === undefined ? null : parseAnomaly(root.anomaly),
  };
}

/**
 * The text of a recipe: two spaces, keys in the order in which data flows, whoever made it.
 * @throws UserError as `parseRecipe` does
 */
export function formatRecipe(recipe: Recipe): string {
  return `${JSON.stringify(parseRecipe(JSON.stringify(recipe)), null, 2)}\n`;
}

function parseBlock(path: string, value: unknown): BlockRecipe {
  const block = object(path, value);
  keys(path, block, ["type", "params"]);
  const params = object(`${path}.params`, block.params ?? {});
  const checked: { [name: string]: number | string | boolean } = {};
  for (const [name, given] of Object.entries(params)) {
    if (typeof given !== "number" && typeof given !== "string" && typeof given !== "boolean")
      throw wrong(`${path}.params.${name}`, "must be a number, a string or a boolean", given);
    checked[name] = given;
  }
  return { type: string(`${path}.type`, block.type), params: checked };
}

const COLUMNS = ["sampleColumn", "labelColumn", "splitColumn", "timestampColumn"] as const;

function parseReading(value: unknown): Reading {
  const reading = object("reading", value);
  keys("reading", reading, ["sampleRateHz", ...COLUMNS, "ignoreColumns"]);
  const { sampleRateHz, ignoreColumns } = reading;
  const named = COLUMNS.filter((name) => reading[name] !== undefined);
  if (ignoreColumns !== undefined && !Array.isArray(ignoreColumns))
    throw wrong("reading.ignoreColumns", "must be a list of names", ignoreColumns);
  return {
    ...(sampleRateHz === undefined
      ? {}
      : { sampleRateHz: number("reading.sampleRateHz", sampleRateHz, 0, 1e9) }),
    ...Object.fromEntries(named.map((name) => [name, string(`reading.${name}`, reading[name])])),
    ...(ignoreColumns === undefined
      ? {}
      : {
          ignoreColumns: ignoreColumns.map((name, i) =>
            string(`reading.ignoreColumns[${i}]`, name),
          ),
        }),
  };
}

function choice<T extends string>(path: string, value: unknown, choices: readonly T[]): T {
  const found = choices.find((candidate) => candidate === value);
  if (found === undefined)
    throw wrong(path, `must be ${choices.map((c) => `"${c}"`).join(" or ")}`, value);
  return found;
}

function parseAugmentation(value: unknown): Augmentation {
  const path = "training.augmentation";
  const given = object(path, value);
  keys(path, given, ["noise", "timeMasks", "frequencyMasks", "timeShift"]);
  const masks = (name: string): { count: number; width: number } => {
    const part = object(`${path}.${name}`, given[name] ?? { count: 0, width: 0 });
    keys(`${path}.${name}`, part, ["count", "width"]);
    return {
      count: integer(`${path}.${name}.count`, part.count, 0, 64),
      width: integer(`${path}.${name}.width`, part.width, 0, 4096),
    };
  };
  const { noise = 0 } = given;
  if (typeof noise !== "number" || !(noise >= 0 && noise <= 10))
    throw wrong(`${path}.noise`, "must be a number from 0 to 10", noise);
  return {
    noise,
    timeMasks: masks("timeMasks"),
    frequencyMasks: masks("frequencyMasks"),
    timeShift: integer(`${path}.timeShift`, given.timeShift ?? 0, 0, 4096),
  };
}

function parseAnomaly(value: unknown): AnomalyRecipe {
  const anomaly = object("anomaly", value);
  keys("anomaly", anomaly, ["type", "block", "features", "clusters", "percentile"]);
  if (anomaly.type !== "k-means") throw wrong("anomaly.type", 'must be "k-means"', anomaly.type);
  if (!Array.isArray(anomaly.features) || anomaly.features.length === 0)
    throw wrong("anomaly.features", "must be a list of feature names", anomaly.features);
  return {
    type: "k-means",
    block: parseBlock("anomaly.block", anomaly.block),
    features: anomaly.features.map((name, i) => string(`anomaly.features[${i}]`, name)),
    clusters: integer("anomaly.clusters", anomaly.clusters ?? 32, 1, 1024),
    percentile: number("anomaly.percentile", anomaly.percentile ?? 99, 0, 100),
  };
}

function wrong(path: string, rule: string, value: unknown): UserError {
  return new UserError("recipe-value", `recipe: "${path}" ${rule}, got ${show(value)}`);
}

function show(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function object(path: string, value: unknown): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw wrong(path, "must be an object", value);
  return value as Json;
}

function keys(path: string, value: Json, allowed: readonly string[]): void {
  for (const key of Object.keys(value))
    if (!allowed.includes(key)) throw unknownKey(path, key, allowed);
}

function unknownKey(path: string, key: string, allowed: readonly string[]): UserError {
  return new UserError(
    "recipe-key",
    `recipe: "${path}" must not have the key "${key}"`,
    `It may have ${allowed.join(", ")}.`,
  );
}

function string(path: string, value: unknown): string {
  if (typeof value !== "string" || value.trim() === "") throw wrong(path, "must be a text", value);
  return value;
}

/** File names of the library are made of it. */
function projectName(value: unknown): string {
  const name = string("name", value);
  if (name.length > 100) throw wrong("name", "must have at most 100 characters", name);
  return name;
}

function number(path: string, value: unknown, above: number, atMost: number): number {
  if (typeof value !== "number" || !(value > above) || !(value <= atMost))
    throw wrong(path, `must be a number above ${above} and at most ${atMost}`, value);
  return value;
}

function integer(path: string, value: unknown, low: number, high: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high)
    throw wrong(path, `must be an integer from ${low} to ${high}`, value);
  return value;
}
