/**
 * The gate before every commit: layers, lint and format, types, the fast tests, in the order of what
 * they cost. Stops at the first that fails. The whole is meant to stay within a minute on two cores.
 */
import { spawnSync } from "node:child_process";
import { requireNode } from "../bin/require-node.mjs";

requireNode();
const STEPS = [
  ["layers", "scripts/check-layers.mjs"],
  ["biome", "node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings"],
  ["types", "node_modules/typescript/bin/tsc", "-p", "."],
  ["types of the Studio", "node_modules/typescript/bin/tsc", "-p", "studio"],
  ["tests", "scripts/test.mjs", "--fast"],
];
const BUDGET_SECONDS = 60;

const ROOT = new URL("..", import.meta.url);
const secondsSince = (startMs) => (performance.now() - startMs) / 1000;
const beginMs = performance.now();
for (const [name, ...command] of STEPS) {
  const startMs = performance.now();
  const { status, error } = spawnSync(process.execPath, command, { cwd: ROOT, stdio: "inherit" });
  if (error) throw error;
  const failed = status !== 0;
  console.log(`check: ${name} ${failed ? "failed" : "ok"}, ${secondsSince(startMs).toFixed(1)} s`);
  if (failed) process.exit(1);
}
const seconds = secondsSince(beginMs);
console.log(`check: all ok, ${seconds.toFixed(1)} s`);
if (seconds > BUDGET_SECONDS)
  console.log(`check: more than the ${BUDGET_SECONDS} s it is meant to take`);
