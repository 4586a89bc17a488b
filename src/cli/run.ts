/** `tinsmith run SOURCE`: recordings to a C library, with no configuration or with a recipe. */
import { Command, InvalidArgumentError, Option } from "commander";
import { BACKENDS, type BackendName, openBackend } from "../host/backends.ts";
import { type Reading, TASKS, type Task } from "../pipeline/recipe.ts";
import { folder } from "./folder.ts";
import { runSource } from "./pipeline-job.ts";
import { progressPrinter } from "./progress.ts";
import { printReport } from "./report-text.ts";

type Options = {
  readonly out?: string;
  readonly seed?: number;
  readonly rate?: number;
  readonly labelColumn?: string;
  readonly sampleColumn?: string;
  readonly splitColumn?: string;
  readonly timestampColumn?: string;
  readonly ignoreColumns?: readonly string[];
  readonly hmacKey?: string;
  readonly task?: Task;
  readonly targetColumns?: readonly string[];
  readonly backend: BackendName;
  readonly threads?: number;
  readonly json?: boolean;
};

export function runCommand(signal: AbortSignal): Command {
  return new Command("run")
    .description("turn recordings into features, a trained int8 network and a verified C library")
    .argument("<source>", "folder, archive (.zip, .tar.gz), table or tinsmith.json")
    .option("--out <folder>", "where the result goes (default: ./tinsmith-out/<name>)", folder)
    .option("--seed <number>", "seed of every random choice", integer)
    .option("--rate <hz>", "sampling rate of tables without a timestamp column", positive)
    .option("--label-column <name>", "column of a table that holds the label")
    .option("--sample-column <name>", "column of a table that tells its recordings apart")
    .option("--split-column <name>", "column of a table that says training or testing")
    .option("--timestamp-column <name>", "column of a table that holds times in milliseconds")
    .option("--target-columns <names...>", "columns of a table with numbers to predict, not labels")
    .addOption(
      new Option(
        "--task <name>",
        "tell labels apart, or predict numbers (default: by what the labels look like)",
      ).choices(TASKS),
    )
    .option("--ignore-columns <names...>", "columns of a table to leave out")
    .option("--hmac-key <key>", "key that signatures are checked with")
    .addOption(
      new Option(
        "--backend <name>",
        "what trains: wasm gives the same bits on any machine, wasm-relaxed may round otherwise; native is fastest and needs gcc or clang; interpreter is slow, to compare with",
      )
        .choices(BACKENDS.map(({ name }) => name))
        .default("wasm"),
    )
    .option(
      "--threads <number>",
      "threads of wasm and wasm-relaxed (default: as many as the network is worth)",
      count,
    )
    .option("--json", "print the report as one JSON document")
    .action(async (source: string, options: Options) => {
      const report = await runSource(source, {
        outputDirectory: options.out,
        seed: options.seed,
        reading: readingOf(options),
        hmacKey: options.hmacKey,
        task: options.task,
        targets: options.targetColumns,
        // Looks for a compiler at once, so that a run without one ends before it begins.
        backend: openBackend(options.backend, options.threads),
        signal,
        onProgress: progressPrinter(process.stderr),
      });
      process.stdout.write(
        options.json ? `${JSON.stringify(report, null, 2)}\n` : printReport(report),
      );
    });
}

function readingOf(options: Options): Reading {
  const { rate, labelColumn, sampleColumn, splitColumn, timestampColumn, ignoreColumns } = options;
  return {
    ...(rate === undefined ? {} : { sampleRateHz: rate }),
    ...(labelColumn === undefined ? {} : { labelColumn }),
    ...(sampleColumn === undefined ? {} : { sampleColumn }),
    ...(splitColumn === undefined ? {} : { splitColumn }),
    ...(timestampColumn === undefined ? {} : { timestampColumn }),
    ...(ignoreColumns === undefined ? {} : { ignoreColumns }),
  };
}

function integer(text: string): number {
  const value = numberOf(text);
  if (!Number.isInteger(value) || value < 0 || value > 4294967295)
    throw new InvalidArgumentError("must be an integer from 0 to 4294967295");
  return value;
}

function count(text: string): number {
  const value = numberOf(text);
  if (!Number.isInteger(value) || value < 1 || value > 64)
    throw new InvalidArgumentError("must be a whole number from 1 to 64");
  return value;
}

function positive(text: string): number {
  const value = numberOf(text);
  if (!Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError("must be a number above 0");
  return value;
}

/** Blank text is no number, though JavaScript takes it for 0. */
const numberOf = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text));
