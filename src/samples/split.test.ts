/** The rules of split.ts, one by one, and the laws that hold for every split. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../base/rng.ts";
import { makeSample } from "./fixtures.ts";
import type { Part } from "./part.ts";
import type { Category, Sample } from "./sample.ts";
import { type Split, splitSamples } from "./split.ts";

const options = { seed: 1, windowMs: 200 };

/** `{wave: 4}` gives wave.0 … wave.3. */
function recordings(counts: { [label: string]: number }, category?: Category): Sample[] {
  return Object.entries(counts).flatMap(([label, count]) =>
    Array.from({ length: count }, (_, i) =>
      makeSample(`${category ?? "all"}/${label}.${i}.csv`, label, category ? { category } : {}),
    ),
  );
}

function tally(parts: readonly Part[]): { [label: string]: number } {
  const counts: { [label: string]: number } = {};
  for (const { sample } of parts) counts[sample.label!] = (counts[sample.label!] ?? 0) + 1;
  return counts;
}

function said(split: Split, pattern: RegExp): void {
  assert.ok(
    split.notes.some((note) => pattern.test(note)),
    `no note matches ${pattern}: ${split.notes.join(" ")}`,
  );
}

test("by file, stratified: each label tests, and validates where three training files remain", () => {
  const split = splitSamples(recordings({ idle: 15, updown: 4, wave: 4, snake: 2 }), options);
  assert.deepEqual(tally(split.testing), { idle: 3, snake: 1, updown: 1, wave: 1 });
  assert.deepEqual(tally(split.validation), { idle: 2, updown: 1, wave: 1 });
  assert.deepEqual(tally(split.training), { idle: 10, snake: 1, updown: 2, wave: 2 });
  assert.deepEqual(split.labels, ["idle", "snake", "updown", "wave"]);
  assert.equal(split.byTime, false);
  said(split, /"snake" with fewer than three training recordings/);
});

test("the same seed gives the same split in any order of samples, another seed another", () => {
  const samples = recordings({ idle: 15, wave: 15 });
  const first = splitSamples(samples, options);
  const shuffled = makeRng(9).shuffle([...samples]);
  assert.deepEqual(splitSamples(shuffled, options), first);
  assert.notDeepEqual(splitSamples(samples, { ...options, seed: 2 }).testing, first.testing);
});

test("law: no row is on two sides, and no recording unless cut by time", () => {
  const rng = makeRng(4);
  for (let round = 0; round < 60; round++) {
    const counts: { [label: string]: number } = {};
    const single = round % 4 === 0;
    for (const label of ["a", "b", "c", "d"]) counts[label] = single ? 1 : 2 + rng.int(6);
    const split = splitSamples(recordings(counts), { seed: round, windowMs: 100 });
    const seen = new Map<string, [number, number, number][]>();
    const sides = [split.training, split.validation, split.testing];
    for (const [side, parts] of sides.entries()) {
      assert.ok(parts.length > 0);
      for (const part of parts) {
        const ranges = seen.get(part.sample.name) ?? [];
        for (const [start, end, other] of ranges) {
          const gap = Math.max(start - part.endRow, part.startRow - end);
          assert.ok(side !== other && gap >= 10, `${part.sample.name}: gap of ${gap} rows`);
          assert.ok(split.byTime || split.notes.some((note) => note.includes("ends of the")));
        }
        seen.set(part.sample.name, [...ranges, [part.startRow, part.endRow, side]]);
      }
    }
  }
});

test("one recording of every label: each is split by time with a gap of one window", () => {
  const samples = [
    makeSample("a.csv", "a", { rows: 400 }),
    makeSample("b.csv", "b", { rows: 400 }),
  ];
  const split = splitSamples(samples, { seed: 1, windowMs: 200 }); // 20 rows
  assert.equal(split.byTime, true);
  const ranges = (parts: readonly Part[]) => parts.map((p) => [p.startRow, p.endRow]);
  // 380 usable rows: 76 test; 304 train, of which 284 usable: 57 validate.
  assert.deepEqual(ranges(split.testing), [
    [324, 400],
    [324, 400],
  ]);
  assert.deepEqual(ranges(split.validation), [
    [247, 304],
    [247, 304],
  ]);
  assert.deepEqual(ranges(split.training), [
    [0, 227],
    [0, 227],
  ]);
  said(split, /split by time/);
  assert.throws(() => splitSamples(samples, { seed: 1, windowMs: 1400 }), {
    code: "recording-too-short",
  });
});

test("two files each: validation is cut from the ends of the training files", () => {
  const split = splitSamples(recordings({ a: 2, b: 2 }), options);
  assert.deepEqual(tally(split.validation), { a: 1, b: 1 });
  assert.deepEqual(
    split.validation.map((part) => part.sample.name),
    split.training.map((part) => part.sample.name),
  );
  for (const [i, part] of split.training.entries()) {
    assert.equal(split.validation[i]!.startRow - part.endRow, 20);
  }
  said(split, /ends of the training recordings validate/);
});

