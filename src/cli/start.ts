/** `tinsmith start`: runs the bundled example from simulated recordings to a C library. */
import { Command } from "commander";
import { folder } from "./folder.ts";
import { runExample } from "./pipeline-job.ts";
import { progressPrinter } from "./progress.ts";
import { printReport } from "./report-text.ts";

export function startCommand(signal: AbortSignal): Command {
  return new Command("start")
    .description("run the bundled example: simulated hand gestures to a C library")
    .option("--once", "end after the example (there is no server yet, so this changes nothing)")
    .option(
      "--out <folder>",
      "where the result goes (default: ./tinsmith-out/example-gestures)",
      folder,
    )
    .option("--json", "print the report as one JSON document")
    .action(async (options: { out?: string; json?: boolean }) => {
      const report = await runExample({
        outputDirectory: options.out,
        signal,
        onProgress: progressPrinter(process.stderr),
      });
      process.stdout.write(
        options.json ? `${JSON.stringify(report, null, 2)}\n` : printReport(report),
      );
    });
}
