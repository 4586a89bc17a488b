/**
 * README.md as a newcomer follows it: every command in it is run, in the order they stand there, in
 * one folder with simulated recordings where it says `path/to/recordings`. What a test cannot run
 * within itself (installing, the tests) is held against `package.json`. A command, an option, a file
 * or a link that there is not fails here; what is new and needs other files gets them in `FILES`.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { findProgram } from "../requirements.ts";
import { type Files, folderOf, type Outcome, tinsmith } from "./cli.ts";
import { filesOf, gestures } from "./recordings.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const README = readFileSync(join(ROOT, "README.md"), "utf8");
const { name, version, scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));

/** What lies where the README is followed. */
const FILES: Files = {
  ...Object.fromEntries(
    Object.entries(filesOf(gestures())).map(([path, text]) => [`path/to/recordings/${path}`, text]),
  ),
  "table.csv": `level,speed,temperature,flow\n${Array.from({ length: 40 }, (_, i) => [i, i % 7, 20 + i / 2, 3 * (i % 7)].join()).join("\n")}\n`,
};

/** Scripts that run this test, or that one of their own runs. */
const COVERED = ["test", "check", "build", "pack"];

/** Where the README is followed, and the name that the last run gave its result. */
type Place = { readonly folder: string; lastName: string };

