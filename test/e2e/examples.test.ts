/**
 * The examples and the code of docs/library.md, run as their readers run them. Each must end well
 * and say what its text promises; an example that is not named here fails.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const OPTIONS = ["--conditions=tinsmith-source"];

const PROMISES: { readonly [file: string]: readonly RegExp[] } = {
  "classify.ts": [/^kept epoch \d+$/m, /^test accuracy (?:1|0\.9\d+)$/m, /^a circle is a circle$/m],
  "regression.ts": [/^temperature: .* R2 0\.9[89]\d$/m, /^humidity: .* R2 (?:1\.0|0\.99)\d*$/m],
  "branches.ts": [/^stopped: /m, /^trained for 15 epochs$/m, /^test accuracy (?:1|0\.9\d+)$/m],
};

/** Runs a module, given as text or as a file, to its end. */
function run(args: readonly string[], input = ""): Promise<{ code: number | null; text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...OPTIONS, ...args], { cwd: ROOT });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    child.stderr.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, text }));
    child.stdin.end(input);
  });
}

for (const file of readdirSync(join(ROOT, "examples")).filter((name) => name.endsWith(".ts")))
  test(`examples/${file}`, async () => {
    const promises = PROMISES[file];
    assert.ok(promises, `what ${file} promises must stand in this test`);
    const { code, text } = await run([join("examples", file)]);
    assert.equal(code, 0, text);
    for (const promise of promises) assert.match(text, promise);
  });

test("the code of docs/library.md", async () => {
  const text = readFileSync(join(ROOT, "docs/library.md"), "utf8");
  const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code);
  assert.ok(blocks.length >= 5, `${blocks.length} blocks`);
  // One module after the other, as somebody reads it; what a block prints stands in its comments.
  const { code, text: printed } = await run(
    ["--input-type=module-typescript", "-"],
    blocks.join(""),
  );
  assert.equal(code, 0, printed);
  const promised = [...blocks.join("").matchAll(/\/\/ prints (.*)$/gm)].map(([, line]) => line!);
  assert.ok(promised.length >= 2);
  for (const line of promised)
    assert.ok(printed.split("\n").includes(line), `"${line}" in\n${printed}`);
});
