/**
 * What every Store promises, as tests: `storeContract(name, place)` is called by the test file of
 * each implementation, with a function that makes an empty place and opens stores on it.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../base/errors.ts";
import type { Sample } from "../samples/sample.ts";
import type { AddOutcome, Store, StoredSample } from "./store.ts";

/** An empty place for stores; all stores opened on it share what it holds. */
export type Place = {
  open(clock: () => number): Promise<Store>;
  remove(): Promise<void>;
};

const START_MS = 1_800_000_000_000;
const LEASE_MS = 30_000;
const NO_WORK = { report: null, details: null, artefacts: [] };

export function storeContract(name: string, makePlace: () => Promise<Place>): void {
  /** A test with two stores on one new place and a clock that both see. */
  const contract = (
    what: string,
    work: (store: Store, other: Store, clock: { nowMs: number }) => Promise<void>,
  ): void => {
    test(`${name}: ${what}`, async () => {
      const place = await makePlace();
      const clock = { nowMs: START_MS };
      try {
        const store = await place.open(() => clock.nowMs);
        const other = await place.open(() => clock.nowMs);
        await work(store, other, clock);
        await store.close();
        await other.close();
      } finally {
        await place.remove();
      }
    });
  };

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

  contract("samples come back as they were added", async (store, other) => {
    const { id } = await store.projects.create("p");
    const samples = [
      sample("b/two.csv", [4, 5, 6, 7], { label: "wave" }),
      sample("a/one.csv", [1, -0, 1e-42, 3.4e38], {
        segments: [
          { startRow: 0, endRow: 1, label: "idle" },
          { startRow: 1, endRow: 2, label: "wave" },
        ],
        category: "testing",
        intervalMs: 1000 / 62.5,
        signatureValidates: false,
        metadata: { device: "ac:12", "": "ünïcode" },
      }),
    ];
    const added = stored(await store.samples.add(id, samples));
    assert.deepEqual(await other.samples.load(id), [samples[1], samples[0]]);
    assert.deepEqual(await other.samples.list(id), [added[1], added[0]]);
    assert.deepEqual(await other.samples.get(added[0]!.id), added[0]);
    assert.deepEqual(
      { ...added[0], id: "", blob: "" },
      {
        ...{ id: "", project: id, name: "b/two.csv", label: "wave", category: undefined, rows: 2 },
        ...{ axes: samples[0]!.axes, intervalMs: 10, metadata: {}, signatureValidates: null },
        ...{ blob: "", createdAt: START_MS },
      },
    );
    assert.deepEqual(await other.samples.values(added[1]!.id), samples[1]!.values);
  });

  contract("the same upload again changes nothing and keeps edits", async (store, other) => {
    const { id } = await store.projects.create("p");
    const one = sample("one", [1, 2], { label: "a" });
    const [first] = stored(await store.samples.add(id, [one]));
    await store.samples.update(first!.id, { label: "edited" });
    const outcomes = await other.samples.add(id, [
      one,
      sample("one", [1, 3]),
      sample("one", [1, 2], { intervalMs: 20 }),
      sample("two", [1, 2]),
    ]);
    assert.deepEqual(outcomes[0], { sample: { ...first, label: "edited" }, added: false });
    for (const outcome of outcomes.slice(1, 3)) {
      assert.ok("problem" in outcome && user("sample-exists")(outcome.problem));
    }
    assert.ok("added" in outcomes[3]! && outcomes[3].added);
    assert.equal((await store.samples.list(id)).length, 2);
    assert.deepEqual(await store.samples.values(first!.id), one.values);
    await assert.rejects(store.samples.add("none", [one]), user("project-missing"));
  });

  contract("labels, segments and category are edited", async (store, other) => {
    const { id } = await store.projects.create("p");
    const segments = [{ startRow: 0, endRow: 1, label: "x" }];
    const [before] = stored(await store.samples.add(id, [sample("s", [1, 2], { segments })]));
    const change = (to: Parameters<Store["samples"]["update"]>[1]) =>
      other.samples.update(before!.id, to);
    const { segments: _, ...plain } = before!;
    assert.deepEqual(await change({ label: "a" }), { ...plain, label: "a" });
    assert.deepEqual(await change({ category: "training" }), {
      ...{ ...plain, label: "a" },
      category: "training",
    });
    assert.deepEqual(await change({ label: null, segments, category: null }), before);
    assert.deepEqual(await change({}), before);
    assert.deepEqual(await store.samples.get(before!.id), before);
    await assert.rejects(store.samples.update("none", { label: "a" }), user("sample-missing"));
  });

  contract("a deleted sample is gone, and its blob when it was the last", async (store, other) => {
    const { id } = await store.projects.create("p");
    const [one, two] = stored(await store.samples.add(id, [sample("1", [7]), sample("2", [7])]));
    assert.equal(one!.blob, two!.blob);
    await store.samples.delete(one!.id);
    assert.deepEqual(await other.samples.values(two!.id), Float32Array.of(7));
    await other.samples.delete(two!.id);
    assert.equal(await store.blobs.has(two!.blob), false);
    await assert.rejects(store.samples.delete(two!.id), user("sample-missing"));
    await assert.rejects(store.samples.values(two!.id), user("sample-missing"));
  });

  contract("a sample of 10 MB comes back whole", async (store, other) => {
    const { id } = await store.projects.create("p");
    const values = Float32Array.from({ length: 2_500_000 }, (_, i) => Math.fround(i * 0.37));
    const [added] = stored(await store.samples.add(id, [{ ...sample("long", [0]), values }]));
    assert.equal(added!.rows, 2_500_000);
    assert.deepEqual(await other.samples.values(added!.id), values);
  });

  contract("a project has one recipe or none", async (store, other) => {
    const { id } = await store.projects.create("p");
    assert.equal(await store.recipes.get(id), undefined);
    await store.recipes.put(id, { layers: [1] });
    await other.recipes.put(id, { layers: [1, null, "ü"] });
    assert.deepEqual(await store.recipes.get(id), { layers: [1, null, "ü"] });
    await store.recipes.delete(id);
    await store.recipes.delete(id);
    assert.equal(await other.recipes.get(id), undefined);
    await assert.rejects(store.recipes.put("none", {}), user("project-missing"));
  });

  contract("a job is claimed, reports, completes", async (store, other, clock) => {
    const { id } = await store.projects.create("p");
    const queued = await store.jobs.enqueue(id, "train", { epochs: 3 });
    assert.deepEqual(queued, {
      ...{ id: queued.id, project: id, kind: "train", request: { epochs: 3 }, status: "queued" },
      ...{ phase: "", done: 0, message: "", error: null, worker: null, leaseUntil: null },
      ...{ attempts: 0, createdAt: START_MS, startedAt: null, endedAt: null },
    });
    assert.equal(await other.jobs.claim("w", LEASE_MS, ["else"]), undefined);
    clock.nowMs += 5;
    const claim = (await other.jobs.claim("w", LEASE_MS, ["train"]))!;
    const running = {
      ...{ ...queued, status: "running", worker: "w", attempts: 1 },
      ...{ startedAt: START_MS + 5, leaseUntil: START_MS + 5 + LEASE_MS },
    };
    assert.deepEqual(claim, running);
    assert.equal(await store.jobs.claim("v", LEASE_MS), undefined);
    clock.nowMs += 10;
    const progress = { phase: "train", done: 0.5, message: "epoch 2" };
    assert.ok(await other.jobs.heartbeat(claim, LEASE_MS, progress));
    assert.deepEqual(await store.jobs.get(queued.id), {
      ...{ ...running, ...progress },
      leaseUntil: START_MS + 15 + LEASE_MS,
    });
    assert.ok(await other.jobs.complete(claim));
    assert.deepEqual(await store.jobs.list("done"), [
      {
        ...{ ...running, ...progress, status: "done" },
        ...{ leaseUntil: null, endedAt: START_MS + 15 },
      },
    ]);
    assert.equal(await other.jobs.complete(claim), false);
    assert.equal(await other.jobs.requeue(queued.id), false);
    assert.equal(await other.jobs.cancel(queued.id), false);
    await assert.rejects(store.jobs.enqueue("none", "train", {}), user("project-missing"));
  });

  contract("two workers never get the same job, oldest first", async (store, other) => {
    const { id } = await store.projects.create("p");
    const ids: string[] = [];
    for (let i = 0; i < 20; i++) ids.push((await store.jobs.enqueue(id, "train", i)).id);
    const work = async (from: Store, worker: string): Promise<string[]> => {
      const got: string[] = [];
      for (let job = await from.jobs.claim(worker, LEASE_MS); job; ) {
        got.push(job.id);
        assert.ok(await from.jobs.complete(job));
        job = await from.jobs.claim(worker, LEASE_MS);
      }
      return got;
    };
    const [a, b] = await Promise.all([work(store, "a"), work(other, "b")]);
    assert.deepEqual([...a!, ...b!].sort(), ids);
    assert.deepEqual([a!.toSorted(), b!.toSorted()], [a, b]);
  });

  contract("an expired lease interrupts, and the job runs again", async (store, other, clock) => {
    const { id } = await store.projects.create("p");
    const run = await store.runs.create(id, { seed: 4, request: { a: 1 } });
    const dead = (await store.jobs.claim("w", LEASE_MS))!;
    clock.nowMs += LEASE_MS;
    assert.deepEqual(await other.jobs.expire(), []);
    clock.nowMs += 1;
    assert.deepEqual(await other.jobs.expire(), [run.id]);
    const interrupted = (await store.runs.get(run.id))!;
    assert.equal(interrupted.status, "interrupted");
    assert.equal(interrupted.endedAt, clock.nowMs);
    assert.equal(await store.jobs.heartbeat(dead, LEASE_MS), false);
    assert.equal(await other.jobs.claim("w", LEASE_MS), undefined);

    assert.ok(await other.jobs.requeue(run.id));
    assert.deepEqual(await store.runs.get(run.id), { ...run, attempts: 1 });
    const again = (await other.jobs.claim("w", LEASE_MS))!;
    assert.equal(again.attempts, 2);
    // The same worker, but the claim before: it must not end what is running now.
    assert.equal(await store.runs.finish(dead, NO_WORK), false);
    assert.equal(await store.jobs.fail(dead, { code: "x", message: "x" }), false);
    assert.ok(await other.runs.finish(again, NO_WORK));
    assert.equal((await store.runs.get(run.id))!.status, "done");
  });

  contract(
    "claiming expires leases as well; a late heartbeat saves one",
    async (store, _, clock) => {
      const { id } = await store.projects.create("p");
      const one = await store.jobs.enqueue(id, "train", null);
      const claim = (await store.jobs.claim("w", LEASE_MS))!;
      clock.nowMs += 2 * LEASE_MS;
      assert.ok(await store.jobs.heartbeat(claim, LEASE_MS));
      assert.deepEqual(await store.jobs.expire(), []);
      clock.nowMs += 2 * LEASE_MS;
      assert.equal(await store.jobs.claim("v", LEASE_MS), undefined);
      assert.equal((await store.jobs.get(one.id))!.status, "interrupted");
    },
  );

  contract("whoever takes over interrupts what was running", async (store, other) => {
    const { id } = await store.projects.create("p");
    const [one, two] = [
      await store.jobs.enqueue(id, "train", 1),
      await store.jobs.enqueue(id, "train", 2),
    ];
    await store.jobs.claim("w", LEASE_MS);
    assert.deepEqual(await other.jobs.interruptAll(), [one.id]);
    assert.equal((await store.jobs.get(two.id))!.status, "queued");
  });

  contract("cancelling stops a job in any state but the last", async (store, other) => {
    const { id } = await store.projects.create("p");
    const queued = await store.jobs.enqueue(id, "train", null);
    assert.ok(await other.jobs.cancel(queued.id));
    assert.equal(await store.jobs.claim("w", LEASE_MS), undefined);
    assert.ok(await store.jobs.requeue(queued.id));
    const claim = (await store.jobs.claim("w", LEASE_MS))!;
    assert.ok(await other.jobs.cancel(queued.id));
    assert.equal(await store.jobs.heartbeat(claim, LEASE_MS), false);
    assert.equal(await store.jobs.complete(claim), false);
    assert.equal((await store.jobs.get(queued.id))!.status, "cancelled");
    assert.equal(await store.jobs.cancel(queued.id), false);
    assert.equal(await store.jobs.cancel("none"), false);
  });

  contract("a failed job says why, until it is queued again", async (store, other) => {
    const { id } = await store.projects.create("p");
    const job = await store.jobs.enqueue(id, "train", null);
    const error = { code: "no-samples", message: "run: needs samples, got none", hint: "Add some" };
    assert.ok(await store.jobs.fail((await store.jobs.claim("w", LEASE_MS))!, error));
    const failed = (await other.jobs.get(job.id))!;
    assert.deepEqual([failed.status, failed.error], ["failed", error]);
    assert.ok(await other.jobs.requeue(job.id));
    assert.equal((await store.jobs.get(job.id))!.error, null);
  });

  contract("a run keeps its result and its artefacts", async (store, other) => {
    const { id } = await store.projects.create("p");
    const run = await store.runs.create(id, { seed: 2 ** 32 - 1 });
    assert.deepEqual([run.seed, run.status, run.request], [2 ** 32 - 1, "queued", null]);
    const claim = (await store.jobs.claim("w", LEASE_MS))!;
    assert.equal(await other.runs.result(run.id), undefined);
    const [report, details] = [{ accuracy: 0.5 }, { history: [1, 2] }];
    const file = (path: string, ...bytes: number[]) => ({ path, bytes: Uint8Array.from(bytes) });
    const files = [file("c/model.c", 1, 2), file("c/empty"), file("a.json", 1, 2)];
    for (const path of ["../x", "/x", "a//b", "", "a\\b", "./a"]) {
      const bad = { report, details, artefacts: [...files, file(path)] };
      await assert.rejects(store.runs.finish(claim, bad), user("artefact-path"));
    }
    assert.ok(await store.runs.finish(claim, { report, details, artefacts: files }));
    assert.deepEqual(await other.runs.result(run.id), { report, details });
    const listed = await other.artefacts.list(run.id);
    assert.deepEqual(
      listed.map(({ path, size }) => [path, size]),
      [
        ["a.json", 2],
        ["c/empty", 0],
        ["c/model.c", 2],
      ],
    );
    assert.deepEqual([...(await other.artefacts.read(run.id, "c/model.c"))!], [1, 2]);
    assert.equal((await other.artefacts.read(run.id, "c/empty"))!.length, 0);
    assert.equal(await other.artefacts.read(run.id, "none"), undefined);
    assert.deepEqual(
      (await other.runs.list(id)).map(({ status }) => status),
      ["done"],
    );

    await other.runs.delete(run.id);
    assert.deepEqual(await store.artefacts.list(run.id), []);
    assert.equal(await store.jobs.get(run.id), undefined);
    assert.deepEqual(await store.blobs.list(), []);
    await assert.rejects(store.runs.delete(run.id), user("run-missing"));
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

/** A sample of one axis (or two when the number of values is even). */
function sample(name: string, values: readonly number[], fields: Partial<Sample> = {}): Sample {
  const axes = [{ name: "x", units: "g" }];
  if (values.length % 2 === 0) axes.push({ name: "ÿ", units: "m/s²" });
  return {
    ...{ name, label: undefined, category: undefined, axes, intervalMs: 10 },
    ...{ values: Float32Array.from(values), signatureValidates: null, metadata: {}, ...fields },
  };
}

function stored(outcomes: readonly AddOutcome[]): StoredSample[] {
  return outcomes.map((outcome) => {
    if ("problem" in outcome) throw outcome.problem;
    return outcome.sample;
  });
}

/** A check for `assert.rejects`: a UserError of that code. */
const user =
  (code: string) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof UserError, `${error}`);
    assert.equal(error.code, code);
    return true;
  };
