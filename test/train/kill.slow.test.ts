/** A training whose process is killed goes on from its checkpoint to the same bits. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { SAVES, train } from "./trainer.ts";

const TRAINER = fileURLToPath(new URL("trainer.ts", import.meta.url));

/** Starts a training and kills it once it has saved so many checkpoints; gives the signal. */
async function killAfter(saves: number, folder: string): Promise<string | null> {
  const child = spawn(process.execPath, [TRAINER, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let seen = 0;
  createInterface(child.stdout).on("line", () => {
    if (++seen === saves) child.kill("SIGKILL");
  });
  const [, signal] = await once(child, "exit");
  return signal;
}

test("a training killed twice and resumed equals an uninterrupted one to the bit", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tinsmith-train-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const saves of [5, 3]) assert.equal(await killAfter(saves, folder), "SIGKILL");
  let saves = 0;
  const resumed = await train(folder, () => saves++);
  assert.ok(saves > 0 && saves <= SAVES - 8, `${saves} of ${SAVES} checkpoints after the kills`);
  const whole = await train();
  assert.deepEqual(resumed.history, whole.history);
  assert.deepEqual(resumed.best, whole.best);
  for (const [i, { data }] of whole.parameters.entries())
    assert.deepEqual(
      new Uint8Array(resumed.parameters[i]!.data.buffer),
      new Uint8Array(data.buffer),
    );
});
