/** What happens on the server, told to everybody who listens: the pages and the terminal. */
import type { ServerEvent } from "./api.ts";

export type Events = {
  readonly publish: (event: ServerEvent) => void;
  /** @returns a function that ends the subscription */
  readonly subscribe: (listener: (event: ServerEvent) => void) => () => void;
};

export function makeEvents(): Events {
  const listeners = new Set<(event: ServerEvent) => void>();
  return {
    publish: (event) => {
      for (const listener of listeners) listener(event);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
