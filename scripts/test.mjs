/**
 * Runs the tests: `src/**` and `test/**`, two files at a time, each in a process of its own.
 *
 * node scripts/test.mjs [--fast] [PART ...]   files whose path holds one of PART; --fast leaves out
 *                                             `*.slow.test.ts` and test/e2e
 *
 * A test that needs something which is missing is skipped and says what; TINSMITH_REQUIRE=cc,qemu
 * names requirements that have to be there (test/requirements.ts), and then the skip is a failure.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireNode } from "../bin/require-node.mjs";

requireNode();
const ROOT = new URL("..", import.meta.url);
const args = process.argv.slice(2);
const fast = args.includes("--fast");
const parts = args.filter((arg) => arg !== "--fast");

const unknown = parts.find((part) => part.startsWith("-"));
if (unknown) {
  console.error(`test: the only option is --fast, got "${unknown}"`);
  process.exit(1);
}
const files = fs
  .globSync(["src/**/*.test.ts", "test/**/*.test.ts"], { cwd: ROOT })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => !fast || !(file.endsWith(".slow.test.ts") || file.startsWith("test/e2e/")))
  .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
  .sort();
if (files.length === 0) {
  console.error(`test: some file must match, got none for ${parts.join(" ") || "src and test"}`);
  process.exit(1);
}

// Every file is a process of its own, and most load the same modules: compiled once, they start in
// half of the time.
const cache = process.env.NODE_COMPILE_CACHE ?? join(tmpdir(), "tinsmith-test-compile-cache");
const { status, error } = spawnSync(
  process.execPath,
  ["--test", "--test-concurrency=2", "--test-reporter=spec", ...files],
  { cwd: ROOT, stdio: "inherit", env: { ...process.env, NODE_COMPILE_CACHE: cache } },
);
if (error) throw error;
process.exitCode = status ?? 1;
