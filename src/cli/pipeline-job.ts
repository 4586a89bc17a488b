/** What the commands share: reads a source, runs the pipeline on this machine, says where it goes. */
import { readFile, stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { UserError } from "../base/errors.ts";
import { nodeHost } from "../host/node-host.ts";
import { readSource } from "../host/read-source.ts";
import { parseRecipe } from "../pipeline/parse-recipe.ts";
import type { ProgressEvent } from "../pipeline/progress.ts";
import type { Reading, Recipe, Task } from "../pipeline/recipe.ts";
import type { Report } from "../pipeline/report.ts";
import { type Backend, runPipeline } from "../pipeline/run.ts";
import { readFiles } from "../samples/formats/read-files.ts";
import {
  EXAMPLE_NAME,
  EXAMPLE_SEED,
  EXAMPLE_SOURCE,
  simulateGestures,
} from "../samples/simulate-gestures.ts";

export type JobOptions = {
  readonly outputDirectory?: string | undefined;
  readonly seed?: number | undefined;
  /** What the command line says of the files; it goes before what a recipe says. */
  readonly reading?: Reading;
  /** Of a run without a recipe. @default what the labels are */
  readonly task?: Task | undefined;
  /** Columns of a table that hold the numbers to predict; they go before those of a recipe. */
  readonly targets?: readonly string[] | undefined;
  readonly hmacKey?: string | undefined;
  /** @default WebAssembly */
  readonly backend?: Backend | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (event: ProgressEvent) => void;
};

/** Runs a folder, an archive, a table, a `tinsmith.json` or the bundled example by its name. */
export async function runSource(source: string, options: JobOptions): Promise<Report> {
  if (source === EXAMPLE_SOURCE) return runExample(options);
  const isRecipe = source.endsWith(".json") && (await isRecipeFile(source));
  const recipe = isRecipe ? parseRecipe(await readFile(source, "utf8")) : undefined;
  if (recipe?.source === EXAMPLE_SOURCE) return runExample(options, recipe);
  const reading: Reading = { ...recipe?.reading, ...options.reading };
  const task = options.task ?? recipe?.task;
  const targets = task === "classification" ? [] : (options.targets ?? recipe?.targets ?? []);
  const data = recipe ? resolve(dirname(source), recipe.source) : resolve(source);
  const began = performance.now();
  const { signal, onProgress } = options;
  onProgress({ phase: "read", done: 0 });
  const samples = await readFiles(await readSource(data, { signal }), {
    signal,
    onProgress: (done, total) => onProgress({ phase: "read", done: Math.min(0.99, done / total) }),
    ...reading,
    ...(targets.length > 0 ? { targetColumns: targets } : {}),
    ...(options.hmacKey === undefined ? {} : { hmacKey: options.hmacKey }),
  });
  onProgress({ phase: "read", done: 1, message: `${samples.samples.length} recordings` });
  const name = recipe?.name ?? samples.name;
  const outputDirectory = options.outputDirectory ?? join("tinsmith-out", safeName(name));
  const relativeSource = relative(resolve(outputDirectory), data);
  const given = recipe && {
    ...withSeed(recipe, options.seed),
    reading,
    source: relativeSource,
    task: task ?? recipe.task,
    targets,
  };
  const { report } = await runPipeline(
    { ...samples, name },
    {
      ...(given ? { recipe: given } : {}),
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      ...(task ? { task } : {}),
      targets,
      reading,
      source: relativeSource,
      outputDirectory,
      host: nodeHost(signal),
      ...(options.backend ? { backend: options.backend } : {}),
      signal,
      onProgress,
      readSeconds: (performance.now() - began) / 1000,
    },
  );
  return report;
}

/** Runs the bundled example. */
export async function runExample(options: JobOptions, recipe?: Recipe): Promise<Report> {
  const began = performance.now();
  options.onProgress({ phase: "read", done: 0 });
  const samples = simulateGestures(EXAMPLE_SEED);
  options.onProgress({ phase: "read", done: 1, message: `${samples.length} simulated recordings` });
  const name = recipe?.name ?? EXAMPLE_NAME;
  const { report } = await runPipeline(
    { name, samples },
    {
      ...(recipe ? { recipe: withSeed(recipe, options.seed) } : {}),
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      source: EXAMPLE_SOURCE,
      outputDirectory: options.outputDirectory ?? join("tinsmith-out", safeName(name)),
      host: nodeHost(options.signal),
      ...(options.backend ? { backend: options.backend } : {}),
      signal: options.signal,
      onProgress: options.onProgress,
      readSeconds: (performance.now() - began) / 1000,
    },
  );
  return report;
}

const withSeed = (recipe: Recipe, seed: number | undefined): Recipe =>
  seed === undefined ? recipe : { ...recipe, seed };

/** Acquisition files are JSON too; a recipe says what it is. */
async function isRecipeFile(path: string): Promise<boolean> {
  const size = (await stat(path).catch(() => undefined))?.size;
  if (size === undefined)
    throw new UserError("source-missing", `source: the path must exist, got "${path}"`);
  if (basename(path) === "tinsmith.json") return true;
  if (size > 1_000_000) return false;
  return /^\s*\{\s*"tinsmith"/.test(await readFile(path, "utf8"));
}

/** A folder name made of a project's name. */
function safeName(name: string): string {
  return name.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[.-]+|-+$/g, "") || "project";
}
