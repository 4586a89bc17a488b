/** The Host port on Node: files and processes, stopped by an AbortSignal. */
import { spawn } from "node:child_process";
import {
  access,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { CancelledError } from "../base/errors.ts";
import type { Host, ProcessRequest, ProcessResult } from "../engine/host.ts";

/** @param signal ends running processes and refuses new ones */
export function nodeHost(signal?: AbortSignal): Host {
  return {
    readFile: async (path) => new Uint8Array(await readFile(path)),
    writeFile: async (path, bytes) => {
      await makeDirectories(dirname(path));
      await writeFile(path, bytes);
    },
    exists: async (path) => {
      try {
        await access(path);
        return true;
      } catch {
        return false;
      }
    },
    list: async (path) => (await readdir(path)).sort(),
    makeDirectory: makeDirectories,
    makeTempDirectory: () => mkdtemp(join(tmpdir(), "tinsmith-")),
    rename,
    remove: (path) => rm(path, { recursive: true, force: true }),
    run: (request) => runProcess(request, signal),
  };
}

/**
 * Makes a folder and those above it. Step by step, since the recursive form of `mkdir` never returns
 * on a file system that denies the existence of what it is asked to make (Linux's /proc).
 */
async function makeDirectories(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT" && dirname(path) !== path) {
      await makeDirectories(dirname(path));
      await mkdir(path).catch(ignoreExisting);
    } else if (!(await stat(path).catch(() => undefined))?.isDirectory()) throw error;
  }
}

/** Another process may have been quicker. */
function ignoreExisting(error: unknown): void {
  if (codeOf(error) !== "EEXIST") throw error;
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

function runProcess(request: ProcessRequest, signal?: AbortSignal): Promise<ProcessResult> {
  if (signal?.aborted) return Promise.reject(new CancelledError());
  return new Promise((resolve, reject) => {
    const child = spawn(request.command, request.args, {
      cwd: request.directory,
      stdio: ["pipe", "pipe", "pipe"],
      // Ctrl-C reaches the whole process group; the child is ended here instead, so that it
      // cannot fail before the run knows that it is cancelled.
      detached: true,
    });
    const stop = (): void => {
      // The whole group: a compiler driver has children of its own.
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        child.kill("SIGKILL"); // no group: it has ended, or the system has none
      }
    };
    signal?.addEventListener("abort", stop, { once: true });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    // A program may end without reading its input; its exit code says what that means.
    child.stdin.on("error", () => {});
    child.stdin.end(request.input);
    child.on("error", (error) => {
      signal?.removeEventListener("abort", stop);
      reject(error);
    });
    child.on("close", (code) => {
      signal?.removeEventListener("abort", stop);
      if (signal?.aborted) return reject(new CancelledError());
      resolve({
        exitCode: code ?? 1,
        stdout: new Uint8Array(Buffer.concat(stdout)),
        stderr: new Uint8Array(Buffer.concat(stderr)),
      });
    });
  });
}
