/**
 * The scripts that start tests, benches and the CLI, each on a small tree of its own: a copy of
 * the scripts and the executable beside planted files.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const REPOSITORY = fileURLToPath(new URL("../../", import.meta.url));

const TREE: { readonly [path: string]: string } = {
  "package.json": '{ "type": "module" }',
  "src/good.test.ts": 'import { test } from "node:test";\ntest("title good", () => {});',
  "src/long.slow.test.ts": 'import { test } from "node:test";\ntest("title slow", () => {});',
  "test/e2e/whole.test.ts": 'import { test } from "node:test";\ntest("title e2e", () => {});',
  "test/bad.test.ts":
    'import { test } from "node:test";\ntest("title bad", () => { throw new Error("planted"); });',
  "test/skip.test.ts":
    'import { test } from "node:test";\ntest("title skip", { skip: "no anvil on PATH" }, () => {});',
  "bench/anvil.bench.ts":
    "console.log(JSON.stringify(process.argv.slice(2)));\nprocess.exitCode = 3;",
  "src/cli/main.ts":
    "export async function main(args: readonly string[]): Promise<void> { console.log(args.join()); }",
};

const root = mkdtempSync(join(tmpdir(), "tinsmith-scripts-"));
after(() => rmSync(root, { recursive: true }));
for (const folder of ["scripts", "bin"]) {
  mkdirSync(join(root, folder));
  for (const file of readdirSync(join(REPOSITORY, folder)).filter((name) =>
    name.endsWith(".mjs"),
  )) {
    copyFileSync(join(REPOSITORY, folder, file), join(root, folder, file));
  }
}
for (const [path, text] of Object.entries(TREE)) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

type Outcome = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

function run(...args: readonly string[]): Outcome {
  // A test runner that finds this variable takes itself for the child of another and runs nothing.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    env,
    encoding: "utf8",
  });
  return { code: status, stdout, stderr };
}

/** The last words of the planted tests' titles that appear in the report, in order, once each. */
const titles = (stdout: string): readonly string[] =>
  [...new Set([...stdout.matchAll(/title (\w+)/g)].map((match) => match[1]!))].sort();

test("npm test runs every test of src and test and fails when one does", () => {
  const outcome = run("scripts/test.mjs");
  assert.deepEqual(titles(outcome.stdout), ["bad", "e2e", "good", "skip", "slow"]);
  assert.match(outcome.stdout, /title skip .*# no anvil on PATH/);
  assert.match(outcome.stdout, /planted/);
  assert.equal(outcome.code, 1);
});

test("npm test --fast leaves out slow files and test/e2e", () => {
  const outcome = run("scripts/test.mjs", "--fast");
  assert.deepEqual(titles(outcome.stdout), ["bad", "good", "skip"]);
});

test("npm test takes parts of paths and passes when those tests do", () => {
  const outcome = run("scripts/test.mjs", "good", "slow");
  assert.deepEqual(titles(outcome.stdout), ["good", "slow"]);
  assert.equal(outcome.code, 0);
});

test("npm test fails when no file matches or an option is unknown", () => {
  assert.deepEqual(run("scripts/test.mjs", "anvil"), {
    code: 1,
    stdout: "",
    stderr: "test: some file must match, got none for anvil\n",
  });
  assert.deepEqual(run("scripts/test.mjs", "--fats"), {
    code: 1,
    stdout: "",
    stderr: 'test: the only option is --fast, got "--fats"\n',
  });
});

test("npm run bench hands on arguments and the exit code", () => {
  assert.deepEqual(run("scripts/bench.mjs", "anvil", "--json"), {
    code: 3,
    stdout: '["--json"]\n',
    stderr: "",
  });
});

test("npm run bench and soak list the names they know", () => {
  const bench = run("scripts/bench.mjs", "hammer");
  assert.equal(bench.code, 1);
  assert.match(bench.stderr, /got hammer\n {2}npm run bench -- anvil\n/);
  const soak = run("scripts/soak.mjs");
  assert.equal(soak.code, 1);
  assert.match(soak.stderr, /test\/soak\/, got none\n {2}npm run soak -- \(none yet\)\n/);
});

test("the executable hands its arguments to the CLI", () => {
  assert.deepEqual(run("bin/tinsmith.mjs", "run", "folder"), {
    code: 0,
    stdout: "run,folder\n",
    stderr: "",
  });
});

test("the executable and the scripts refuse an older Node in one sentence", () => {
  writeFileSync(
    join(root, "older.mjs"),
    'Object.defineProperty(process, "versions", { value: { node: "20.19.0" } });',
  );
  for (const script of ["bin/tinsmith.mjs", "scripts/test.mjs", "scripts/check.mjs"]) {
    const outcome = run("--import", "./older.mjs", script);
    assert.equal(outcome.code, 1);
    assert.equal(outcome.stdout, "");
    assert.match(outcome.stderr, /^tinsmith: Node 24 or later is required, got 20\.19\.0\n {2}/);
  }
});
