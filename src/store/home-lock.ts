/**
 * One server at a time in a home. The lock is one of the operating system, so it ends with the
 * process that holds it, however that ends; a file beside it tells the next who that is.
 */

/** What the holder says of itself. */
export type HomeHolder = { readonly pid: number; readonly url: string };

export type HomeLock = {
  /** Says where the server listens, for the message to a second one. */
  announce(url: string): Promise<void>;
  release(): Promise<void>;
};

/**
 * Takes the lock of `home` (an existing folder: call `openStore` first).
 * @throws UserError `home-in-use`, naming process and address of the holder
 */
export function lockHome(home: string): Promise<HomeLock> {
  throw new Error(`not implemented: ${home}`);
}
