/**
 * Progress and cancelling: long work reports where it is and lets the event loop breathe, so that
 * a Ctrl-C or a closed page is heard within a fraction of a second.
 */
import { CancelledError } from "../base/errors.ts";

export const PHASES = [
  "read",
  "window",
  "design",
  "features",
  "train",
  "quantize",
  "test",
  "generate",
  "verify",
] as const;

export type Phase = (typeof PHASES)[number];

export type ProgressEvent = {
  readonly phase: Phase;
  /** Share of the phase that is done, 0 to 1. */
  readonly done: number;
  /** One line for a person. */
  readonly message?: string;
};

const TURN_MS = 20;

/**
 * A function to await in a loop: at most every 20 ms it gives way to the event loop, returns true,
 * and throws when the run was cancelled.
 */
export function pause(signal?: AbortSignal): () => Promise<boolean> | boolean {
  let last = performance.now();
  return () => {
    if (performance.now() - last < TURN_MS) return false;
    return giveWay().then(() => {
      if (signal?.aborted) throw new CancelledError();
      last = performance.now();
      return true;
    });
  };
}

/** Lets timers, signals and messages run. */
function giveWay(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
