/**
 * `tinsmith start`: the server with its page, and on it the bundled example from simulated
 * recordings to a C library.
 */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { CancelledError, UserError } from "../base/errors.ts";
import { EXAMPLE_NAME } from "../server/example.ts";
import { type Serving, serve } from "../server/serve.ts";
import { progressPrinter } from "./progress.ts";
import { printReport } from "./report-text.ts";
import { serveExample } from "./serve-example.ts";
import { prepareStudio } from "./serve-studio.ts";

type Options = {
  readonly home?: string;
  readonly port?: number;
  readonly once?: boolean;
  readonly out?: string;
  readonly json?: boolean;
};

const DEFAULT_PORT = 4747;

/** What takes longer than this to close is left to the operating system. */
const CLOSE_MS = 3000;

export function startCommand(signal: AbortSignal): Command {
  return new Command("start")
    .description("serve the Studio on this machine, and run the bundled example on it")
    .option(
      "--home <folder>",
      "where projects, recordings and runs are kept (default: ~/.tinsmith)",
    )
    .option("--port <number>", `port on loopback, 0 for any (default: ${DEFAULT_PORT})`, portNumber)
    .option("--once", "end after the example; without --port, on any free port")
    .option("--out <folder>", `where its result goes (default: ./tinsmith-out/${EXAMPLE_NAME})`)
    .option("--json", "print the report of the example as one JSON document")
    .action(async (options: Options) => {
      const say = (line: string): unknown => process.stderr.write(`${line}\n`);
      const serving = await serve({
        home: resolve(options.home ?? join(homedir(), ".tinsmith")),
        port: options.port ?? (options.once ? 0 : DEFAULT_PORT),
        studioDirectory: await prepareStudio(say),
      });
      try {
        // With --json, standard output is one document.
        const print = options.json ? process.stderr : process.stdout;
        print.write(`Tinsmith is at ${serving.url}\n`);
        const lost = serving.interrupted.length;
        if (lost > 0)
          say(
            `${lost === 1 ? "A run was" : `${lost} runs were`} interrupted; run again on the page.`,
          );
        await runExample(serving, options, signal);
        if (!options.once) await aborted(signal);
      } finally {
        // Only a defect keeps a closing server from ending; it is not worth a person's time.
        setTimeout(() => process.exit(), CLOSE_MS).unref();
        await serving.close();
      }
    });
}

async function runExample(serving: Serving, options: Options, signal: AbortSignal): Promise<void> {
  const out = options.out ?? join("tinsmith-out", EXAMPLE_NAME);
  try {
    const report = await serveExample(serving, out, progressPrinter(process.stderr), signal);
    process.stdout.write(
      options.json ? `${JSON.stringify(report, null, 2)}\n` : printReport(report),
    );
    if (!options.once) process.stderr.write(`Serving ${serving.url} until Ctrl-C.\n`);
  } catch (error) {
    // A server goes on serving whatever became of the example.
    if (options.once || signal.aborted) throw error;
    if (error instanceof CancelledError) process.stderr.write("The example was cancelled.\n");
    else if (error instanceof UserError)
      process.stderr.write(`The example failed: ${error.message}\n`);
    else throw error;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function portNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535 || text.trim() === "")
    throw new InvalidArgumentError("must be an integer from 0 to 65535");
  return value;
}
