/**
 * Runs one program of a folder by its short name: `bench/training.bench.ts` is `training`. The name
 * comes first; what follows is handed on. Without a known name, prints the names there are.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { requireNode } from "../bin/require-node.mjs";

/**
 * @param {string} command the npm script, for messages; also the suffix: `<name>.<command>.ts`
 * @param {string} folder where the programs are, relative to the repository
 */
export function runNamed(command, folder) {
  requireNode();
  const root = new URL("..", import.meta.url);
  const suffix = `.${command}.ts`;
  const names = fs
    .globSync(`*${suffix}`, { cwd: new URL(`${folder}/`, root) })
    .map((file) => file.slice(0, -suffix.length))
    .sort();
  const [name, ...args] = process.argv.slice(2);
  if (!names.includes(name)) {
    console.error(`${command}: the name must be one of ${folder}/, got ${name ?? "none"}`);
    console.error(`  npm run ${command} -- ${names.length > 0 ? names.join(" | ") : "(none yet)"}`);
    process.exit(1);
  }
  const { status, error } = spawnSync(process.execPath, [`${folder}/${name}${suffix}`, ...args], {
    cwd: root,
    stdio: "inherit",
  });
  if (error) throw error;
  process.exitCode = status ?? 1;
}
