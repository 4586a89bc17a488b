/** Calls that come too often: the first passes at once, of the rest the latest in each interval. */

export type Throttled<T> = ((value: T, now?: boolean) => void) & {
  /** Passes on what is waiting. */
  readonly flush: () => void;
};

/**
 * @param intervalMs least time between two calls of `call`, except with `now`
 */
export function throttle<T>(intervalMs: number, call: (value: T) => void): Throttled<T> {
  let waiting: { readonly value: T } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const pass = (value: T): void => {
    waiting = undefined;
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = undefined;
      if (waiting) pass(waiting.value);
    }, intervalMs);
    timer.unref();
    call(value);
  };
  const throttled = (value: T, now = false): void => {
    if (now) {
      flush();
      pass(value);
    } else if (timer === undefined) pass(value);
    else waiting = { value };
  };
  const flush = (): void => {
    if (waiting) pass(waiting.value);
  };
  return Object.assign(throttled, { flush });
}
