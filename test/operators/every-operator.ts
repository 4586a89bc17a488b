/** Every operator that the graph's and the training's modules export, found in the files. */
import { globSync } from "node:fs";
import type { Operator } from "../../src/graph/graph.ts";

const ROOT = new URL("../../src/", import.meta.url);

const isOperator = (value: unknown): value is Operator =>
  typeof value === "object" &&
  value !== null &&
  ["infer", "lower"].every(
    (key) => typeof (value as { [key: string]: unknown })[key] === "function",
  );

export type FoundOperator = { readonly file: string; readonly operator: Operator };

/** By name. */
export async function everyOperator(): Promise<ReadonlyMap<string, FoundOperator>> {
  const files = ["graph/operators/**/*.ts", "train/*.ts"].flatMap((pattern) =>
    globSync(pattern, { cwd: ROOT }),
  );
  const found = new Map<string, FoundOperator>();
  for (const file of files.filter((name) => !name.endsWith(".test.ts")).sort()) {
    const module: { readonly [name: string]: unknown } = await import(new URL(file, ROOT).href);
    for (const value of Object.values(module))
      if (isOperator(value)) found.set(value.name, { file, operator: value });
  }
  return found;
}
