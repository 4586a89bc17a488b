#!/usr/bin/env node
/**
 * The executable: checks the Node it runs on, then hands the arguments to the CLI. The import is
 * dynamic because an older Node cannot even parse what it loads.
 */
import { requireNode } from "./require-node.mjs";

requireNode();
const { main } = await import("../src/cli/main.ts");
await main(process.argv.slice(2));
