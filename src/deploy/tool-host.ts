/**
 * The part of the Host port that packaging needs, to compile what it wrote: temporary files and
 * processes. Any object with these members will do.
 */
import { utf8 } from "../base/bytes.ts";
import { CancelledError } from "../base/errors.ts";

export type ToolHost = {
  /** A fresh directory; the caller removes it. */
  readonly makeTempDirectory: () => Promise<string>;
  readonly writeFile: (path: string, bytes: Uint8Array) => Promise<void>;
  readonly readFile: (path: string) => Promise<Uint8Array>;
  /** Removes a file or a directory with everything in it. */
  readonly remove: (path: string) => Promise<void>;
  /** Runs a program to its end; rejects when it cannot be started. */
  readonly run: (process: {
    readonly command: string;
    readonly args: readonly string[];
    readonly directory?: string;
    readonly input?: Uint8Array;
  }) => Promise<{
    readonly exitCode: number;
    readonly stdout: Uint8Array;
    readonly stderr: Uint8Array;
  }>;
};

/** Runs `body` in a temporary directory that holds `files`, and removes it afterwards. */
export async function withFiles<T>(
  host: ToolHost,
  files: readonly { readonly path: string; readonly text: string }[],
  body: (directory: string) => Promise<T>,
): Promise<T> {
  const directory = await host.makeTempDirectory();
  try {
    for (const { path, text } of files) await host.writeFile(`${directory}/${path}`, utf8(text));
    return await body(directory);
  } finally {
    await host.remove(directory);
  }
}

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Runs a tool and gives its stdout as text. @throws Error with what it printed when it fails */
export async function runTool(
  host: ToolHost,
  directory: string,
  command: string,
  args: readonly string[],
): Promise<string> {
  const { exitCode, stdout, stderr } = await host.run({ command, args, directory });
  if (exitCode !== 0)
    throw new Error(`${command}: must succeed, got exit code ${exitCode}\n${decode(stderr)}`);
  return decode(stdout);
}

/** The first line that `command --version` prints; undefined where the program is missing. */
export async function versionOf(host: ToolHost, command: string): Promise<string | undefined> {
  try {
    const { exitCode, stdout } = await host.run({ command, args: ["--version"] });
    return exitCode === 0 ? decode(stdout).split("\n")[0]!.trim() : undefined;
  } catch (error) {
    if (error instanceof CancelledError) throw error;
    return undefined;
  }
}
