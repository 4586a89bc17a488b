/** Files as a zip whose bytes depend on nothing but the files: fixed time, order by path. */
import { type Zippable, zipSync } from "fflate";

/** The first time a zip can state. */
const TIME = new Date(1980, 0, 1);

export function zipFiles(
  files: readonly { readonly path: string; readonly bytes: Uint8Array }[],
): Uint8Array {
  const entries: Zippable = {};
  for (const { path, bytes } of [...files].sort((a, b) => (a.path < b.path ? -1 : 1)))
    entries[path] = [bytes, { mtime: TIME }];
  return zipSync(entries);
}
