/**
 * The same seed and recordings give the same bytes of artefact: run after run, and on another
 * version of the engine, whose own mathematics may differ.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { findProgram, requirement } from "../requirements.ts";

const BIN = fileURLToPath(new URL("../../bin/tinsmith.mjs", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "tinsmith-same-"));
after(() => rmSync(root, { recursive: true, force: true }));

/** Every file below c/ with its bytes, of a run of the bundled example, design included. */
function artefact(node: string, name: string, seed: number): Map<string, string> {
  const out = join(root, name);
  const args = ["run", "example:gestures", "--out", out, "--json"];
  execFileSync(node, [BIN, ...args, "--seed", String(seed)], { stdio: "pipe", maxBuffer: 1 << 26 });
  const library = join(out, "c");
  const files = readdirSync(library, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return new Map(files.map((path) => [path.slice(library.length), readFileSync(path, "latin1")]));
}

const first = artefact(process.execPath, "first", 5);

test("the same seed gives the same bytes of artefact", () => {
  assert.ok(first.size >= 6);
  assert.deepEqual(artefact(process.execPath, "second", 5), first);
});

test("another seed gives another artefact", () => {
  assert.notDeepEqual(artefact(process.execPath, "other", 6), first);
});

test("Node 26 gives the bytes of Node 24", requirement("node26"), () => {
  assert.deepEqual(artefact(findProgram("node26")!, "node26", 5), first);
});
