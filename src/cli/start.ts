/**
 * `tinsmith start`: the server with its page, and on it the bundled example from simulated
 * recordings to a C library. What it takes to serve is loaded only then: `run` needs none of it.
 */
import { Command, InvalidArgumentError } from "commander";
import { folder } from "./folder.ts";
import type { StartOptions } from "./serve-start.ts";

export function startCommand(signal: AbortSignal): Command {
  return new Command("start")
    .description("serve the Studio on this machine, and run the bundled example on it")
    .option("--home <folder>", "where everything is kept (default: ~/.tinsmith)", folder)
    .option("--port <number>", "port on loopback, 0 for any (default: 4747)", portNumber)
    .option("--once", "end after the example; without --port, on any free port")
    .option(
      "--out <folder>",
      "where its result goes (default: ./tinsmith-out/example-gestures)",
      folder,
    )
    .option("--json", "print the report of the example as one JSON document")
    .action(async (options: StartOptions) => {
      const { start } = await import("./serve-start.ts");
      await start(options, signal);
    });
}

function portNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535 || text.trim() === "")
    throw new InvalidArgumentError("must be an integer from 0 to 65535");
  return value;
}
