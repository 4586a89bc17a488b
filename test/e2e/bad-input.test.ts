/**
 * Bad input from end to end: whatever is wrong is one clear sentence, and what was on disk before
 * is there afterwards, untouched. A bad file among good ones is reported and does not stop the run.
 */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { zipSync } from "fflate";
import { assertRefused, type Files, folderOf, snapshot, tinsmith } from "./cli.ts";
import { cborOf, csvOf, filesOf, gestures, QUICK, tarOf } from "./recordings.ts";

const SAMPLES = gestures(3);
const GOOD: Files = filesOf(SAMPLES);
const ONE = SAMPLES[0]!;

/** A result of an earlier run, as far as the output folder looks at it. */
const OLD: Files = {
  "out/tinsmith.json": "an old recipe",
  "out/report.json": "an old report",
  "out/c/gestures.c": "old code",
};

const under = (folder: string, files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([path, bytes]) => [`${folder}/${path}`, bytes]));

/** Runs on `source`, which lies in a folder of `files`; nothing on disk may change. */
async function refused(
  t: TestContext,
  message: RegExp,
  files: Files,
  source = "source",
): Promise<void> {
  const root = await folderOf(t, { ...files, ...OLD });
  const before = snapshot(root);
  const outcome = await tinsmith(["run", source, "--out", "out"], { cwd: root });
  assertRefused(outcome, message);
  assert.deepEqual(snapshot(root), before);
}

test("a folder that gives nothing to learn", { concurrency: 2 }, async (t) => {
  const cases: { readonly [what: string]: readonly [RegExp, Files] } = {
    "without recordings": [
      /must hold recordings \(\.csv, \.json, \.cbor.*\), got none$/,
      { "source/README.md": "# Nothing" },
    ],
    "with one label only": [
      /^tinsmith: split: data must have at least two labels to tell apart, got 1 \("idle"\)$/,
      under("source", filesOf(SAMPLES.filter(({ label }) => label === "idle"))),
    ],
    "without labels": [
      /split: recordings must have labels, got 2 without$/,
      { "source/=1.csv": csvOf(ONE), "source/=2.csv": csvOf(ONE) },
    ],
    "with recordings of different sensors": [
      /data: all recordings must have the same axes \(accX, accY, accZ\), got gyrX, accY, accZ in "wave\.9\.csv"$/,
      under("source", { ...GOOD, "wave.9.csv": csvOf(ONE).replace("accX", "gyrX") }),
    ],
    "with two labels of one short recording each": [
      /split: a recording that is cut by time must last at least three windows .*, got 160 ms in/,
      { "source/a.csv": csvHead(10), "source/b.csv": csvHead(10) },
    ],
  };
  for (const [what, [message, files]] of Object.entries(cases))
    t.test(what, (t) => refused(t, message, files));

  t.test("empty, and there is no output folder afterwards", async (t) => {
    const root = await folderOf(t);
    mkdirSync(join(root, "source"));
    const outcome = await tinsmith(["run", "source"], { cwd: root });
    assertRefused(outcome, /source must hold recordings, got an empty folder$/);
    assert.deepEqual(snapshot(root), { source: null });
  });

  t.test("one label, and there is no output folder afterwards", async (t) => {
    const root = await folderOf(t, { "source/idle.1.csv": csvOf(ONE) });
    const before = snapshot(root);
    for (const out of ["out", "a/b/out/", "."])
      assertRefused(
        await tinsmith(["run", "source", "--out", out], { cwd: root }),
        out === "." ? /^tinsmith: output: .* got "source" in / : /at least two labels/,
      );
    assertRefused(await tinsmith(["run", "source"], { cwd: root }), /at least two labels/);
    assert.deepEqual(snapshot(root), before);
  });
});

/** A table of the first rows of a recording. */
function csvHead(rows: number): string {
  return csvOf(ONE)
    .split("\n")
    .slice(0, rows + 1)
    .join("\n");
}

const csvLines = csvOf(ONE).split("\n");
const cbor = Buffer.from(cborOf(ONE));

/** A recording whose row 3 holds `cell` on the first axis. */
const withCell = (cell: string): string =>
  csvLines.with(3, csvLines[3]!.replace(/(?<=^[^,]*,)[^,]*/, cell)).join("\n");

function cborWithCell(cell: unknown): Uint8Array {
  return cborOf(ONE, {
    values: [
      [0, 0, 0],
      [0, cell, 0],
    ],
  });
}

