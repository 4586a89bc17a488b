/** Runs the bundled example on a running server and follows it to its end. */
import { utf8 } from "../base/bytes.ts";
import { CancelledError, UserError } from "../base/errors.ts";
import { nodeHost } from "../host/node-host.ts";
import { openOutput } from "../pipeline/output.ts";
import type { ProgressEvent } from "../pipeline/progress.ts";
import type { Report } from "../pipeline/report.ts";
import { EXAMPLE_SOURCE } from "../samples/simulate-gestures.ts";
import { ensureExample } from "../server/example.ts";
import type { Serving } from "../server/serve.ts";
import { startRun } from "../server/start-run.ts";
import type { Run } from "../store/store.ts";

/**
 * Runs the example and writes its result into a folder, as `tinsmith run` does.
 * @throws UserError why it failed; CancelledError when it was cancelled, here or on the page
 */
export async function serveExample(
  serving: Serving,
  outputDirectory: string,
  onProgress: (event: ProgressEvent) => void,
  signal: AbortSignal,
): Promise<Report> {
  const { store, events } = serving;
  const project = await ensureExample(store);
  events.publish({ type: "samples", project: project.id });
  let id: string | undefined;
  const ended = Promise.withResolvers<void>();
  const stop = (): void => ended.reject(new CancelledError());
  signal.addEventListener("abort", stop, { once: true });
  const unsubscribe = events.subscribe((event) => {
    if (event.type === "progress" && event.run === id)
      onProgress({
        phase: event.phase,
        done: event.done,
        ...(event.message === null ? {} : { message: event.message }),
      });
    if (event.type !== "run" || event.run.id !== id) return;
    if (event.run.status !== "queued" && event.run.status !== "running") ended.resolve();
  });
  try {
    if (signal.aborted) throw new CancelledError();
    id = (await startRun(serving, project.id, { source: EXAMPLE_SOURCE })).id;
    await ended.promise;
    return await writeResult(serving, (await store.runs.get(id))!, outputDirectory);
  } finally {
    unsubscribe();
    signal.removeEventListener("abort", stop);
  }
}

async function writeResult({ store }: Serving, run: Run, directory: string): Promise<Report> {
  if (run.status === "cancelled") throw new CancelledError();
  const result = await store.runs.result(run.id);
  if (run.status !== "done" || !result) {
    const { code, message, hint } = run.error ?? {
      code: "run-interrupted",
      message: "run: the thread must reach its end, got one that died",
      hint: "There may have been too little memory; run it again.",
    };
    throw new UserError(code, message, hint);
  }
  const stored = result.report as Report;
  const report: Report = {
    ...stored,
    artefact: { ...stored.artefact, directory: `${directory}/c` },
  };
  const output = await openOutput(nodeHost(), directory);
  try {
    for (const { path } of await store.artefacts.list(run.id)) {
      const bytes = await store.artefacts.read(run.id, path);
      if (bytes && path !== "report.json") await output.write(path, bytes);
    }
    await output.write("report.json", utf8(`${JSON.stringify(report, null, 2)}\n`));
    await output.commit();
  } catch (error) {
    await output.discard();
    throw error;
  }
  return report;
}
