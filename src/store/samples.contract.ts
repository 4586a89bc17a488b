/** The contract of samples and recipes. */
import assert from "node:assert/strict";
import { type Contract, START_MS, sample, stored, user } from "./harness.contract.ts";
import type { Store } from "./store.ts";

export function samplesContract(contract: Contract): void {
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
}
