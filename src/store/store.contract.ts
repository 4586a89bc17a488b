/**
 * What every Store promises, as tests: `storeContract(name, makePlace)` is called by the test file of
 * each implementation, with a function that makes an empty place and opens stores on it.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import {
  contractOn,
  LEASE_MS,
  type Place,
  START_MS,
  sample,
  stored,
  user,
} from "./harness.contract.ts";
import { jobsContract } from "./jobs.contract.ts";
import { samplesContract } from "./samples.contract.ts";
import type { Store } from "./store.ts";

export function storeContract(name: string, makePlace: () => Promise<Place>): void {
  const contract = contractOn(name, makePlace);
  samplesContract(contract);
  jobsContract(contract);

  contract("projects have unique names and come in the order of creation", async (store, other) => {
    const first = await store.projects.create("wand");
    const second = await store.projects.create("Übung 1 / a");
    assert.deepEqual(first, { id: first.id, name: "wand", createdAt: START_MS });
    assert.deepEqual(await other.projects.list(), [first, second]);
    assert.deepEqual(await other.projects.get(second.id), second);
    assert.deepEqual(await other.projects.findByName("wand"), first);
    assert.equal(await store.projects.get("none"), undefined);
    await assert.rejects(other.projects.create("wand"), user("project-exists"));
    await assert.rejects(store.projects.create(" "), user("project-name"));
    await assert.rejects(store.projects.create("x".repeat(201)), user("project-name"));
  });

  contract("deleting a project frees what only it held", async (store, other) => {
    const [gone, kept] = [await store.projects.create("gone"), await store.projects.create("kept")];
    await store.samples.add(gone.id, [sample("own", [1]), sample("shared", [2])]);
    const [shared] = stored(await store.samples.add(kept.id, [sample("shared", [2])]));
    await store.recipes.put(gone.id, {});
    await store.runs.create(gone.id, { seed: 1 });
    const done = (await store.jobs.claim("w", LEASE_MS))!;
    const artefacts = [{ path: "a", bytes: Uint8Array.of(9) }];
    await store.runs.finish(done, { report: 1, details: [2], artefacts });
    await store.runs.create(gone.id, { seed: 1 });
    const claim = (await store.jobs.claim("w", LEASE_MS))!;

    await other.projects.delete(gone.id);
    assert.deepEqual(await store.projects.list(), [kept]);
    assert.deepEqual(await store.samples.list(gone.id), []);
    assert.equal(await store.recipes.get(gone.id), undefined);
    assert.deepEqual(await store.runs.list(gone.id), []);
    assert.equal(await store.jobs.heartbeat(claim, LEASE_MS), false);
    assert.deepEqual(await store.blobs.list(), [shared!.blob]);
    await assert.rejects(store.projects.delete(gone.id), user("project-missing"));
  });

  contract("blobs are named by their content and put only once", async (store, other) => {
    const bytes = Uint8Array.of(0x61, 0x62, 0x63);
    const hash = await store.blobs.put(bytes);
    assert.equal(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert.equal(await other.blobs.put(bytes), hash);
    assert.deepEqual(await store.blobs.list(), [hash]);
    assert.deepEqual([...(await other.blobs.get(hash, { verify: true }))], [...bytes]);
    assert.equal(await other.blobs.has(hash), true);
    await assert.rejects(store.blobs.get("00".repeat(32)), user("blob-missing"));
    await assert.rejects(store.blobs.get("../tinsmith.sqlite"), /SHA-256/);
    assert.equal(await store.blobs.delete(hash), 3);
    assert.equal(await store.blobs.delete(hash), 0);
    assert.equal(await store.blobs.has(hash), false);
  });

  contract("garbage is what nothing refers to and nobody has just put", async (store, other) => {
    const { id } = await store.projects.create("p");
    const [added] = stored(await store.samples.add(id, [sample("s", [1, 2])]));
    await store.blobs.put(Uint8Array.of(1, 2, 3));
    assert.deepEqual(await store.collectGarbage(), { blobs: 0, bytes: 0 });
    assert.deepEqual(await other.collectGarbage({ graceMs: 0 }), { blobs: 1, bytes: 3 });
    assert.deepEqual(await store.blobs.list(), [added!.blob]);
  });

  contract("garbage collection never takes what is being added", async (store, other) => {
    const { id } = await store.projects.create("p");
    let adding = true;
    const collect = (async () => {
      for (; adding; await sleep(1)) await other.collectGarbage({ graceMs: 0 });
    })();
    for (let i = 0; i < 40; i++) {
      const [added] = stored(await store.samples.add(id, [sample(`${i}`, [i])]));
      if (i % 2 === 1) await store.samples.delete(added!.id);
    }
    adding = false;
    await collect;
    const kept = await store.samples.load(id);
    assert.deepEqual(
      kept.map(({ values }) => values[0]).sort((a, b) => a! - b!),
      Array.from({ length: 20 }, (_, i) => 2 * i),
    );
    await other.collectGarbage({ graceMs: 0 });
    assert.equal((await store.blobs.list()).length, 20);
  });

  contract("writers of two stores wait for each other", async (store, other) => {
    const { id } = await store.projects.create("p");
    const add = async (to: Store, prefix: string): Promise<void> => {
      for (let i = 0; i < 25; i++) await to.samples.add(id, [sample(`${prefix}${i}`, [i])]);
    };
    await Promise.all([add(store, "a"), add(other, "b"), add(store, "c"), add(other, "a")]);
    assert.equal((await store.samples.list(id)).length, 75);
    const created = await Promise.allSettled(
      [store, other, store, other].map((to) => to.projects.create("same")),
    );
    assert.equal(created.filter(({ status }) => status === "fulfilled").length, 1);
  });
}
