/**
 * The Studio's files, ready to be served. In a source checkout they are built when their sources
 * have changed since the last time, which their content decides; an installed package brings them.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Characters of a failed build that are repeated. */
const MOST_SAID = 1000;

/** Names beside the sources that do not count. */
const IGNORED = /^(?:dist|node_modules|\..*|.*\.test\.ts)$/;

/** Modules of the server that the Studio may bundle. */
const SHARED = ["package-lock.json", "src/server/api.ts", "src/pipeline/progress.ts"];

/**
 * Builds the Studio when that is needed and possible.
 * @param say told that it is being built, or why it could not be
 * @returns the folder with the built files; undefined when there is none
 */
export async function prepareStudio(
  say: (line: string) => void,
  root: string = ROOT,
): Promise<string | undefined> {
  const studio = join(root, "studio");
  const dist = join(studio, "dist");
  const usable = () => (existsSync(join(dist, "index.html")) ? dist : undefined);
  const vite = join(root, "node_modules/vite/bin/vite.js");
  if (!existsSync(join(studio, "vite.config.ts")) || !existsSync(vite)) return usable();
  const inputs = await hashInputs(root);
  const built = await readFile(join(dist, ".inputs"), "utf8").catch(() => "");
  if (built === inputs && usable()) return dist;

  say("building the Studio, once for each change of its sources");
  const partial = join(root, "node_modules/.cache", `tinsmith-studio-${process.pid}`);
  try {
    await build(vite, studio, partial);
    await writeFile(join(partial, ".inputs"), inputs);
    await rm(dist, { recursive: true, force: true });
    await rename(partial, dist);
  } catch (error) {
    say(`the Studio could not be built: ${error instanceof Error ? error.message : error}`);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return usable();
}

/** SHA-256 over paths and content of all that goes into the build. */
export async function hashInputs(root: string): Promise<string> {
  const files: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      if (IGNORED.test(entry.name)) continue;
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) await walk(path);
      else if (entry.isFile()) files.push(path);
    }
  };
  await walk("studio");
  const hash = createHash("sha256");
  for (const path of [...files, ...SHARED].sort()) {
    const bytes = await readFile(join(root, path)).catch(() => Buffer.alloc(0));
    hash.update(`${path}\n${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex");
}

function build(vite: string, studio: string, outDir: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const args = [vite, "build", "--logLevel", "error", "--emptyOutDir", "--outDir", outDir];
    const child = spawn(process.execPath, args, {
      cwd: studio,
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        said = (said + text).slice(0, MOST_SAID);
      });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(said.trim() || `Vite ended with exit code ${code}`));
    });
  });
}