test("recordings too short to be cut leave no validation data, and a note says so", () => {
  const split = splitSamples(recordings({ a: 2, b: 2 }), { ...options, windowMs: 500 });
  assert.equal(split.validation.length, 0);
  said(split, /no validation data/);
});

test("a given split is kept, and validation comes from its training files", () => {
  const samples = [
    ...recordings({ a: 6, b: 2 }, "training"),
    ...recordings({ a: 1, b: 3 }, "testing"),
    makeSample("loose/a.9.csv", "a"),
  ];
  const split = splitSamples(samples, options);
  assert.deepEqual(tally(split.testing), { a: 1, b: 3 });
  assert.deepEqual(tally(split.training), { a: 6, b: 2 });
  assert.deepEqual(tally(split.validation), { a: 1 });
  assert.ok(split.testing.every((part) => part.sample.category === "testing"));
  said(split, /given split\./);
  said(split, /1 recording outside the given split/);
});

test("a given validation set is kept as it is", () => {
  const samples = [
    ...recordings({ a: 6, b: 6 }, "training"),
    ...recordings({ a: 1 }, "validation"),
    ...recordings({ a: 1, b: 1 }, "testing"),
  ];
  const split = splitSamples(samples, options);
  assert.deepEqual(tally(split.validation), { a: 1 });
  assert.deepEqual(tally(split.training), { a: 6, b: 6 });
});

test("one label without training data is held out as unseen and the given split is kept", () => {
  const samples = [
    ...recordings({ a: 4, b: 4 }, "training"),
    ...recordings({ a: 2, b: 2, shake: 3 }, "testing"),
  ];
  const split = splitSamples(samples, options);
  assert.deepEqual(
    split.unseen.map((u) => [u.label, u.parts.length]),
    [["shake", 3]],
  );
  assert.deepEqual(tally(split.testing), { a: 2, b: 2 });
  assert.deepEqual(split.labels, ["a", "b"]);
  said(split, /"shake" has test data but no training data/);
});

test("several labels without training data: afresh by file, and a single recording is unseen", () => {
  const samples = [
    ...recordings({ idle: 11 }, "training"),
    ...recordings({ idle: 4, snake: 2, updown: 4, wave: 4, shake: 1 }, "testing"),
  ];
  const split = splitSamples(samples, options);
  assert.deepEqual(
    split.unseen.map((u) => u.label),
    ["shake"],
  );
  assert.deepEqual(split.labels, ["idle", "snake", "updown", "wave"]);
  assert.deepEqual(tally(split.testing), { idle: 3, snake: 1, updown: 1, wave: 1 });
  said(split, /split afresh by file/);
  said(split, /"shake" has a single recording/);
});

test("two labels without training data are enough to split afresh", () => {
  const samples = [
    ...recordings({ a: 4, b: 4 }, "training"),
    ...recordings({ a: 2, b: 2, c: 2, d: 2 }, "testing"),
  ];
  const split = splitSamples(samples, options);
  assert.deepEqual(split.labels, ["a", "b", "c", "d"]);
  said(split, /no training data for "c", "d", so all recordings were split afresh/);
});

test("when holding out would leave one label, the data is split afresh", () => {
  const samples = [...recordings({ a: 4 }, "training"), ...recordings({ a: 2, b: 4 }, "testing")];
  const split = splitSamples(samples, options);
  assert.deepEqual(split.unseen, []);
  assert.deepEqual(split.labels, ["a", "b"]);
});

test("only training folders: test recordings are drawn afresh, with a note", () => {
  const split = splitSamples(recordings({ a: 5, b: 5 }, "training"), options);
  assert.deepEqual(tally(split.testing), { a: 1, b: 1 });
  said(split, /All recordings are marked training/);
});

test("unlabelled recordings are left out with a note", () => {
  const split = splitSamples(
    [...recordings({ a: 2, b: 2 }), makeSample("x.csv", undefined)],
    options,
  );
  said(split, /1 recording without a label left out \(first "x.csv"\)/);
});

test("what cannot be split is one clear sentence", () => {
  const fails = (samples: Sample[], code: string, message: RegExp) =>
    assert.throws(() => splitSamples(samples, options), { name: "UserError", code, message });
  fails([], "no-samples", /got none$/);
  fails([makeSample("x.csv", undefined)], "no-labels", /got 1 without$/);
  fails(recordings({ idle: 3 }), "too-few-labels", /got 1 \("idle"\)$/);
  fails(recordings({ a: 3, b: 1 }), "too-few-recordings", /got 1 \("a"\)$/);
  assert.throws(() => splitSamples(recordings({ a: 2, b: 2 }), { ...options, testFraction: 1 }), {
    code: "split-fraction",
  });
});
