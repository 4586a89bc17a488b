/**
 * The npm package as somebody gets it: made by `npm run pack`, installed in an empty folder, run
 * there without the repository. What it writes must be, byte for byte, what the sources write.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { folderOf, type Outcome, snapshot, tinsmith, writeFiles } from "./cli.ts";
import { csvOf, filesOf, gestures } from "./recordings.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const MANIFEST = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** Bounds against an accident: the figures are 0.5 MB and 2 MB. */
const MOST_PACKED_BYTES = 1_000_000;
const MOST_BYTES = 4_000_000;

/** The Node that runs this comes first, as after an installation of Node 24. */
const ENV: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: [dirname(process.execPath), process.env["PATH"]].join(delimiter),
};
// What npm tells the scripts of this repository must not reach an npm elsewhere.
for (const name of Object.keys(ENV))
  if (/^npm_(?:package|lifecycle|command|config_local_prefix)/.test(name)) delete ENV[name];

/** Runs a command to its end. */
function run(cwd: string, command: string, ...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: ENV, stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }));
  });
}

async function succeed(cwd: string, command: string, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(cwd, command, ...args);
  assert.equal(exitCode, 0, `${command} ${args.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

/** Why a package cannot be installed here, or false. */
function noRegistry(): string | false {
  const { status } = spawnSync("npm", ["view", "fflate", "version", "--fetch-retries=0"], {
    env: ENV,
    timeout: 15_000,
  });
  return status !== 0 && "npm does not reach its registry";
}

/** What a run wrote, without the report, which holds how long it took. */
function artefact(folder: string): { [path: string]: string | null } {
  const { "report.json": report, ...files } = snapshot(folder);
  assert.ok(report);
  return files;
}

test("the package runs where it is installed, as the sources do", {
  skip: noRegistry(),
  timeout: 120_000,
}, async (t) => {
  const folder = await folderOf(t, filesIn("recordings"));
  const app = join(folder, "app");
  mkdirSync(app);
  await succeed(ROOT, "npm", "run", "pack", "--", "--pack-destination", folder);
  const tarball = join(folder, `${MANIFEST.name}-${MANIFEST.version}.tgz`);
  assert.ok(statSync(tarball).size < MOST_PACKED_BYTES);
  // Without a manifest of its own, npm would look for one in the folders above.
  await writeFiles(app, { "package.json": "{}" });
  await succeed(app, "npm", "install", "--prefer-offline", tarball);

  await t.test("the package holds JavaScript, the page, licences, nothing else", () =>
    checkContents(join(app, "node_modules/tinsmith")),
  );
  await t.test("its modules are typed and can be imported one by one", () => checkModules(app));
  await t.test("the library trains, by its one name", async () => {
    await writeFiles(app, {
      "regression.ts": readFileSync(join(ROOT, "examples/regression.ts")),
    });
    const printed = await succeed(app, process.execPath, "regression.ts");
    assert.match(printed, /^humidity: .* R2 (?:1\.0|0\.99)/m);
  });
  await t.test("help", async () => {
    const help = await succeed(app, "npx", "tinsmith", "--help");
    assert.match(help, /run .*<source>[\s\S]*start /);
  });
  await t.test("run: the same bytes as from the sources", async () => {
    const options = ["--seed", "5", "--out"];
    const [, sources] = await Promise.all([
      succeed(app, "npx", "tinsmith", "run", "../recordings", ...options, "../installed"),
      tinsmith(["run", "recordings", ...options, "sources"], { cwd: folder }),
    ]);
    assert.equal(sources.exitCode, 0, sources.stderr);
    const files = artefact(join(folder, "installed"));
    assert.ok(Object.keys(files).length > 5, Object.keys(files).join());
    assert.deepEqual(files, artefact(join(folder, "sources")));
  });
  await t.test("start: the example to its end, the same bytes again", async () => {
    const [printed, sources] = await Promise.all([
      succeed(app, "npx", "tinsmith", "start", "--once", "--home", "home", "--out", "example"),
      tinsmith(["run", "example:gestures", "--out", "example"], { cwd: folder }),
    ]);
    assert.match(printed, /Tinsmith is at http:/);
    assert.equal(sources.exitCode, 0, sources.stderr);
    assert.deepEqual(artefact(join(app, "example")), artefact(join(folder, "example")));
  });
  await t.test("start: the page answers, recordings can be added, SIGTERM ends it", (t) =>
    checkServer(t, app),
  );
  await t.test("a package without its JavaScript says so", async () => {
    renameSync(join(app, "node_modules/tinsmith/dist"), join(folder, "dist"));
    const { exitCode, stderr } = await run(app, "npx", "tinsmith", "--help");
    assert.equal(exitCode, 1);
    assert.match(stderr, /^tinsmith: the package must hold JavaScript.*\n.*npm run pack/);
  });
});

function filesIn(folder: string): { [path: string]: Uint8Array | string } {
  const files = Object.entries(filesOf(gestures()));
  return Object.fromEntries(files.map(([path, bytes]) => [`${folder}/${path}`, bytes]));
}

function checkContents(root: string): void {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => statSync(join(root, path)).isFile());
  const expected = [
    /^(?:LICENSE|LICENSES\.md|README\.md|package\.json)$/,
    /^bin\/[\w-]+\.mjs$/,
    /^dist\/(?:[\w-]+\/)+[\w.-]+\.(?:js|d\.ts)$/,
    /^studio\/dist\/(?:index\.html|licenses\.md|assets\/[\w-]+\.(?:js|css))$/,
  ];
  const strange = files.filter((path) => !expected.some((pattern) => pattern.test(path)));
  assert.deepEqual(strange, []);
  assert.deepEqual(
    files.filter((path) => /\.test\.|\.contract\.|fixtures|test-networks/.test(path)),
    [],
  );
  for (const path of ["LICENSE", "LICENSES.md", "studio/dist/index.html", "bin/tinsmith.mjs"])
    assert.ok(files.includes(path), path);
  // The notices of what the page bundles; npm brings those of the other packages.
  const notices = readFileSync(join(root, "studio/dist/licenses.md"), "utf8");
  for (const name of ["react-dom", "@mantine/core", "uplot"])
    assert.match(notices, new RegExp(`^## ${name} - .*\\(MIT\\)$`, "m"));
  const bytes = files.reduce((sum, path) => sum + statSync(join(root, path)).size, 0);
  assert.ok(bytes < MOST_BYTES, `${bytes} bytes`);
}

async function checkModules(app: string): Promise<void> {
  const lines = [
    `import { parseRecipe } from "tinsmith/pipeline/parse-recipe.js";`,
    `import type { Recipe } from "tinsmith/pipeline/recipe.js";`,
    "export const recipe: Recipe = parseRecipe(process.argv[2] ?? '{}');",
    "// @ts-expect-error A recipe is no number, which an untyped import would let pass.",
    "export const wrong: number = recipe;",
  ];
  await writeFiles(app, { "use.mts": lines.join("\n") });
  const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2024"];
  const types = ["--types", "node", "--typeRoots", join(ROOT, "node_modules/@types")];
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  await succeed(app, process.execPath, compiler, ...options, ...types, "--skipLibCheck", "use.mts");
  const { stderr } = await run(app, process.execPath, "use.mts", "no recipe");
  assert.match(stderr, /UserError: recipe: /);
}

async function checkServer(t: TestContext, app: string): Promise<void> {
  const bin = join(app, "node_modules/tinsmith/bin/tinsmith.mjs");
  const args = [bin, "start", "--port", "0", "--home", "home", "--out", "served"];
  const server = spawn(process.execPath, args, { cwd: app, env: ENV });
  t.after(() => server.kill("SIGKILL"));
  let said = "";
  const url = new Promise<string>((resolve, reject) => {
    for (const stream of [server.stdout, server.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
        if (found) resolve(found);
      });
    server.once("close", () => reject(new Error(said)));
  });
  const ended = new Promise<number | null>((resolve) => server.once("close", resolve));

  const page = await (await fetch(await url)).text();
  const script = /<script[^>]* src="([^"]+)"/.exec(page)?.[1];
  assert.ok(script, page);
  const asset = await fetch(new URL(script, await url));
  assert.equal(asset.status, 200);
  assert.match(asset.headers.get("content-type") ?? "", /javascript/);
  const ask = async (path: string, request?: RequestInit) =>
    (await fetch(`${await url}/api/${path}`, request)).json() as Promise<{
      [key: string]: unknown;
    }>;
  assert.deepEqual(await ask("health"), { ok: true, version: MANIFEST.version });
  const project = await ask("projects", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "own" }),
  });
  const [sample] = gestures(1);
  const added = await ask(`projects/${project["id"]}/samples`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream", "x-file-name": "wave.01.csv" },
    body: csvOf(sample!),
  });
  assert.equal((added["added"] as unknown[] | undefined)?.length, 1, JSON.stringify(added));
  server.kill("SIGTERM");
  const exitCode = await ended;
  // 143 when it came while the example was still running.
  assert.ok(exitCode === 0 || exitCode === 143, `${exitCode}\n${said}`);
  assert.doesNotMatch(said, /defect/);
}
