/** What a contender of the training benchmark is: something whose steps can be counted. */
import { createRequire } from "node:module";

export type Training = {
  /** Which release it is, as its package says. */
  readonly version: string;
  /** One step of Adam on the batch; a promise where the peer gives one. */
  readonly step: () => unknown;
  /** Waits until what was started is done. */
  readonly sync: () => unknown;
};

/** The learning rate of everybody. */
export const LEARNING_RATE = 1e-3;

// biome-ignore lint/suspicious/noExplicitAny: the peers' types are not installed with us
export type Peer = any;

/** Loads a package from bench/peers. */
export const requirePeer: NodeJS.Require = createRequire(import.meta.url);
