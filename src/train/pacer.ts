/**
 * Gives way during long loops, so that progress is seen and a cancel is heard.
 */
import { CancelledError } from "../base/errors.ts";

/**
 * Lets the event loop run when 20 ms have passed since it last did, and stops when asked to. A
 * message to oneself comes back at once, where a timer would idle for a millisecond or more.
 */
export function pacer(signal: AbortSignal | undefined): () => Promise<void> | undefined {
  const check = (): void => {
    if (signal?.aborted) throw new CancelledError();
  };
  check();
  let last = performance.now();
  return () => {
    if (performance.now() - last < 20) return undefined;
    return new Promise<void>((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.addEventListener("message", () => {
        port1.close();
        resolve();
      });
      port1.start();
      port2.postMessage(null);
    }).then(() => {
      last = performance.now();
      check();
    });
  };
}
