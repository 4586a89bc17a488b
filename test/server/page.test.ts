/** The Studio's files: the page on its own routes, assets for ever, nothing from outside the folder. */
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { hashInputs, prepareStudio } from "../../src/cli/serve-studio.ts";
import { folderOf, writeFiles } from "../e2e/cli.ts";
import { served } from "./harness.ts";

const STUDIO = {
  "dist/index.html": "<!doctype html><title>Studio</title>",
  "dist/assets/main-abc.js": "let x",
  "dist/.inputs": "secret",
  "secret.txt": "secret",
};

test("the page, its assets and its routes", async (t) => {
  const root = await folderOf(t, STUDIO);
  const { client } = await served(t, { studioDirectory: join(root, "dist") });
  for (const path of ["/", "/index.html", "/projects/1/train", "/nothing", "/projects/1?tab=a.b"]) {
    const { status, headers, bytes } = await client.send(path);
    assert.deepEqual([status, bytes.toString()], [200, STUDIO["dist/index.html"]], path);
    assert.match(String(headers["content-type"]), /^text\/html/);
    assert.equal(headers["cache-control"], "no-cache");
  }
  const { headers, bytes } = await client.send("/assets/main-abc.js");
  assert.equal(bytes.toString(), "let x");
  assert.match(String(headers["content-type"]), /javascript/);
  assert.match(String(headers["cache-control"]), /immutable/);
  assert.equal((await client.send("/", { method: "HEAD" })).status, 200);
});

test("what is not there, or not the page's, is not given", async (t) => {
  const root = await folderOf(t, STUDIO);
  const { client } = await served(t, { studioDirectory: join(root, "dist") });
  for (const path of [
    "/assets/nothing.js",
    "/../secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e/secret.txt",
    "/assets/..%2f..%2fsecret.txt",
    "/assets/%2e%2e%2f%2e%2e%2fsecret.txt",
    "/..%5csecret.txt",
    "/.inputs",
    "/%00",
    "/assets/",
    "//etc/passwd",
    `/${"a/".repeat(3000)}`,
  ]) {
    const { bytes, status } = await client.send(path);
    assert.doesNotMatch(bytes.toString(), /secret(?!\.txt)|root:/, path);
    assert.ok(status < 500, `${path}: ${status}`);
  }
  await client.refused(404, "route-missing", "/assets/nothing.js");
  await client.refused(404, "route-missing", "/api/nothing");
});

test("without a built Studio the page says so", async (t) => {
  const { client } = await served(t);
  assert.match((await client.send("/")).bytes.toString(), /has not been built/);
});

test("an installed package's Studio is taken as it is; without one there is none", async (t) => {
  const said: string[] = [];
  const say = (line: string): unknown => said.push(line);
  const root = await folderOf(t, { "studio/package.json": "{}" });
  assert.equal(await prepareStudio(say, root), undefined);
  await writeFiles(root, { "studio/dist/index.html": "page" });
  assert.equal(await prepareStudio(say, root), join(root, "studio/dist"));
  // Sources without a bundler, too.
  await writeFiles(root, { "studio/vite.config.ts": "" });
  assert.equal(await prepareStudio(say, root), join(root, "studio/dist"));
  assert.deepEqual(said, []);
});

/** A bundler that writes a page, and counts how often it was asked. */
const VITE = `
  import fs from "node:fs";
  const out = process.argv[process.argv.indexOf("--outDir") + 1];
  if (fs.readFileSync("main.ts", "utf8") === "wrong") throw new Error("it is wrong");
  fs.mkdirSync(out, { recursive: true });
  fs.writeFileSync(out + "/index.html", fs.readFileSync("main.ts"));
  fs.appendFileSync("../count", "1");`;

test("the Studio is built when its sources have changed, and only then", async (t) => {
  const root = await folderOf(t, {
    "studio/vite.config.ts": "",
    "studio/main.ts": "one",
    "node_modules/vite/package.json": '{"type": "module"}',
    "node_modules/vite/bin/vite.js": VITE,
  });
  const page = () => readFile(join(root, "studio/dist/index.html"), "utf8");
  const count = async () => (await readFile(join(root, "count"), "utf8")).length;
  const said: string[] = [];
  const prepare = () => prepareStudio((line) => said.push(line), root);
  for (const _ of "ab") assert.equal(await prepare(), join(root, "studio/dist"));
  assert.deepEqual([await page(), await count(), said.length], ["one", 1, 1]);
  const before = await hashInputs(root);
  await writeFiles(root, { "studio/main.ts": "two" });
  assert.notEqual(await hashInputs(root), before);
  await prepare();
  assert.deepEqual([await page(), await count()], ["two", 2]);
  // A build that fails leaves what was there.
  await writeFiles(root, { "studio/main.ts": "wrong" });
  assert.equal(await prepare(), join(root, "studio/dist"));
  assert.deepEqual([await page(), await count()], ["two", 2]);
  assert.deepEqual(await readdir(join(root, "node_modules/.cache")), []);
  assert.match(said.at(-1)!, /could not be built: .*it is wrong/s);
});
