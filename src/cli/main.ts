/**
 * The command line: one file a command. Progress goes to standard error, results to standard
 * output; a person's mistake is one sentence and a hint, without a stack; Ctrl-C stops the work
 * cleanly.
 */
import { Command, CommanderError } from "commander";
import { CancelledError, UserError } from "../base/errors.ts";
import { runCommand } from "./run.ts";
import { startCommand } from "./start.ts";

/** Exit codes of the signals that cancel, as shells expect them: 128 + number. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/** npm forwards a Ctrl-C that the terminal has sent us as well; a person is slower than this. */
const ECHO_MS = 200;

/** Runs the command line and sets the exit code of the process. */
export async function main(args: readonly string[]): Promise<void> {
  const controller = new AbortController();
  const release = onSignals(() => controller.abort());
  const program = new Command("tinsmith")
    .description("Sensor recordings to a verified C library, on your own machine")
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text) });
  program.addCommand(runCommand(controller.signal));
  program.addCommand(startCommand(controller.signal));
  for (const command of program.commands) command.exitOverride();
  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    process.exitCode = report(error, release());
  } finally {
    release();
  }
}

/**
 * Calls `cancel` at the first signal; the second ends the process at once.
 * @returns stops listening; gives the exit code of the signal that came, if one did
 */
function onSignals(cancel: () => void): () => number | undefined {
  let exitCode: number | undefined;
  let heardMs = 0;
  const hear = (signal: NodeJS.Signals): void => {
    const first = exitCode === undefined;
    if (!first && performance.now() - heardMs < ECHO_MS) return;
    exitCode = SIGNALS[signal as keyof typeof SIGNALS];
    if (!first) process.exit(exitCode);
    heardMs = performance.now();
    cancel();
  };
  for (const signal of Object.keys(SIGNALS)) process.on(signal, hear);
  return () => {
    for (const signal of Object.keys(SIGNALS)) process.off(signal, hear);
    return exitCode;
  };
}

/** Says what went wrong on standard error; the exit code. */
function report(error: unknown, cancelled: number | undefined): number {
  if (error instanceof CommanderError) return error.exitCode;
  if (error instanceof CancelledError) {
    process.stderr.write("tinsmith: cancelled, nothing was written\n");
    return cancelled ?? SIGNALS.SIGINT;
  }
  if (error instanceof UserError) {
    process.stderr.write(`tinsmith: ${error.message}\n`);
    if (error.hint) process.stderr.write(`  ${error.hint}\n`);
    return 1;
  }
  process.stderr.write(
    `tinsmith: a defect of ours, please report it\n${error instanceof Error ? error.stack : error}\n`,
  );
  return 70;
}
