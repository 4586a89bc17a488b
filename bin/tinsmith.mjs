#!/usr/bin/env node
/**
 * The executable: checks the Node it runs on, then hands the arguments to the CLI. A checkout runs
 * its sources; an installed package runs the JavaScript made of them (`scripts/build.mjs`), since
 * Node runs no TypeScript below node_modules. The import is dynamic because an older Node cannot even
 * parse what it loads.
 */
import { existsSync } from "node:fs";
import { requireNode } from "./require-node.mjs";

requireNode();
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
