/**
 * The blob port: bytes named by their SHA-256, so that writing is idempotent and a name never
 * changes its meaning. Signals, results and artefacts live here; SQL rows hold the names.
 */

export type BlobStore = {
  /**
   * Keeps bytes; when it resolves they survive the loss of the process and of power.
   * @returns the SHA-256 of the bytes, 64 lower-case hexadecimal digits
   * @throws UserError `disk-full`, `home-not-writable`
   */
  put(bytes: Uint8Array): Promise<string>;
  /**
   * @param options.verify compares the bytes with their name. @default false
   * @throws UserError `blob-missing`, `blob-damaged`
   */
  get(hash: string, options?: { readonly verify?: boolean }): Promise<Uint8Array>;
  has(hash: string): Promise<boolean>;
  /** Names of the blobs that were last put more than `olderThanMs` ago, in no particular order. */
  list(options?: { readonly olderThanMs?: number }): Promise<readonly string[]>;
  /** Bytes that were freed; 0 when there is no such blob. */
  delete(hash: string): Promise<number>;
};
