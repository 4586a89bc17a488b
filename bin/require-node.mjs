/**
 * Refuses a Node that cannot run this project. The sources are TypeScript that Node 24 runs as it
 * is; an older one would fail on the first import with a message about syntax. Written so that any
 * Node that has modules can load it.
 */
import { existsSync } from "node:fs";

/** Lowest major version that runs the sources. */
export const NODE_MAJOR = 24;

/** Exits with code 1 and one sentence when the running Node is older than `NODE_MAJOR`. */
export function requireNode() {
  if (Number.parseInt(process.versions.node, 10) >= NODE_MAJOR) return;
  const isCheckout = existsSync(new URL("../src", import.meta.url));
  console.error(
    `tinsmith: Node ${NODE_MAJOR} or later is required, got ${process.versions.node}\n` +
      (isCheckout
        ? `  Run "npm ci" in the repository, which installs one on Linux and Windows, and start through\n` +
          `  npm ("npm start", "npx tinsmith"); on a Mac install Node ${NODE_MAJOR} from https://nodejs.org`
        : `  Install it from https://nodejs.org`),
  );
  process.exit(1);
}
