/** A switch by which a running training is held and let go on. */
import { CancelledError } from "../base/errors.ts";

export type PauseSwitch = {
  readonly paused: boolean;
  /** Holds whoever looks at the switch, from their next break between steps on. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Comes when nothing is held; at once when nothing is. */
  readonly resumed: () => Promise<void>;
  /** For how long it has been paused in all, until the last resume. */
  readonly pausedMs: number;
};

export function makePauseSwitch(): PauseSwitch {
  let held: (PromiseWithResolvers<void> & { readonly since: number }) | undefined;
  let pausedMs = 0;
  return {
    get paused() {
      return held !== undefined;
    },
    get pausedMs() {
      return pausedMs;
    },
    pause: () => {
      held ??= { ...Promise.withResolvers<void>(), since: performance.now() };
    },
    resume: () => {
      if (!held) return;
      pausedMs += performance.now() - held.since;
      held.resolve();
      held = undefined;
    },
    resumed: () => held?.promise ?? Promise.resolve(),
  };
}

/**
 * Waits while the switch is paused, without a timer or a loop.
 * @throws CancelledError as soon as the signal is aborted
 */
export async function whilePaused(
  { resumed }: PauseSwitch,
  signal: AbortSignal | undefined,
): Promise<void> {
  const cancelled = Promise.withResolvers<never>();
  const cancel = (): void => cancelled.reject(new CancelledError());
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    if (signal?.aborted) throw new CancelledError();
    await Promise.race([resumed(), cancelled.promise]);
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}
