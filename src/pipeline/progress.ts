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
  /** What the message says takes seconds in which nothing else is heard. */
  readonly waits?: true;
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

/**
 * Keeps the time of each phase and reports where a run is.
 * @param readSeconds what reading took, before the run began
 */
export function phaseClock(
  onProgress: ((event: ProgressEvent) => void) | undefined,
  readSeconds?: number,
) {
  const times = new Map<Phase, number>();
  if (readSeconds !== undefined) times.set("read", readSeconds);
  let phase: Phase = "read";
  let began = performance.now();
  const tell = (done: number, message?: string): void =>
    onProgress?.({ phase, done, ...(message === undefined ? {} : { message }) });
  return {
    begin: (next: Phase): void => {
      phase = next;
      began = performance.now();
      tell(0);
    },
    at: (done: number, message?: string): void => tell(Math.min(done, 0.99), message),
    waitFor: (message: string): void => onProgress?.({ phase, done: 0, message, waits: true }),
    end: (message: string): number => {
      const seconds = (performance.now() - began) / 1000;
      times.set(phase, seconds);
      tell(1, message);
      return seconds;
    },
    seconds: (): { readonly [phase: string]: number } =>
      Object.fromEntries(PHASES.filter((p) => times.has(p)).map((p) => [p, times.get(p)!])),
  };
}
