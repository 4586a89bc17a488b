/** What `tinsmith start` does: serves until it is told to end, with the example as its first run. */
import { homedir } from "node:os";
import { join } from "node:path";
import { CancelledError, UserError } from "../base/errors.ts";
import { EXAMPLE_NAME } from "../samples/simulate-gestures.ts";
import { type Serving, serve } from "../server/serve.ts";
import { progressPrinter } from "./progress.ts";
import { printReport } from "./report-text.ts";
import { serveExample } from "./serve-example.ts";
import { prepareStudio } from "./serve-studio.ts";

export type StartOptions = {
  /** @default ~/.tinsmith */
  readonly home?: string;
  /** 0 takes a free one. @default 4747, or a free one with `once` */
  readonly port?: number;
  /** Ends after the example, whose failure is then that of the command. */
  readonly once?: boolean;
  /** @default ./tinsmith-out/example-gestures */
  readonly out?: string;
  /** Standard output is the example's report as JSON, and nothing else. */
  readonly json?: boolean;
};

const DEFAULT_PORT = 4747;

/** What takes longer than this to close is left to the operating system. */
const CLOSE_MS = 3000;

/**
 * Serves and runs the example; with `once` until that has ended, otherwise until the signal.
 * @throws UserError of `serve`, and with `once` of the run; CancelledError
 */
export async function start(options: StartOptions, signal: AbortSignal): Promise<void> {
  const say = (line: string): unknown => process.stderr.write(`${line}\n`);
  const serving = await serve({
    home: options.home ?? join(homedir(), ".tinsmith"),
    port: options.port ?? (options.once ? 0 : DEFAULT_PORT),
    studioDirectory: await prepareStudio(say),
  });
  try {
    const print = options.json ? process.stderr : process.stdout;
    print.write(`Tinsmith is at ${serving.url}\n`);
    const lost = serving.interrupted.length;
    if (lost > 0)
      say(`${lost === 1 ? "A run was" : `${lost} runs were`} interrupted; run again on the page.`);
    await runExample(serving, options, signal);
    if (!options.once) await aborted(signal);
  } finally {
    // Only a defect keeps a closing server from ending; it is not worth a person's time.
    setTimeout(() => process.exit(), CLOSE_MS).unref();
    await serving.close();
  }
}

async function runExample(
  serving: Serving,
  options: StartOptions,
  signal: AbortSignal,
): Promise<void> {
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
