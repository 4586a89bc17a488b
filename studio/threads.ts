/**
 * Threads of the engine in a browser, for a page that is isolated from other origins (the headers of
 * `server/security.ts`). Thread 0 waits for the others, which a page may not: it is a worker too.
 */
import type { ThreadWorker } from "../src/engine/threads.ts";

/**
 * Starts so many threads. A browser loads them, and delivers what is sent to them, only while the
 * caller waits for it here and not while it runs a program. So each is greeted and answers before
 * it is given away; from then on what it is sent reaches it at once.
 * @throws Error when one does not load
 */
export function startThreads(count: number): Promise<readonly ThreadWorker[]> {
  return Promise.all(Array.from({ length: count }, startThread));
}

function startThread(): Promise<ThreadWorker> {
  const worker = new Worker(new URL("./thread-worker.ts", import.meta.url), { type: "module" });
  let failure: string | undefined;
  return new Promise((resolve, reject) => {
    worker.addEventListener("error", ({ message }) => {
      failure ??= message || "it could not be loaded";
      reject(new Error(`threads: a thread must start, got ${failure}`));
    });
    worker.addEventListener(
      "message",
      () =>
        resolve({
          post: (job) => worker.postMessage(job),
          end: () => worker.terminate(),
          failure: () => failure,
        }),
      { once: true },
    );
    worker.postMessage(null);
  });
}