/** Files that cannot be read, and what must be said of each. */
const BAD: { readonly [path: string]: readonly [Uint8Array | string, RegExp] } = {
  "wave.20.csv": ["", /^read wave\.20\.csv: must not be empty, got 0 bytes$/],
  "wave.21.csv": [
    csvLines.with(2, "16,1,2").join("\n"),
    /^read wave\.21\.csv: row 3 must have 4 columns like the header, got 3$/,
  ],
  "wave.22.csv": [
    csvLines.with(5, `${csvLines[5]},7`).join("\n"),
    /^read wave\.22\.csv: row 6 must have 4 columns like the header, got 5$/,
  ],
  "wave.23.csv": [
    withCell("NaN"),
    /^read wave\.23\.csv: row 4, column "accX" must be a finite number, got "NaN"$/,
  ],
  "wave.24.csv": [withCell("-Infinity"), /row 4, column "accX" .* got "-Infinity"$/],
  "wave.25.csv": [withCell("1e39"), /row 4, column "accX" .* got "1e39"$/],
  "wave.26.csv": [withCell(""), /row 4, column "accX" .* got an empty cell$/],
  "wave.27.csv": [
    Buffer.from([0xff, 0xfe, 0, 1]),
    /must be a text file in UTF-8, got other bytes$/,
  ],
  "wave.28.csv": [csvLines[0]!, /must have a header and at least one row, got the header only$/],
  "wave.29.csv": [
    "accX,accY\n1,2\n3,4\n",
    /^read wave\.29\.csv: must have a .*timestamp \(ms\).* given rate/,
  ],
  ...Object.fromEntries(
    [1, 9, 40, 200, cbor.length >> 1, cbor.length - 1].map((length, i) => [
      `wave.3${i}.cbor`,
      [cbor.subarray(0, length), /^read wave\.3.\.cbor: must be one whole CBOR object, got "/],
    ]),
  ),
  "wave.38.cbor": [Buffer.concat([cbor, cbor]), /must be one whole CBOR object, got "/],
  "wave.39.cbor": [Buffer.from("not CBOR"), /must hold what its extension says/],
  "wave.40.cbor": [
    cborOf(ONE, { values: "1, 2, 3" }),
    /^read wave\.40\.cbor: payload\.values must be a list of at least one row, got "1, 2, 3"$/,
  ],
  "wave.41.cbor": [
    cborOf(ONE, { interval_ms: { a: 1 } }),
    /payload\.interval_ms must be a number greater than 0.*, got an object$/,
  ],
  "wave.42.cbor": [
    cborOf(ONE, { sensors: null }),
    /payload\.sensors must list at least one sensor, got null$/,
  ],
  "wave.43.cbor": [
    cborOf(ONE, {}, { signature: "0".repeat(63) }),
    /^read wave\.43\.cbor: signature must be 64 lower-case hexadecimal digits, got "0{37}\.\.\." \(63 characters\)$/,
  ],
  "wave.44.cbor": [
    cborWithCell(Number.NaN),
    /row 2, axis "accY" must be a finite number, got NaN$/,
  ],
  "wave.45.cbor": [cborWithCell(Number.POSITIVE_INFINITY), /row 2, axis "accY" .* got Infinity$/],
  "wave.46.cbor": [cborWithCell("1"), /row 2, axis "accY" .* got "1"$/],
  "wave.47.json": ["[1, 2", /^read wave\.47\.json: must hold what its extension says/],
  "wave.48.json": ['{"protected": ', /must be one whole JSON object, got "/],
  "bomb.zip": [
    zipSync({ "wave.50.csv": new Uint8Array(24_000_000) }),
    /^open bomb\.zip: entry "wave\.50\.csv" must unpack to at most 100 times its \d+ bytes, got more$/,
  ],
  "climbing.zip": [
    zipSync({ "../wave.51.csv": Buffer.from(csvOf(ONE)) }),
    /^open climbing\.zip: entry "\.\.\/wave\.51\.csv" must be a file within the archive, got a path that leads out of it$/,
  ],
  "climbing.tar": [
    tarOf({ "a/../../wave.52.csv": csvOf(ONE) }),
    /^open climbing\.tar: entry "a\/\.\.\/\.\.\/wave\.52\.csv" must be a file within/,
  ],
  "rooted.tar": [tarOf({ "/wave.53.csv": csvOf(ONE) }), /got an absolute path$/],
  "broken.zip": [zipSync({ "a.csv": Buffer.from("x") }).subarray(0, 30), /must end in a zip dir/],
};

test("bad files among good ones are reported, and the run goes on", async (t) => {
  const bad = Object.fromEntries(Object.entries(BAD).map(([path, [bytes]]) => [path, bytes]));
  const root = await folderOf(t, {
    ...under("recordings", { ...GOOD, ...bad }),
    "tinsmith.json": JSON.stringify(QUICK),
  });
  // Without compilers on the PATH the run is short.
  const { exitCode, stdout, stderr } = await tinsmith(
    ["run", "tinsmith.json", "--out", "out", "--json"],
    { cwd: root, env: { PATH: "" } },
  );
  assert.equal(exitCode, 0, stderr);
  const { data } = JSON.parse(stdout);
  assert.equal(data.samples, SAMPLES.length);
  const said = new Map(data.problems.map((p: { file: string; message: string }) => [p.file, p]));
  assert.deepEqual([...said.keys()].sort(), Object.keys(BAD).sort());
  for (const { file, message } of data.problems) {
    assert.match(message, BAD[file]![1]);
    assert.doesNotMatch(message, /\n/);
  }
});

test("a bad file alone", { concurrency: 2 }, async (t) => {
  for (const path of ["wave.21.csv", "wave.23.csv", "wave.32.cbor", "wave.43.cbor"]) {
    const [bytes, message] = BAD[path]!;
    const whole = new RegExp(
      `^tinsmith: read source: at least one of 1 files must be readable, got none; the first problem: ${message.source.replace(/^\^/, "")}`,
    );
    t.test(path, (t) => refused(t, whole, { [`source/${path}`]: bytes }));
  }
  for (const path of ["bomb.zip", "climbing.zip", "climbing.tar", "broken.zip"])
    t.test(`${path} as the source`, async (t) => {
      const root = await folderOf(t, { [path]: BAD[path]![0] });
      const before = snapshot(root);
      const outcome = await tinsmith(["run", path], { cwd: root });
      assertRefused(outcome, new RegExp(BAD[path]![1].source.replace(/^\^/, "^tinsmith: ")));
      assert.deepEqual(snapshot(root), before);
    });
  t.test("a file of no known kind", async (t) => {
    const root = await folderOf(t, { "notes.docx": "hello" });
    assertRefused(await tinsmith(["run", "notes.docx"], { cwd: root }), /must hold recordings/);
  });
  t.test("a source that is missing", (t) =>
    refused(t, /^tinsmith: read .*source: source must be a folder, .* got nothing there$/, {}),
  );
  t.test("a device", async () =>
    assertRefused(await tinsmith(["run", "/dev/null"]), /must be a folder, .* got a device$/),
  );
});

test("recipes that cannot be carried out", { concurrency: 2 }, async (t) => {
  const dense = { type: "dense", units: 8 };
  const { features, ...anomaly } = QUICK.anomaly!;
  const cases: readonly (readonly [object | string, RegExp])[] = [
    ['{ "tinsmith": 1, ', /^tinsmith: recipe: the file must be JSON, got /],
    [{ colour: "red" }, /^tinsmith: recipe: "recipe" must not have the key "colour"$/],
    [{ tinsmith: 2 }, /^tinsmith: recipe: "tinsmith" must be 1, got 2$/],
    [{ seed: "one" }, /recipe: "seed" must be an integer from 0 to 4294967295, got "one"$/],
    [{ source: 5 }, /recipe: "source" must be a text, got 5$/],
    [{ source: "elsewhere" }, /^tinsmith: read .*elsewhere: source must be a folder/],
    [
      { input: { windowMs: 0, strideMs: 100 } },
      /recipe: "input.windowMs" must be a number above 0/,
    ],
    [
      { input: { windowMs: 60_000, strideMs: 100 } },
      /^tinsmith: window: length \(60000 ms\) must not exceed the longest recording \(10000 ms\)$/,
    ],
    [{ split: { testFraction: 1 } }, /testFraction/],
    [
      { block: { type: "cepstral", params: {} } },
      /^tinsmith: block: the type must be one of raw, /,
    ],
    [
      { block: { type: "spectral", params: { "fft-length": 7 } } },
      /^tinsmith: spectral: "fft-length" must be .*, got 7$/,
    ],
    [{ block: { type: "raw", params: { size: 1 } } }, /^tinsmith: raw: parameters must be known/],
    [{ layers: [{ type: "transformer" }] }, /recipe: "layers\[0\].type" must be one of dense, /],
    [{ layers: [{ ...dense, units: 0 }] }, /recipe: "layers\[0\].units" must be an integer from 1/],
    [
      { layers: [{ type: "conv1d", filters: 4, kernelSize: 3 }] },
      /^tinsmith: network: layer 1 \(conv1d1\) must fit its input \[\d+\], got /,
    ],
    [
      { layers: [{ type: "reshape", shape: [7, 7] }, dense] },
      /^tinsmith: network: layer 1 \(reshape1\) must fit its input/,
    ],
    [{ layers: [{ type: "dense" }] }, /"?units"?.* must be .*, got (?:nothing|undefined)$/],
    [{ training: { ...QUICK.training, epochs: 1.5 } }, /recipe: "training.epochs" must be an int/],
    [
      { anomaly: { ...anomaly, features: ["RMS"] } },
      /anomaly: features must be those of the block/,
    ],
    [
      { anomaly: { ...anomaly, features: [] } },
      /"anomaly.features" must be a list of feature names/,
    ],
    ["null", /^tinsmith: recipe: "recipe" must be an object, got null$/],
  ];
  assert.ok(features.length > 0);
  const recordings = under("recordings", GOOD);
  for (const [change, message] of cases) {
    const text = typeof change === "string" ? change : JSON.stringify({ ...QUICK, ...change });
    t.test(typeof change === "string" ? change : JSON.stringify(change), (t) =>
      refused(t, message, { ...recordings, "tinsmith.json": text }, "tinsmith.json"),
    );
  }
});

test("options that cannot be understood", { concurrency: 2 }, async (t) => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["frobnicate"], /^error: unknown command 'frobnicate'$/],
    [["run"], /^error: missing required argument 'source'$/],
    [["run", "a", "b"], /^error: too many arguments for 'run'/],
    [["run", "source", "--frobnicate"], /^error: unknown option '--frobnicate'$/],
    [["run", "source", "--seed", "one"], /^error: option '--seed <number>' .* must be an integer/],
    [["run", "source", "--seed", "4294967296"], /from 0 to 4294967295$/],
    [["run", "source", "--seed", ""], /must be an integer from 0 to 4294967295$/],
    [["run", "source", "--rate", "0"], /^error: option '--rate <hz>' .* must be a number above 0$/],
    [["run", "source", "--rate", "fast"], /must be a number above 0$/],
    [["run", "source", "--out"], /^error: option '--out <folder>' argument missing$/],
    [["run", "source", "--out", ""], /--out/],
    [["start", "--twice"], /^error: unknown option '--twice'$/],
  ];
  for (const [args, message] of cases)
    t.test(args.join(" "), async (t) => {
      const root = await folderOf(t, under("source", { "a.csv": csvHead(5) }));
      const before = snapshot(root);
      assertRefused(await tinsmith(args, { cwd: root }), message);
      assert.deepEqual(snapshot(root), before);
    });
});

