/** The contract of jobs, runs and artefacts. */
import assert from "node:assert/strict";
import { type Contract, LEASE_MS, START_MS, user } from "./harness.contract.ts";
import type { Store } from "./store.ts";

const NO_WORK = { report: null, details: null, artefacts: [] };

export function jobsContract(contract: Contract): void {
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
}
