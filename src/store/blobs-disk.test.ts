/** Blobs on disk: whole or not there, damage is found and mended, nothing is left behind. */
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { BlobStore } from "./blobs.ts";
import { openDiskBlobs } from "./blobs-disk.ts";

const HOUR_AGO = new Date(Date.now() - 3_700_000);

function blobTest(name: string, work: (blobs: BlobStore, folder: string) => Promise<void>): void {
  test(name, async () => {
    const folder = await mkdtemp(join(tmpdir(), "tinsmith-blobs-"));
    try {
      await work(await openDiskBlobs(folder), folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

const pathOf = (folder: string, hash: string): string =>
  join(folder, hash.slice(0, 2), hash.slice(2));

blobTest(
  "a damaged blob is found when asked, and mended by putting it again",
  async (blobs, folder) => {
    const bytes = Uint8Array.of(1, 2, 3);
    const hash = await blobs.put(bytes);
    await writeFile(pathOf(folder, hash), Uint8Array.of(1, 2, 4));
    assert.deepEqual([...(await blobs.get(hash))], [1, 2, 4]);
    await assert.rejects(blobs.get(hash, { verify: true }), { code: "blob-damaged" });
    await blobs.put(bytes);
    assert.deepEqual([...(await blobs.get(hash, { verify: true }))], [1, 2, 3]);
  },
);

blobTest("putting again makes a blob young", async (blobs, folder) => {
  const hash = await blobs.put(Uint8Array.of(1));
  await utimes(pathOf(folder, hash), HOUR_AGO, HOUR_AGO);
  assert.deepEqual(await blobs.list({ olderThanMs: 60_000 }), [hash]);
  await blobs.put(Uint8Array.of(1));
  assert.deepEqual(await blobs.list({ olderThanMs: 60_000 }), []);
  assert.deepEqual(await blobs.list(), [hash]);
});

blobTest("many puts of the same and of different bytes at once", async (blobs, folder) => {
  const contents = Array.from({ length: 40 }, (_, i) => Uint8Array.of(i % 10));
  const hashes = await Promise.all(contents.map((bytes) => blobs.put(bytes)));
  assert.equal(new Set(hashes).size, 10);
  for (const [i, hash] of hashes.entries()) {
    assert.deepEqual([...(await blobs.get(hash, { verify: true }))], [i % 10]);
  }
  assert.deepEqual(await readdir(join(folder, "tmp")), []);
});

blobTest("what a killed process left is removed once it is old", async (_, folder) => {
  const [old, young] = [join(folder, "tmp", "old"), join(folder, "tmp", "young")];
  await writeFile(old, "x");
  await writeFile(young, "x");
  await utimes(old, HOUR_AGO, HOUR_AGO);
  const again = await openDiskBlobs(folder);
  assert.deepEqual(await readdir(join(folder, "tmp")), ["young"]);
  assert.deepEqual(await again.list(), []);
});
