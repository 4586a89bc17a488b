/**
 * For tests of generated C: the compilers and settings under which it must give equal bits, and a
 * function that compiles a text and runs it on bytes.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Host } from "../../src/engine/host.ts";
import { nodeHost } from "../../src/host/node-host.ts";
import { findProgram } from "../requirements.ts";

/** This machine. */
export const HOST: Host = nodeHost();

export type Compiler = { readonly name: string; readonly command: readonly string[] };

const WARNINGS = [
  "-Wall",
  "-Wextra",
  "-Werror",
  "-Wconversion",
  "-Wno-unused-command-line-argument",
];

/** gcc and clang, strictly standard and as an IDE would call them; only those on PATH. */
export const COMPILERS: readonly Compiler[] = ["gcc", "clang"]
  .filter((program) => findProgram(program) !== undefined)
  .flatMap((program) => [
    { name: `${program} -std=c99 -O2`, command: [program, "-std=c99", "-O2", ...WARNINGS] },
    { name: `${program} -std=gnu11 -O3`, command: [program, "-std=gnu11", "-O3", ...WARNINGS] },
  ]);

/** Runs `body` with a directory that is removed afterwards. */
export function withDirectory<T>(body: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), "tinsmith-c-"));
  try {
    return body(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Runs a program; throws with what it printed when it fails. */
export function runProgram(
  command: readonly string[],
  options: { readonly cwd?: string; readonly input?: Uint8Array } = {},
): Uint8Array {
  const { status, stdout, stderr, error } = spawnSync(command[0]!, command.slice(1), {
    ...options,
    maxBuffer: 1 << 28,
  });
  if (error) throw error;
  if (status !== 0)
    throw new Error(`${command.join(" ")}: exit code ${status}\n${stderr}\n${stdout}`);
  return stdout;
}

/** Silences warnings about comparisons that only a random program makes. */
export const ALLOW_NEEDLESS: readonly string[] = [
  "-Wno-tautological-compare",
  "-Wno-tautological-constant-out-of-range-compare",
  "-Wno-type-limits",
  "-Wno-self-assign",
];

/**
 * Compiles one file and gives what it writes to stdout when it reads `input`.
 * @param flags after those of the compiler
 */
export function compileAndRun(
  compiler: Compiler,
  source: string,
  input: Uint8Array,
  flags: readonly string[] = [],
): Uint8Array {
  return withDirectory((cwd) => {
    writeFileSync(join(cwd, "program.c"), source);
    runProgram([...compiler.command, ...flags, "program.c", "-o", "program"], { cwd });
    return runProgram([join(cwd, "program")], { input });
  });
}
