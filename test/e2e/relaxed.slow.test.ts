/** `tinsmith run --backend wasm-relaxed`, as a person types it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Report } from "../../src/pipeline/report.ts";
import { folderOf, tinsmith } from "./cli.ts";
import { filesOf, gestures, QUICK } from "./recordings.ts";

test("a run trains with relaxed SIMD, and says so in its report", async (t) => {
  const recipe = JSON.stringify({ ...QUICK, source: "." });
  const root = await folderOf(t, { ...filesOf(gestures()), "tinsmith.json": recipe });
  const args = ["run", "tinsmith.json", "--backend", "wasm-relaxed", "--out", "out", "--json"];
  const { exitCode, stdout, stderr } = await tinsmith(args, { cwd: root, env: { HOME: root } });
  assert.equal(exitCode, 0, stderr);
  assert.equal((JSON.parse(stdout) as Report).training.backend, "wasm-relaxed");
});