/** Everything in code, in order: lines of blocks and what stands between backticks, unwrapped. */
function codeOf(readme: string): string[] {
  const found: string[] = [];
  for (const [, block, inline] of readme.matchAll(/^```\w*\n([\s\S]*?)^```|`([^`]+)`/gm)) {
    const lines = block === undefined ? [inline!.replaceAll(/\s+/g, " ")] : block.split("\n");
    for (const line of lines) found.push(...line.replace(/\s+#.*/, "").split("&&"));
  }
  return found.map((text) => text.trim()).filter(Boolean);
}

const isCommand = (text: string): boolean => /^(?:npm|npx|node|tinsmith|make) /.test(text);

/** Carries one command out, or holds it against `package.json`. */
async function follow(command: string, place: Place): Promise<void> {
  const words = command.replaceAll("<name>", place.lastName).split(" ");
  const [program, verb, ...rest] = words;
  const args = rest[0] === "--" ? rest.slice(1) : rest;
  if (program === "npx" && verb === "tinsmith") return runTinsmith(rest, place);
  if (program === "make") return makeIn(place, words.slice(1));
  assert.equal(program, "npm", `a command that this test can follow: ${command}`);
  if (verb === "ci") return assert.equal(command, "npm ci");
  if (verb === "install") return checkInstall(rest);
  if (verb === "start") return runTinsmith([...cliArgs(scripts.start), ...args], place);
  const script = verb === "run" ? rest[0]! : verb!;
  assert.ok(verb === "run" || verb === "test", `npm has no ${verb} here`);
  assert.ok(Object.hasOwn(scripts, script), `the script "${script}"`);
  if (COVERED.includes(script)) return;
  // Without a name, these list what they can run.
  assert.equal(rest.length, 1, command);
  const listing = spawnSync(process.execPath, scriptArgs(scripts[script]), {
    cwd: ROOT,
    encoding: "utf8",
  });
  assert.match(listing.stderr, new RegExp(`npm run ${script} -- [\\w-]+`));
}

/** `node FILE ARGS` of a script of package.json. */
function scriptArgs(script: string): string[] {
  const [program, file, ...args] = script.split(" ");
  assert.equal(program, "node");
  assert.ok(existsSync(join(ROOT, file!)), file);
  return [file!, ...args];
}

function cliArgs(script: string): string[] {
  const [file, ...args] = scriptArgs(script);
  assert.equal(file, "bin/tinsmith.mjs");
  return args;
}

/** Runs the command line; what serves until Ctrl-C gets one when it says so. */
async function runTinsmith(args: readonly string[], place: Place): Promise<void> {
  const serves = args[0] === "start" && !["--once", "--help"].some((flag) => args.includes(flag));
  // The usual port may be taken where tests run.
  const port = serves && !args.includes("--port") ? ["--port", "0"] : [];
  let interrupted = false;
  const outcome: Outcome = await tinsmith([...args, ...port], {
    cwd: place.folder,
    env: { HOME: place.folder },
    onStderr: (child, stderr) => {
      if (!serves || interrupted || !stderr.includes("until Ctrl-C")) return;
      interrupted = true;
      child.kill("SIGINT");
    },
  });
  const { exitCode, stdout, stderr } = outcome;
  assert.equal(exitCode, 0, `tinsmith ${args.join(" ")}\n${stderr}`);
  assert.equal(interrupted, serves);
  const library = /^The C library lies in (.+)$/m.exec(stdout)?.[1];
  if (library) place.lastName = basename(dirname(library));
}

function checkInstall(args: readonly string[]): void {
  assert.equal(args.length, 1);
  assert.equal(basename(args[0]!), `${name}-${version}.tgz`);
}

function makeIn({ folder, lastName }: Place, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync("make", args, {
    cwd: join(folder, "tinsmith-out", lastName, "c"),
    encoding: "utf8",
  });
  assert.equal(status, 0, `${stdout}${stderr}`);
}

const missing = ["make", "cc"].filter((program) => !findProgram(program));

test("every command of the README runs", { timeout: 180_000 }, async (t) => {
  const place: Place = { folder: await folderOf(t, FILES), lastName: "" };
  const commands = codeOf(README).filter(isCommand);
  assert.ok(commands.includes("npm ci"), "commands are found");
  for (const command of commands) {
    const needs = command.startsWith("make ") || command.endsWith(" native") ? missing : [];
    const skip = needs.length > 0 && `no ${needs.join(", ")}`;
    await t.test(command, { skip }, () => follow(command, place));
  }
  await t.test("the files it names are there", () => {
    const paths = codeOf(README).filter((text) => /^tinsmith-out\/\S*$/.test(text));
    assert.ok(paths.length > 0);
    for (const path of paths)
      assert.ok(existsSync(join(place.folder, path.replaceAll("<name>", place.lastName))), path);
  });
});

test("options that the README names are in a help", async () => {
  const helps = [await tinsmith(["run", "--help"]), await tinsmith(["start", "--help"])];
  const known = new Set(
    helps.flatMap(({ stdout }) => stdout.match(/(?<!\S)--[a-z][a-z-]*/g) ?? []),
  );
  const named = codeOf(README)
    .filter((text) => text.startsWith("-"))
    .flatMap((text) => text.match(/(?<!\S)--[a-z][a-z-]*/g) ?? []);
  assert.ok(known.has("--json") && named.length > 0);
  assert.deepEqual(
    named.filter((option) => !known.has(option)),
    [],
  );
});

test("links of the README lead to files", () => {
  const targets = [...README.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) => path!);
  assert.ok(targets.length > 0);
  assert.deepEqual(
    targets.filter((path) => !existsSync(join(ROOT, path))),
    [],
  );
});

test("a README that is wrong would fail", async (t) => {
  const place: Place = { folder: await folderOf(t, FILES), lastName: "recordings" };
  for (const command of [
    "npm ci --force",
    "npm run nothing",
    "npm instal",
    "npm install path/to/tinsmith-0.0.0.tgz",
    "npm start -- --twice",
    "npx tinsmith fly",
    "npx tinsmith run path/to/recordings --no-such-option",
    "npx tinsmith run path/to/nowhere",
    "node src/main.ts",
  ])
    await assert.rejects(follow(command, place), assert.AssertionError, command);
  const wrapped = "Then `npx tinsmith\n   run x` or\n```sh\nnpm ci && npm test   # all\n```\n`it`";
  assert.deepEqual(codeOf(wrapped), ["npx tinsmith run x", "npm ci", "npm test", "it"]);
});
