/**
 * A server whose disk fills up, or may only be read: a small tmpfs, which needs root to mount. Every
 * answer says what is wrong, nothing acknowledged is lost, and with space again all works again.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdir, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { SampleSummary } from "../../src/server/api.ts";
import { serve } from "../../src/server/serve.ts";
import { csvOf, gestures, QUICK } from "../e2e/recordings.ts";
import {
  atEnd,
  clientOf,
  gestureProject,
  hasEnded,
  startRun,
  temporaryFolder,
  untilRun,
  upload,
  uploadOf,
} from "./harness.ts";

const ROOT = {
  skip:
    (process.platform !== "linux" && "only Linux has tmpfs") ||
    (process.getuid?.() !== 0 && "only root may mount"),
};

/** A folder on a file system of its own; undefined, with the reason told, where that cannot be. */
async function smallDisk(t: TestContext, sizeKb: number): Promise<string | undefined> {
  const folder = await temporaryFolder(t);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeKb}k`, "tmpfs", folder]);
  } catch (error) {
    t.skip(`no mount: ${error}`);
    return undefined;
  }
  atEnd(t, () => execFileSync("umount", ["-l", folder]));
  return folder;
}

test("a full disk: refused with a word for it, nothing lost, and it goes on", ROOT, async (t) => {
  const disk = await smallDisk(t, 6000);
  if (disk === undefined) return;
  const home = join(disk, "home");
  const serving = await serve({ home, port: 0 });
  atEnd(t, () => serving.close());
  const client = clientOf(serving.url);
  const project = await gestureProject(client);
  const samples = `/api/projects/${project.id}/samples`;
  const before = await client.ok<SampleSummary[]>(samples);

  const ballast = join(disk, "ballast");
  const { bavail, bsize } = await statfs(disk);
  await writeFile(ballast, Buffer.alloc((bavail - 1) * bsize));
  const csv = csvOf(gestures(4).at(-2)!);
  const refusal = await client.refused(507, "disk-full", samples, uploadOf("wave.9.csv", csv));
  assert.match(refusal.message, /room|full|space/);
  assert.deepEqual(await client.ok(samples), before);
  assert.deepEqual(await readdir(join(home, "tmp")), []);

  await rm(ballast);
  assert.equal((await upload(client, project, "wave.9.csv", csv)).added.length, 1);
  const { id } = await startRun(client, project);
  assert.equal((await untilRun(client, id, hasEnded)).status, "done");
});

test("a run that fills the disk fails and says so", ROOT, async (t) => {
  const disk = await smallDisk(t, 6000);
  if (disk === undefined) return;
  const serving = await serve({ home: join(disk, "home"), port: 0 });
  atEnd(t, () => serving.close());
  const client = clientOf(serving.url);
  const project = await gestureProject(client, QUICK);
  const { bavail, bsize } = await statfs(disk);
  // Room for the states of the job, not for a library.
  await writeFile(join(disk, "ballast"), Buffer.alloc(bavail * bsize - 80_000));
  const { id } = await startRun(client, project);
  const { status, error } = await untilRun(client, id, hasEnded);
  assert.equal(status, "failed");
  assert.match(`${error?.code} ${error?.message}`, /disk-full|ENOSPC/);
});
