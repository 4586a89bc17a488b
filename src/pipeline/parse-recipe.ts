/**
 * Reads and writes recipes: fills defaults, refuses unknown keys and says what is wrong in terms of
 * the file.
 */
import { UserError } from "../base/errors.ts";
import { parseLayers } from "../models/parse-layer.ts";
import { choice, integer, keys, number, object, string, unknownKey, wrong } from "./check-json.ts";
import { parseTraining } from "./parse-training.ts";
import {
  type AnomalyRecipe,
  type BlockRecipe,
  DEFAULT_LAYERS,
  type Reading,
  type Recipe,
  TASKS,
} from "./recipe.ts";

/** Outputs of one network. */
const MOST_TARGETS = 64;

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
    "task",
    "targets",
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
  const standardize = root.standardize ?? true;
  if (typeof standardize !== "boolean")
    throw wrong("standardize", "must be a boolean", standardize);

  const task = choice("task", root.task ?? "classification", TASKS);
  const targets = root.targets ?? [];
  if (!Array.isArray(targets)) throw wrong("targets", "must be a list of names", targets);
  if (targets.length > 0 && task !== "regression")
    throw wrong("targets", 'must be empty unless "task" is "regression"', targets);
  if (targets.length > MOST_TARGETS)
    throw wrong("targets", `must be at most ${MOST_TARGETS}`, targets.length);
  if (new Set(targets).size < targets.length)
    throw wrong("targets", "must be different names", targets);

  return {
    tinsmith: 1,
    name: projectName(root.name),
    source: string("source", root.source),
    seed: integer("seed", root.seed ?? 1, 0, 4294967295),
    reading: parseReading(root.reading ?? {}),
    task,
    targets: targets.map((name, i) => string(`targets[${i}]`, name)),
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
    training: parseTraining(root.training, task),
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

/** File names of the library are made of it. */
function projectName(value: unknown): string {
  const name = string("name", value);
  if (name.length > 100) throw wrong("name", "must have at most 100 characters", name);
  return name;
}
