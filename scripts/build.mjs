/**
 * Makes what an npm package runs: `dist/`, the JavaScript of all that the CLI reaches, with its
 * declarations, and `studio/dist/`, the page. Nothing in a checkout needs the first; it is there
 * while a package is made (`npm run pack`), so that none is made of an old one.
 *
 * node scripts/build.mjs [--clean]   --clean only removes dist/
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { requireNode } from "../bin/require-node.mjs";

requireNode();
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DIST = new URL("../dist/", import.meta.url);
const STUDIO = new URL("../studio/dist/", import.meta.url);

/** Where the notices stand that the licences of the bundled packages ask for. */
const NOTICES = "licenses.md";

function fail(message) {
  console.error(`build: ${message}`);
  process.exit(1);
}

function emit() {
  const compiler = ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"];
  const { status, error } = spawnSync(process.execPath, compiler, { cwd: ROOT, stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) fail("the sources must compile");
}

/** Threads are started by URL, which the compiler leaves as it is, and files are read by URL. */
function rewriteUrls() {
  for (const name of globSync("**/*.js", { cwd: DIST })) {
    const file = new URL(name.replaceAll("\\", "/"), DIST);
    const source = readFileSync(file, "utf8");
    const code = source.replaceAll(/new URL\("(\.[^"]*)", import\.meta\.url\)/g, (_, path) => {
      const target = path.replace(/\.ts$/, ".js");
      if (!existsSync(new URL(target, file)))
        fail(`${name}: "${path}" must be in the package; list threads in tsconfig.build.json`);
      return `new URL("${target}", import.meta.url)`;
    });
    if (code !== source) writeFileSync(file, code);
  }
}

async function buildStudio() {
  const { hashInputs, prepareStudio } = await import("../src/cli/serve-studio.ts");
  await prepareStudio((line) => console.error(`build: ${line}`));
  const stamp = new URL(".inputs", STUDIO);
  const built = existsSync(stamp) ? readFileSync(stamp, "utf8") : "";
  if (built !== (await hashInputs(ROOT))) fail("the Studio must be built from its sources");
  if (!existsSync(new URL(NOTICES, STUDIO)))
    fail("the page must carry the notices of its packages");
}

rmSync(DIST, { recursive: true, force: true });
if (!process.argv.includes("--clean")) {
  emit();
  rewriteUrls();
  await buildStudio();
}
