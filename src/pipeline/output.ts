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
 * Prepares the place of a result. What an earlier run left behind when it was killed is put right:
 * an old result that it had set aside comes back, an unfinished one goes.
 * @param directory made with the folders above it; without a slash at the end
 * @throws UserError `out-unwritable` when nothing can be written there, `out-foreign` when the
 *   directory, or one of the two beside it that a run uses, holds something that no run wrote
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
  const orUnwritable = async (step: () => Promise<void>): Promise<void> => {
    try {
      await step();
    } catch (error) {
      throw unwritable(error);
    }
  };
  for (const path of [directory, partial, previous])
    if (await host.exists(path)) await refuseForeign(host, path);
  const above = await missingAbove(host, directory);

  const discard = async (): Promise<void> => {
    // What went wrong before matters more than what goes wrong here.
    await host.remove(partial).catch(() => {});
    for (const path of above) if (!(await removeEmpty(host, path))) break;
  };
  try {
    await orUnwritable(async () => {
      if ((await host.exists(previous)) && !(await host.exists(directory)))
        await host.rename(previous, directory);
      await host.remove(partial);
      await host.makeDirectory(partial);
      await host.writeFile(`${partial}/report.json`, new Uint8Array(0));
    });
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    write: (path, bytes) => orUnwritable(() => host.writeFile(`${partial}/${path}`, bytes)),
    commit: () =>
      orUnwritable(async () => {
        await host.remove(previous);
        const replaces = await host.exists(directory);
        if (replaces) await host.rename(directory, previous);
        try {
          await host.rename(partial, directory);
        } catch (error) {
          if (replaces) await host.rename(previous, directory);
          throw error;
        }
        // The new result is in its place; the next run removes what cannot be removed now.
        await host.remove(previous).catch(() => {});
      }),
    discard,
  };
}

/** The folders above a path that are not there yet, the innermost first. */
async function missingAbove(host: Host, path: string): Promise<string[]> {
  const missing: string[] = [];
  let above = path;
  for (;;) {
    const slash = Math.max(above.lastIndexOf("/"), above.lastIndexOf("\\"));
    above = above.slice(0, Math.max(0, slash));
    if (above === "" || (await host.exists(above))) return missing;
    missing.push(above);
  }
}

/** Removes a folder if it is there and empty; whether it did. */
async function removeEmpty(host: Host, path: string): Promise<boolean> {
  try {
    if ((await host.list(path)).length > 0) return false;
    await host.remove(path);
    return true;
  } catch {
    return false;
  }
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
