/** Threads of the engine in Node. They do not keep the process alive. */
import { Worker } from "node:worker_threads";
import type { ThreadWorker } from "../engine/threads.ts";

const ENTRY = new URL("./thread-worker.ts", import.meta.url);

/** Starts so many threads, which are ready to be sent jobs at once. */
export function startThreads(count: number): readonly ThreadWorker[] {
  return Array.from({ length: count }, (_, i): ThreadWorker => {
    const worker = new Worker(ENTRY, { name: `thread ${i + 1}`, execArgv: [] });
    worker.unref();
    let failure: string | undefined;
    let ended = false;
    worker.on("error", (error: Error) => {
      failure ??= error.message;
    });
    worker.on("exit", (code) => {
      if (!ended) failure ??= `exit code ${code}`;
    });
    return {
      post: (job) => worker.postMessage(job),
      end: () => {
        ended = true;
        void worker.terminate();
      },
      failure: () => failure,
    };
  });
}
