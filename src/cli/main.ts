/**
 * The command line: one file a command. Progress goes to standard error, results to standard
 * output; a person's mistake is one sentence and a hint, without a stack; Ctrl-C stops the work
 * cleanly.
 */
import { Command, CommanderError } from "commander";
import { CancelledError, UserError } from "../base/errors.ts";
import { runCommand } from "./run.ts";
import { startCommand } from "./start.ts";

/** Exit code after Ctrl-C, as shells expect: 128 + SIGINT. */
const INTERRUPTED = 130;

/** Runs the command line and sets the exit code of the process. */
export async function main(args: readonly string[]): Promise<void> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
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
    process.exitCode = report(error);
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}

/** Says what went wrong on standard error; the exit code. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode;
  if (error instanceof CancelledError) {
    process.stderr.write("tinsmith: cancelled, nothing was written\n");
    return INTERRUPTED;
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
