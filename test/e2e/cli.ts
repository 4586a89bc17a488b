/**
 * Runs the command line as a person does: a process of its own, with folders that are gone after
 * the test. Also what every failure must look like and what must be left on disk after it.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export type Files = { readonly [path: string]: Uint8Array | string };

export type Outcome = {
  readonly exitCode: number | null;
  /** The signal that ended the process, when one did. */
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

export type RunOptions = {
  readonly cwd?: string;
  readonly env?: { readonly [name: string]: string };
  /** Arguments for Node itself. */
  readonly node?: readonly string[];
  /** Called with the process and all of its stderr so far, whenever that grows. */
  readonly onStderr?: (child: ChildProcess, stderr: string) => void;
};

const BIN = fileURLToPath(new URL("../../bin/tinsmith.mjs", import.meta.url));

/** Runs `tinsmith` with arguments in a process group of its own, as a shell does. */
export function tinsmith(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...(options.node ?? []), BIN, ...args], {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      options.onStderr?.(child, stderr);
    });
    child.on("error", reject);
    child.on("close", (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }));
  });
}

/** A folder with files in it that is gone after the test. */
export async function folderOf(
  t: { readonly after: (cleanUp: () => Promise<void>) => void },
  files: Files = {},
): Promise<string> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "tinsmith-e2e-")));
  t.after(() => rm(root, { recursive: true, force: true }));
  await writeFiles(root, files);
  return root;
}

export async function writeFiles(root: string, files: Files): Promise<void> {
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), bytes);
  }
}

/** Everything below a folder: files with their content, folders as `null`. */
export function snapshot(root: string): { [path: string]: string | null } {
  const result: { [path: string]: string | null } = {};
  for (const path of readdirSync(root, { recursive: true, encoding: "utf8" }).sort()) {
    const onDisk = join(root, path);
    result[path] = statSync(onDisk).isDirectory() ? null : readFileSync(onDisk, "latin1");
  }
  return result;
}

/** What standard error says beside the lines of progress. */
export function complaint(stderr: string): string[] {
  return stderr.split("\n").filter((line) => line !== "" && !/^\d\/\d [a-z]+ /.test(line));
}

/**
 * Asserts that a run failed as it should: exit code 1, nothing on stdout, one sentence that matches,
 * at most a hint below it, and no stack.
 */
export function assertRefused(outcome: Outcome, message: RegExp): void {
  const { exitCode, signal, stdout, stderr } = outcome;
  assert.equal(signal, null, stderr);
  const [sentence = "", hint, ...rest] = complaint(stderr);
  assert.match(sentence, message);
  assert.match(sentence, /^(?:tinsmith|error): /);
  if (hint !== undefined) assert.match(hint, /^ {2}\S/);
  assert.deepEqual(rest, []);
  assert.doesNotMatch(stderr, /^\s+at |node:internal|a defect of ours/m);
  assert.equal(stdout, "");
  assert.equal(exitCode, 1);
}
