/**
 * Opens the store of one machine: SQLite and blobs in a folder, the home (`~/.tinsmith` unless
 * told otherwise).
 */
import type { Store } from "./store.ts";

export type OpenOptions = {
  /** Milliseconds since 1970; tests set it. @default Date.now */
  readonly clock?: () => number;
};

/**
 * Opens the store in `home`, which is created when missing. Several processes may have it open; the
 * server takes `lockHome` besides.
 * @throws UserError `home-not-directory`, `home-not-writable`, `disk-full`, `store-newer`,
 * `store-damaged`
 */
export function openStore(home: string, options?: OpenOptions): Promise<Store> {
  throw new Error(`not implemented: ${home} ${options}`);
}
