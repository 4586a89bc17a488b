/**
 * Gives way during long loops, so that progress is seen, a cancel is heard and a pause holds.
 */
import { CancelledError } from "../base/errors.ts";
import { type PauseSwitch, whilePaused } from "./pause-switch.ts";

/** How long a loop runs before it lets others. */
const TURN_MS = 20;

/**
 * Lets the event loop run when 20 ms have passed since it last did, and stops when asked to. A
 * message to oneself comes back at once, where a timer would idle for a millisecond or more. While
 * `pause` is paused it waits, with nothing to do for the processor.
 */
export function pacer(
  signal: AbortSignal | undefined,
  pause?: PauseSwitch,
): () => Promise<void> | undefined {
  const check = (): void => {
    if (signal?.aborted) throw new CancelledError();
  };
  check();
  let last = performance.now();
  const turn = async (): Promise<void> => {
    do await (pause?.paused ? whilePaused(pause, signal) : others());
    while (pause?.paused);
    last = performance.now();
    check();
  };
  return () => (pause?.paused || performance.now() - last >= TURN_MS ? turn() : undefined);
}

function others(): Promise<void> {
  return new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(null);
  });
}