test("places that cannot be written", { concurrency: 2 }, async (t) => {
  const files: Files = { ...under("source", GOOD), wall: "a file" };
  const attempt = async (t: TestContext, out: string, message: RegExp, more: Files = {}) => {
    const root = await folderOf(t, { ...files, ...more });
    const before = snapshot(root);
    assertRefused(await tinsmith(["run", "source", "--out", out], { cwd: root }), message);
    assert.deepEqual(snapshot(root), before);
  };
  t.test("a file in the way", (t) =>
    attempt(t, "wall", /^tinsmith: output: ".*wall" must be a folder, got ENOTDIR$/),
  );
  t.test("a path below a file", (t) =>
    attempt(t, "wall/deep/out", /^tinsmith: output: the folder must be writable, got ENOTDIR for /),
  );
  t.test("a device", (t) => attempt(t, "/dev/full", /^tinsmith: output: "\/dev\/full" must be a/));
  t.test("a file system that is not for files", (t) =>
    attempt(t, "/proc/tinsmith/out", /^tinsmith: output: the folder must be writable, got E/),
  );
  t.test("a folder that holds something else", (t) =>
    attempt(
      t,
      "mine",
      /^tinsmith: output: the folder must be new or an earlier result, got "thesis.txt" in ".*mine"$/,
      { "mine/thesis.txt": "years of work", "mine/c/gestures.c": "ours" },
    ),
  );
  t.test("a neighbor of the name that unfinished results have", (t) =>
    attempt(t, "out", /^tinsmith: output: .* got "thesis.txt" in ".*out.partial"$/, {
      "out.partial/thesis.txt": "years of work",
    }),
  );
  t.test(
    "a folder without permission",
    { skip: process.getuid?.() === 0 && "the superuser may write anywhere" },
    async (t) => {
      const root = await folderOf(t, files);
      mkdirSync(join(root, "locked"));
      chmodSync(join(root, "locked"), 0o555);
      const before = snapshot(root);
      const outcome = await tinsmith(["run", "source", "--out", "locked/out"], { cwd: root });
      assertRefused(outcome, /^tinsmith: output: the folder must be writable, got EACCES for /);
      assert.deepEqual(snapshot(root), before);
    },
  );
});
