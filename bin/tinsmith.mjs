#!/usr/bin/env node
/**
 * The executable: checks the Node it runs on, then hands the arguments to the CLI. A checkout runs
 * its sources; an installed package runs the JavaScript made of them (`scripts/build.mjs`), since
 * Node runs no TypeScript below node_modules. The import is dynamic because an older Node cannot even
 * parse what it loads.
 */
import { existsSync, mkdirSync } from "node:fs";
import nodeModule from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { requireNode } from "./require-node.mjs";

requireNode();
keepCompiledModules();
const entry = ["../src/cli/main.ts", "../dist/cli/main.js"]
  .map((path) => new URL(path, import.meta.url))
  .find((url) => existsSync(url));
if (entry) {
  const { main } = await import(entry.href);
  await main(process.argv.slice(2));
} else {
  console.error(
    "tinsmith: the package must hold JavaScript, got one that was packed without it\n" +
      '  Make it with "npm run pack" in the repository: a plain "npm pack" does not build.',
  );
  process.exitCode = 1;
}

/**
 * Lets Node keep what it makes of the modules, types stripped and bytecode, from run to run: half of
 * the time until a command begins. In the user's own folder, since what lies there is executed. Where
 * it cannot be written, Node goes on without; a variable of Node's own has the last word.
 */
function keepCompiledModules() {
  if (process.env.NODE_COMPILE_CACHE) return;
  try {
    const home = homedir();
    // In /proc, a folder below one that there is not is asked for without end.
    if (!existsSync(home)) return;
    const kept = join(home, ".tinsmith", "cache", "modules");
    mkdirSync(kept, { recursive: true, mode: 0o700 });
    nodeModule.enableCompileCache(kept);
  } catch {
    // A user without a home, or with one that cannot be written.
  }
}
