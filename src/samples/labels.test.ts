/** Labels and categories from paths. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeSample } from "./fixtures.ts";
import { categoryFromPath, labelFromName, placeSamples } from "./labels.ts";

const labels = (paths: string[]) =>
  placeSamples(paths.map((path) => makeSample(path, undefined))).samples.map((s) => s.label);

test("the label is the file name up to the first dot or foreign character", () => {
  assert.equal(labelFromName("training/idle.01.csv"), "idle");
  assert.equal(labelFromName("left turn_2-b.csv"), "left turn_2-b");
  assert.equal(labelFromName("größe.1.csv"), "größe");
  assert.equal(labelFromName("wave(1).csv"), "wave");
  assert.equal(labelFromName("(1).csv"), undefined);
});

test("the innermost category folder counts, an archive is a folder", () => {
  assert.equal(categoryFromPath("training/wave.1.csv"), "training");
  assert.equal(categoryFromPath("data/Test/a/wave.1.csv"), "testing");
  assert.equal(categoryFromPath("train/validation/x.csv"), "validation");
  assert.equal(categoryFromPath("testing.tar.gz/x.csv"), "testing");
  assert.equal(categoryFromPath("testing.csv"), undefined);
});

test("one folder per label, also within and around category folders", () => {
  const expected = ["idle", "idle", "wave"];
  assert.deepEqual(labels(["idle/rec1.csv", "idle/rec2.csv", "wave/rec1.csv"]), expected);
  assert.deepEqual(labels(["idle/01.csv", "idle/2024.02.csv", "wave/01.csv"]), expected);
  assert.deepEqual(labels(["train/idle/a.csv", "idle/test/a.csv", "wave/test/a.csv"]), expected);
  assert.deepEqual(labels(["idle.zip/1.csv", "idle.zip/2.csv", "wave.tgz/1.csv"]), expected);
});

test("file names that group recordings win over folders", () => {
  assert.deepEqual(labels(["day1/wave.1.csv", "day1/idle.1.csv", "day2/wave.1.csv"]), [
    "wave",
    "idle",
    "wave",
  ]);
  assert.deepEqual(labels(["day1/wave.1.csv", "day1/wave.2.csv", "day2/idle.1.csv"]), [
    "wave",
    "wave",
    "idle",
  ]);
  assert.deepEqual(labels(["day1/wave (1).csv", "day1/wave (2).csv", "day2/idle (1).csv"]), [
    "wave",
    "wave",
    "idle",
  ]);
  assert.deepEqual(labels(["training/wave.csv", "testing/idle.csv"]), ["wave", "idle"]);
  assert.deepEqual(labels(["one/wave.csv", "one/idle.csv"]), ["wave", "idle"]);
  assert.deepEqual(labels(["loose.1.csv", "one/rec1.csv", "two/rec1.csv"]), [
    "loose",
    "rec1",
    "rec1",
  ]);
});

test("what info.labels says comes first", () => {
  const placed = new Map([
    ["a/1.csv", { label: "said", category: undefined }],
    ["testing/2.csv", { label: undefined, category: "training" as const }],
  ]);
  const samples = ["a/1.csv", "testing/2.csv", "testing/x.3.csv"].map((p) =>
    makeSample(p, undefined),
  );
  const { samples: out } = placeSamples(samples, placed);
  assert.deepEqual(
    out.map((s) => [s.label, s.category]),
    [
      ["said", undefined],
      [undefined, "training"],
      ["x", "testing"],
    ],
  );
});

test("names that all differ are grouped by what stands before the first underscore", () => {
  const spoken = ["yes_anna_1.wav", "yes_bob_1.wav", "no_anna_1.wav", "no_bob_1.wav"];
  assert.deepEqual(labels(spoken), ["yes", "yes", "no", "no"]);
  const { notes } = placeSamples(spoken.map((path) => makeSample(path, undefined)));
  assert.deepEqual(notes, ["Labels were taken from file names up to the first underscore."]);
  // A prefix of its own, or a name without one, and the names stand as they are.
  const whole = [...spoken, "maybe_anna_1.wav"];
  assert.deepEqual(
    labels(whole),
    whole.map((path) => path.slice(0, -4)),
  );
  assert.deepEqual(labels(["wave_a.1.csv", "wave_a.2.csv", "idle_b.1.csv", "idle_b.2.csv"]), [
    "wave_a",
    "wave_a",
    "idle_b",
    "idle_b",
  ]);
});
