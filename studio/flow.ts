/** A recipe as the boxes of its picture: what flows from recordings to an answer, in order. */
import type { Recipe } from "../src/pipeline/recipe.ts";
import type { Report } from "../src/pipeline/report.ts";
import { count, plural } from "./format.ts";

export type FlowBox = { readonly name: string; readonly detail: string };

/**
 * The boxes of a recipe.
 * @param report of a run with it: adds widths and labels
 * @param table whether the recordings are rows of a table, which have no windows
 */
export function flowOf(recipe: Recipe, report?: Report, table = false): readonly FlowBox[] {
  const { input, block, standardize, layers, anomaly } = recipe;
  const boxes: FlowBox[] = [];
  boxes.push(
    table
      ? { name: "row", detail: "of the table" }
      : { name: `${count(input.windowMs)} ms window`, detail: `every ${count(input.strideMs)} ms` },
  );
  const params = Object.entries(block.params)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
  const width = report ? plural(report.features.perWindow, "feature") : "";
  boxes.push({ name: block.type, detail: [params, width].filter(Boolean).join("; ") });
  if (standardize) boxes.push({ name: "standardize", detail: "mean 0, deviation 1" });
  for (const layer of layers) {
    const { type, ...rest } = layer as { readonly type: string } & { [key: string]: unknown };
    const [name, ...details] = layerWords(type, rest);
    boxes.push({ name: name!, detail: details.join(", ") });
  }
  const isRegression = recipe.task === "regression";
  const names = report?.test.labels ?? recipe.targets ?? [];
  const noun = isRegression ? "number" : "label";
  boxes.push({
    name: names.length > 0 ? plural(names.length, noun) : isRegression ? noun : "labels",
    detail: names.length > 0 ? names.slice(0, 6).join(", ") : isRegression ? "linear" : "softmax",
  });
  if (anomaly)
    boxes.push({ name: "anomaly score", detail: `${anomaly.type}, ${anomaly.clusters} clusters` });
  return boxes;
}

/** `dense 20, relu`: the type with its size, then what else it has. */
function layerWords(type: string, rest: { readonly [key: string]: unknown }): readonly string[] {
  const { units, filters, size, rate, ...others } = rest;
  const main = units ?? filters ?? size ?? rate;
  return [
    main === undefined ? type : `${type} ${main}`,
    ...Object.entries(others).map(([key, value]) =>
      typeof value === "string" ? value : `${key} ${JSON.stringify(value)}`,
    ),
  ];
}
