/** Tables of many samples: what is taken as what, and what is refused. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { UserError } from "../../base/errors.ts";
import { makeRng } from "../../base/rng.ts";
import { rowsOf, type Sample } from "../sample.ts";
import { readCsv } from "./csv.ts";
import type { ReadOptions } from "./reader.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);

function read(text: string, options: ReadOptions = {}): { samples: Sample[]; notes: string[] } {
  const notes: string[] = [];
  const onNote = (note: string) => notes.push(note);
  return { samples: readCsv("t.csv", utf8(text), { ...options, onNote }), notes };
}

function refuses(text: string, code: string, problem: RegExp, options: ReadOptions = {}): void {
  assert.throws(
    () => read(text, options),
    (error) =>
      error instanceof UserError &&
      error.code === code &&
      problem.test(`${error.message} | ${error.hint}`),
    `${code} ${problem}`,
  );
}

const LONG = `Sample ID,class,split,timestamp,x,y,room
a,one,train,0,1,2,hall
a,one,train,10,3,4,hall
b,two,Test,100,5,6,attic
b,two,Test,110,7,8,attic
c,two,validation,0,9,10,attic
c,two,validation,10,11,12,attic
`;

test("a long table: recordings, labels, split, time and text by the names of the columns", () => {
  const { samples, notes } = read(LONG);
  assert.deepEqual(
    samples.map((s) => [s.name, s.label, s.category, s.intervalMs, [...s.values], s.metadata]),
    [
      ["t.csv#a", "one", "training", 10, [1, 2, 3, 4], { room: "hall" }],
      ["t.csv#b", "two", "testing", 10, [5, 6, 7, 8], { room: "attic" }],
      ["t.csv#c", "two", "validation", 10, [9, 10, 11, 12], { room: "attic" }],
    ],
  );
  assert.deepEqual(
    samples[0]!.axes.map((axis) => axis.name),
    ["x", "y"],
  );
  assert.deepEqual(notes, [
    'table of 3 recordings; recordings from "Sample ID", labels from "class", the split from "split", time from "timestamp", text from "room"; values: x, y.',
  ]);
});

test("columns can be given by name, and left out", () => {
  const { samples } = read(LONG, { labelColumn: "ROOM", ignoreColumns: ["class", "split", "y"] });
  assert.deepEqual(
    samples.map((s) => [s.label, s.category, s.axes.length]),
    [
      ["hall", undefined, 1],
      ["attic", undefined, 1],
      ["attic", undefined, 1],
    ],
  );
  refuses(LONG, "csv-column", /given column "colour", got "Sample ID", "class"/, {
    labelColumn: "colour",
  });
  refuses(LONG, "csv-split", /row 2, column "room" must be train, test or validation, got "hall"/, {
    splitColumn: "room",
  });
});

test("time with a unit in its name, or given in milliseconds", () => {
  const timed = (title: string, options?: ReadOptions) =>
    read(`${title},x\n0,1\n2,2\n4,3`, options).samples[0]!.intervalMs;
  assert.equal(timed("time_ms"), 2);
  assert.equal(timed("timestamp_s"), 2000);
  assert.equal(timed("time_us"), 0.002);
  assert.equal(timed("Timestamp"), 2);
  assert.equal(timed("t", { timestampColumn: "t" }), 2);
  assert.equal(read("x,timestamp\n1,0\n2,5").samples[0]!.intervalMs, 5);
});

test("a clock may stumble once in fifty steps, yet no row may be missing", () => {
  const steps = (odd: number) => {
    let at = 0;
    const rows = Array.from({ length: 61 }, (_, i) => {
      at += i === 30 ? odd : 10;
      return `${at},1`;
    });
    return `timestamp,x\n${rows.join("\n")}`;
  };
  assert.equal(read(steps(13)).samples[0]!.intervalMs, 10);
  refuses(steps(20), "csv-timestamp", /row 32 must come 10 ms after/);
});

test("without time: a rate, or each row is a sample", () => {
  const rows = "id,label,x\n1,a,1\n1,a,2\n2,b,3\n2,b,4";
  assert.deepEqual(
    read(rows, { sampleRateHz: 50 }).samples.map((s) => [s.intervalMs, rowsOf(s)]),
    [
      [20, 2],
      [20, 2],
    ],
  );
  refuses(rows, "csv-rate", /must have a column timestamp/);
  const { samples, notes } = read("id,species,x,y\n7,cat,1,2\n9,dog,3,4");
  assert.deepEqual(
    samples.map((s) => [s.name, s.label, s.intervalMs, [...s.values]]),
    [
      ["t.csv#7", "cat", 0, [1, 2]],
      ["t.csv#9", "dog", 0, [3, 4]],
    ],
  );
  assert.match(notes[0]!, /^plain table, each of 2 rows a sample; recordings from "id"/);
});

test("a plain table has neither time nor recordings, and a label column", () => {
  const { samples, notes } = read(
    `a,b,y\n${Array.from({ length: 12 }, (_, i) => `${i},1,${i % 2}`).join("\n")}`,
  );
  assert.equal(samples.length, 12);
  assert.deepEqual(
    [samples[0]!.name, samples[0]!.label, samples[11]!.name, samples[11]!.label],
    ["t.csv#02", "0", "t.csv#13", "1"],
  );
  assert.ok(samples.every((s) => s.intervalMs === 0 && s.axes.length === 2));
  assert.deepEqual(notes, [
    'plain table, each of 12 rows a sample; labels from "y"; values: a, b.',
  ]);
  assert.equal(read("a,b,kind\n1,2,u\n3,4,v", { labelColumn: "kind" }).samples[1]!.label, "v");
  assert.equal(read("a,label\n1,u\n3,").samples[1]!.label, undefined);
  refuses("a,b,kind\n1,2,u\n3,4,v", "csv-rate", /labelColumn/);
  const [row] = read("a,b\n1,2").samples;
  assert.deepEqual([row!.name, row!.intervalMs, row!.label], ["t.csv", 0, undefined]);
});

test("y is an axis beside x or z, and a column category is a label unless it is the split", () => {
  assert.equal(read("timestamp,x,y\n0,1,2\n5,3,4").samples[0]!.axes.length, 2);
  assert.equal(read("category,a\nlow,1\nhigh,2").samples[0]!.label, "low");
  const [first] = read("category,label,a\ntrain,u,1\ntest,v,2").samples;
  assert.deepEqual([first!.label, first!.category], ["u", "training"]);
});

test("a label that changes within a recording gives segments", () => {
  const [sample] = read("timestamp,x,label\n0,1,a\n5,2,a\n10,3,b\n15,4,a").samples;
  assert.equal(sample!.label, undefined);
  assert.deepEqual(sample!.segments, [
    { startRow: 0, endRow: 2, label: "a" },
    { startRow: 2, endRow: 3, label: "b" },
    { startRow: 3, endRow: 4, label: "a" },
  ]);
  assert.equal(read("timestamp,x,label\n0,1,a\n5,2,a").samples[0]!.label, "a");
  refuses("timestamp,x,label\n0,1,a\n5,2,", "csv-label", /row 3, column "label" must have a label/);
});

test("one bad recording is left out and told, unless it is the only one", () => {
  const { samples, notes } = read(
    "sample,timestamp,x,label\na,0,1,u\na,5,2,u\nb,0,1,v\nb,-5,1,v\nc,0,1,v\nc,5,2,v",
  );
  assert.deepEqual(
    samples.map((s) => s.name),
    ["t.csv#a", "t.csv#c"],
  );
  assert.match(notes[1]!, /^1 of 3 recordings left out, first because: .*must increase/);
  refuses("sample,timestamp,x\nb,0,1\nb,-5,1", "csv-timestamp", /must increase/);
});

test("what could be read in two ways is refused with the option that decides", () => {
  refuses(
    "id,file,timestamp,x\n1,a,0,1\n1,a,5,2",
    "csv-ambiguous",
    /"id" and "file".*sampleColumn/,
  );
  refuses("label,target,x\n1,2,3\n4,5,6", "csv-ambiguous", /"label" and "target".*labelColumn/);
  refuses(
    "timestamp,sample,x\n0,1,3\n5,2,6",
    "csv-ambiguous",
    /another value in every row.*ignoreColumns/,
  );
  refuses("id,timestamp,x\n1,0,1\n1,5,2\n2,0,1\n2,5,1\n1,0,1", "csv-order", /"1" again in row 6/);
  refuses(
    "target,x\n0.5,3\n1.25,6",
    "csv-label",
    /row 2, .* must hold a class, got 0.5.*labelColumn/,
  );
  assert.equal(read("target,x\n0.5,3\n1,6", { labelColumn: "target" }).samples[0]!.label, "0.5");
  refuses("id,split,timestamp,x\n1,train,0,1\n1,test,5,2", "csv-split", /splitColumn/);
  refuses("id,timestamp,x\n,0,1\n,5,2", "csv-value", /must name the recording/);
});

test("text columns are kept apart, yet a number that is missing is an error", () => {
  const { samples } = read("timestamp,x,note\n0,1,on\n5,2,on");
  assert.deepEqual(samples[0]!.metadata, { note: "on" });
  assert.deepEqual(read("timestamp,x,note\n0,1,on\n5,2,off").samples[0]!.metadata, {});
  refuses("timestamp,x,z\n0,1,NaN\n5,2,nan", "csv-value", /row 2, column "z" .* got "NaN"/);
  refuses("timestamp,x,z\n0,1,\n5,2,", "csv-value", /got an empty cell/);
  refuses("label,x,z\nu,1,red\nv,2,5", "csv-value", /row 2, column "z" .* got "red"/);
  refuses("label,z\nu,red\nv,blue", "csv-header", /must have a column of numbers, got text only/);
});

test("mutated tables are read or are a UserError, never another failure", () => {
  const rng = makeRng(8);
  const letters = ",;\n\"'#.-019aXé\t ";
  let refused = 0;
  for (let round = 0; round < 3000; round++) {
    const text = [...LONG];
    for (let n = rng.int(4); n >= 0; n--) {
      const letter = letters[rng.int(letters.length)]!;
      text.splice(rng.int(text.length), rng.int(3), ...(rng.int(3) > 0 ? [letter] : []));
    }
    try {
      for (const s of read(text.join("")).samples) {
        assert.ok(s.values.every(Number.isFinite) && Number.isInteger(rowsOf(s)));
      }
    } catch (error) {
      assert.ok(error instanceof UserError, String(error));
      refused++;
    }
  }
  assert.ok(refused > 300 && refused < 2900, String(refused));
});

const data = new URL("../../../../shared/data/", import.meta.url);
const skip = !existsSync(data) && "no ../shared";

function real(path: string, options: ReadOptions = {}): Sample[] {
  const bytes = readFileSync(new URL(path, data));
  return readCsv(path, new Uint8Array(path.endsWith(".gz") ? gunzipSync(bytes) : bytes), options);
}

test("real long tables", { skip }, () => {
  const wand = real("magic-wand/magic-wand.csv.gz");
  assert.equal(wand.length, 300);
  assert.ok(wand.every((s) => s.intervalMs === 10 && rowsOf(s) === 100 && s.axes.length === 6));
  assert.equal(wand.filter((s) => s.category === "testing" && s.label === "beta").length, 15);
  const nose = real("ai-nose/ai-nose.csv.gz");
  assert.equal(nose.length, 706);
  assert.ok(nose.every((s) => rowsOf(s) === 8 && s.axes.length === 9 && s.label !== undefined));
  assert.deepEqual(new Set(nose.map((s) => s.metadata["room"])), new Set(["kitchen", "office"]));
});

test("real plain tables", { skip }, () => {
  for (const [path, rows, axes, labels] of [
    ["iris.csv", 150, 4, 3],
    ["wine.csv", 178, 13, 3],
    ["breast-cancer.csv", 569, 30, 2],
    ["digits-8x8.csv.gz", 1797, 64, 10],
  ] as const) {
    const samples = real(`tabular-classics/${path}`);
    assert.deepEqual(
      [samples.length, samples[0]!.axes.length, new Set(samples.map((s) => s.label)).size],
      [rows, axes, labels],
    );
    assert.ok(samples.every((s) => s.intervalMs === 0));
  }
  const rings = real("tabular-classics/abalone.csv", { labelColumn: "sex" });
  assert.deepEqual([rings.length, rings[0]!.axes.length], [4176, 8]);
});
