/** `tinsmith run --backend native`, as a person types it. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Report } from "../../src/pipeline/report.ts";
import { assertRefused, folderOf, tinsmith } from "../e2e/cli.ts";
import { filesOf, gestures, QUICK } from "../e2e/recordings.ts";
import { NATIVE } from "./compiler.ts";

const recipe = JSON.stringify({ ...QUICK, source: "." });

test("a run trains on native code, and says so in its report", NATIVE, async (t) => {
  const root = await folderOf(t, { ...filesOf(gestures()), "tinsmith.json": recipe });
  const options = { cwd: root, env: { HOME: root } };
  const args = ["run", "tinsmith.json", "--backend", "native", "--out", "out", "--json"];
  const { exitCode, stdout, stderr } = await tinsmith(args, options);
  assert.equal(exitCode, 0, stderr);
  const { training } = JSON.parse(stdout) as Report;
  assert.equal(training.backend, "native");
  assert.ok(existsSync(join(root, ".tinsmith", "cache", "native")));
});

test("a run without a compiler ends before it begins", async (t) => {
  const root = await folderOf(t, { "tinsmith.json": recipe });
  const args = ["run", "tinsmith.json", "--backend", "native", "--out", "out"];
  const outcome = await tinsmith(args, { cwd: root, env: { HOME: root, PATH: "" } });
  assertRefused(outcome, /native: a C compiler must be installed, found none of gcc, clang, cc/);
  assert.ok(!existsSync(join(root, "out")));
});
