/** The contract on SQLite and files, and how a home that cannot be used is refused. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, open, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { openStore } from "./open-store.ts";
import { storeContract } from "./store.contract.ts";

const makeFolder = (): Promise<string> => mkdtemp(join(tmpdir(), "tinsmith-store-"));

storeContract("sqlite", async () => {
  const home = await makeFolder();
  return {
    open: (clock) => openStore(home, { clock }),
    remove: () => rm(home, { recursive: true, force: true }),
  };
});

/** A test with a folder of its own. */
function testInFolder(name: string, work: (folder: string) => Promise<void>): void {
  test(name, async () => {
    const folder = await makeFolder();
    try {
      await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

testInFolder(
  "a home is made where none is, and holds the same after it was closed",
  async (folder) => {
    const home = join(folder, "a", "b");
    const store = await openStore(home);
    const project = await store.projects.create("p");
    const hash = await store.blobs.put(Uint8Array.of(1));
    await store.close();
    assert.deepEqual((await readdir(home)).sort(), ["blobs", "tinsmith.sqlite"]);
    assert.ok(existsSync(join(home, "blobs", hash.slice(0, 2), hash.slice(2))));
    const again = await openStore(home);
    assert.deepEqual(await again.projects.list(), [project]);
    assert.ok(await again.blobs.has(hash));
    await again.close();
  },
);

testInFolder("many processes may open a new home at once", async (folder) => {
  const stores = await Promise.all([1, 2, 3, 4].map(() => openStore(folder)));
  await stores[0]!.projects.create("p");
  assert.equal((await stores[3]!.projects.list()).length, 1);
  for (const store of stores) await store.close();
});

testInFolder("a home that is a file is refused", async (folder) => {
  const file = join(folder, "file");
  await writeFile(file, "");
  await assert.rejects(openStore(file), { code: "home-not-directory" });
  await assert.rejects(openStore(join(file, "home")), { code: "home-not-directory" });
});

testInFolder("a database of a newer version is refused and left alone", async (folder) => {
  await (await openStore(folder)).close();
  const database = new DatabaseSync(join(folder, "tinsmith.sqlite"));
  database.exec("update version set number = 99");
  await assert.rejects(openStore(folder), { code: "store-newer", message: /at most 1, got 99$/ });
  assert.deepEqual({ ...database.prepare("select number from version").get() }, { number: 99 });
  database.close();
});

testInFolder("a file that is no database is refused", async (folder) => {
  await writeFile(join(folder, "tinsmith.sqlite"), "x".repeat(8192));
  await assert.rejects(openStore(folder), { code: "store-damaged" });
  await rm(join(folder, "tinsmith.sqlite"));
  await mkdir(join(folder, "tinsmith.sqlite"));
  await assert.rejects(openStore(folder), { code: "home-not-writable" });
});

testInFolder("a damaged page is reported, not read", async (folder) => {
  const store = await openStore(folder);
  for (let i = 0; i < 50; i++) await store.projects.create(`${i} ${"x".repeat(150)}`);
  await store.close();
  const path = join(folder, "tinsmith.sqlite");
  const file = await open(path, "r+");
  const { size } = await file.stat();
  await file.write(Buffer.alloc(size - 4096, 0xa5), 0, size - 4096, 4096);
  await file.close();
  await assert.rejects(
    openStore(folder).then((damaged) => damaged.projects.list().finally(damaged.close)),
    { code: "store-damaged" },
  );
});

testInFolder("waiting for another writer does not stop the event loop", async (folder) => {
  const store = await openStore(folder);
  const writer = new DatabaseSync(join(folder, "tinsmith.sqlite"));
  writer.exec("begin immediate");
  const waiting = store.projects.create("p");
  const wait = new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(await Promise.race([waiting, wait]), undefined, "the event loop goes on");
  writer.exec("commit");
  assert.equal((await waiting).name, "p");
  writer.close();
  await store.close();
});
