/**
 * A disk that fills up and one that may only be read: small tmpfs mounts, which need root. Nothing
 * acknowledged is lost, nothing half-written stays, and the store goes on when there is space again.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { UserError } from "../../src/base/errors.ts";
import type { Sample } from "../../src/samples/sample.ts";
import { lockHome } from "../../src/store/home-lock.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/store.ts";
import { checkStore, nothingYet, record } from "./acknowledged.ts";

const LEASE_MS = 60_000;
const PAGE = 4096;

/** Runs `work` in a folder on a file system of its own, or skips. */
function diskTest(name: string, sizeKb: number, work: (folder: string) => Promise<void>): void {
  test(name, async (context) => {
    const folder = mkdtempSync(join(tmpdir(), "tinsmith-disk-"));
    const reason = mount(folder, "-t", "tmpfs", "-o", `size=${sizeKb}k`, "tmpfs");
    if (reason) {
      rmSync(folder, { recursive: true });
      context.skip(`no mount: ${reason}`);
      return;
    }
    try {
      await work(folder);
    } finally {
      execFileSync("umount", ["-l", folder]);
      rmSync(folder, { recursive: true });
    }
  });
}

/** Why mounting failed, or undefined. */
function mount(folder: string, ...options: readonly string[]): string | undefined {
  if (process.platform !== "linux") return "this is not Linux";
  if (process.getuid?.() !== 0) return "only root may mount";
  try {
    execFileSync("mount", [...options, folder], { stdio: "pipe" });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.trim() : `${error}`;
  }
}

/** Makes a file so large that `freeBytes` are left. */
async function fill(folder: string, freeBytes: number): Promise<void> {
  const ballast = join(folder, "ballast");
  await rm(ballast, { force: true });
  const { bavail, bsize } = await statfs(folder);
  const pages = Math.floor((bavail * bsize - freeBytes) / PAGE);
  await writeFile(ballast, Buffer.alloc(Math.max(0, pages) * PAGE));
}

const empty = (folder: string): Promise<void> => rm(join(folder, "ballast"), { force: true });

function sample(name: string, rows: number): Sample {
  return {
    ...{ name, label: "new", category: undefined, axes: [{ name: "x", units: "g" }] },
    ...{ intervalMs: 10, values: Float32Array.from({ length: rows }, (_, i) => i + name.length) },
    ...{ signatureValidates: null, metadata: {} },
  };
}

/** True when it worked, false for `disk-full`; anything else is a failure of the test. */
async function worked(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    assert.ok(error instanceof UserError, `${error}`);
    assert.equal(error.code, "disk-full", error.message);
    return false;
  }
}

diskTest("a full disk refuses, keeps what there is, and works again", 6144, async (folder) => {
  const home = join(folder, "home");
  const store = await openStore(home);
  const known = nothingYet();
  const { id: project } = await store.projects.create("p");
  const add = async (to: Store, name: string, rows: number): Promise<void> => {
    const [outcome] = await to.samples.add(project, [sample(name, rows)]);
    assert.ok(outcome && "sample" in outcome);
    record(known, { did: "sample", id: outcome.sample.id, sha256: outcome.sample.blob });
  };
  await add(store, "before", 100_000);

  await fill(folder, 0);
  assert.equal(await worked(add(store, "large", 50_000)), false);
  let small = 0;
  while (small < 5000 && (await worked(store.projects.create(`small ${small}`)))) small += 1;
  assert.ok(small < 5000, "small writes fail as well in the end");
  await assert.rejects(store.projects.create("p"), UserError);
  await checkStore(home, store, known);
  assert.equal((await store.projects.list()).length, 1 + small);
  assert.deepEqual(readdirSync(join(home, "blobs", "tmp")), []);

  await empty(folder);
  await add(store, "large", 50_000);
  await add(store, "after", 10);
  await store.close();
  const again = await openStore(home);
  await checkStore(home, again, known);
  assert.equal((await again.projects.list()).length, 1 + small);
  assert.equal((await again.samples.list(project)).length, 3);
  await again.close();
});

diskTest("a disk may become full at any point of an operation", 6144, async (folder) => {
  const home = join(folder, "home");
  const known = nothingYet();
  let [done, refused] = [0, 0];
  const count = (ok: boolean): boolean => {
    if (ok) done += 1;
    else refused += 1;
    return ok;
  };
  const first = await openStore(home);
  const { id: project } = await first.projects.create("p");
  await first.close();
  for (let freePages = 0; freePages < 48; freePages += 1) {
    await fill(folder, freePages * PAGE);
    // Opening makes files, too, and may be refused.
    const opened: Store[] = [];
    if (!count(await worked(openStore(home).then((store) => opened.push(store))))) continue;
    const store = opened[0]!;
    const adding = store.samples.add(project, [sample(`${freePages}`, 5000)]);
    if (count(await worked(adding))) {
      const [outcome] = await adding;
      assert.ok(outcome && "sample" in outcome);
      record(known, { did: "sample", id: outcome.sample.id, sha256: outcome.sample.blob });
    }
    const creating = store.runs.create(project, { seed: freePages });
    if (count(await worked(creating))) record(known, { did: "run", id: (await creating).id });
    const claiming = store.jobs.claim("w", LEASE_MS);
    const claim = count(await worked(claiming)) ? await claiming : undefined;
    if (claim) {
      const bytes = new Uint8Array(9000).fill(freePages);
      const artefacts = [{ path: "c/a", bytes }];
      const finishing = store.runs.finish(claim, { report: { files: 1 }, details: 1, artefacts });
      if (!count(await worked(finishing))) {
        await empty(folder);
        assert.ok(await store.runs.finish(claim, { report: { files: 1 }, details: 1, artefacts }));
      }
      const files = await store.artefacts.list(claim.id);
      const sha256 = files[0]!.blob;
      record(known, { did: "finish", id: claim.id, files: [{ path: "c/a", sha256 }] });
    }
    await store.jobs.interruptAll().catch(() => empty(folder).then(store.jobs.interruptAll));
    await checkStore(home, store, known);
    await store.close();
  }
  assert.ok(done > 20 && refused > 20, `${done} done, ${refused} refused`);
});

diskTest("deleting makes room on a full disk", 6144, async (folder) => {
  const home = join(folder, "home");
  const store = await openStore(home);
  const { id: project } = await store.projects.create("p");
  await store.samples.add(project, [sample("a", 200_000)]);
  await fill(folder, 16 * PAGE);
  assert.equal(await worked(store.samples.add(project, [sample("b", 100_000)])), false);
  await store.samples.delete((await store.samples.list(project))[0]!.id);
  assert.ok(await worked(store.samples.add(project, [sample("b", 100_000)])));
  await store.close();
});

diskTest("a home that may only be read is refused", 2048, async (folder) => {
  const home = join(folder, "home");
  await (await openStore(home)).close();
  assert.equal(mount(folder, "-o", "remount,ro"), undefined);
  await assert.rejects(openStore(home), { code: "home-not-writable" });
  await assert.rejects(openStore(join(folder, "new")), { code: "home-not-writable" });
  await assert.rejects(lockHome(home), { code: "home-not-writable" });
  assert.equal(mount(folder, "-o", "remount,rw"), undefined);
  await (await openStore(home)).close();
});
