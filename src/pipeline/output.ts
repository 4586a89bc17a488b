/**
 * The output directory of a run: everything is written beside it under a temporary name and then
 * renamed, so that a reader sees the old result or the new one, never half of one.
 */
import { UserError } from "../base/errors.ts";
import type { Host } from "../engine/host.ts";

export type Output = {
  readonly write: (path: string, bytes: Uint8Array) => Promise<void>;
  /** Puts what was written in the place of what was there. */
  readonly commit: () => Promise<void>;
  /** Leaves everything as it was. */
  readonly discard: () => Promise<void>;
};

/** What a directory of ours may hold; anything else is a person's and is not replaced. */
const OURS: ReadonlySet<string> = new Set(["tinsmith.json", "report.json", "c"]);

/**
 * @throws UserError `out-unwritable` when nothing can be written there, `out-foreign` when the
 *   directory holds something that no run wrote
 */
export async function openOutput(host: Host, directory: string): Promise<Output> {
  const partial = `${directory}.partial`;
  const previous = `${directory}.previous`;
  const unwritable = (error: unknown): UserError =>
    new UserError(
      "out-unwritable",
      `output: the folder must be writable, got ${reasonOf(error)} for "${directory}"`,
      "Choose another folder with --out.",
    );
  if (await host.exists(directory)) await refuseForeign(host, directory);
  try {
    await host.remove(partial);
    await host.makeDirectory(partial);
    await host.writeFile(`${partial}/report.json`, new Uint8Array(0));
  } catch (error) {
    throw unwritable(error);
  }
  return {
    write: async (path, bytes) => {
      try {
        await host.writeFile(`${partial}/${path}`, bytes);
      } catch (error) {
        throw unwritable(error);
      }
    },
    commit: async () => {
      try {
        await host.remove(previous);
        const replaces = await host.exists(directory);
        if (replaces) await host.rename(directory, previous);
        await host.rename(partial, directory);
        await host.remove(previous);
      } catch (error) {
        throw unwritable(error);
      }
    },
    discard: async () => {
      await host.remove(partial);
      // A commit that failed between its two renames left the old result aside.
      if ((await host.exists(previous)) && !(await host.exists(directory)))
        await host.rename(previous, directory);
    },
  };
}

async function refuseForeign(host: Host, directory: string): Promise<void> {
  let names: readonly string[];
  try {
    names = await host.list(directory);
  } catch (error) {
    throw new UserError(
      "out-unwritable",
      `output: "${directory}" must be a folder, got ${reasonOf(error)}`,
      "Choose another folder with --out.",
    );
  }
  const foreign = names.find((name) => !OURS.has(name));
  if (foreign !== undefined)
    throw new UserError(
      "out-foreign",
      `output: the folder must be new or an earlier result, got "${foreign}" in "${directory}"`,
      "Choose an empty or a new folder with --out.",
    );
}

/** The short reason of a system error: `EACCES`. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && "code" in error) return String(error.code);
  return error instanceof Error ? error.message : "an error";
}
