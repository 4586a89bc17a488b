/** Tables: separators, quotes and line ends, the interval, and every refusal with its row. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readCsv } from "./csv.ts";

const read = (text: string, sampleRateHz?: number) =>
  readCsv(
    "wave.csv",
    new TextEncoder().encode(text),
    sampleRateHz === undefined ? {} : { sampleRateHz },
  )[0]!;

function refuses(text: string, code: string, problem: string): void {
  assert.throws(() => read(text), {
    name: "UserError",
    code,
    message: `read wave.csv: ${problem}`,
  });
}

test("comma, semicolon and tab, BOM, CRLF, quotes and trailing blank lines give the same sample", () => {
  const plain = read("timestamp,x,y\n0,1,-2.5\n16,3e1,.5\n32,5,6\n");
  assert.deepEqual(
    plain.axes.map((axis) => axis.name),
    ["x", "y"],
  );
  assert.deepEqual([...plain.values], [1, -2.5, 30, 0.5, 5, 6]);
  assert.equal(plain.intervalMs, 16);
  for (const text of [
    "timestamp;x;y\r\n0;1;-2.5\r\n16;3e1;.5\r\n32;5;6",
    "\uFEFFTimestamp\tx\ty\n0\t1\t-2.5\n16\t3e1\t.5\n32\t5\t6\n\n\n",
    '"timestamp","x","y"\n"0","1","-2.5"\n16, 3e1 ,.5\n32,+5,6',
  ]) {
    assert.deepEqual(read(text), plain);
  }
});

test("a quoted name may hold the separator", () => {
  const sample = read('timestamp;"x, y; z"\n0;1\n10;2');
  assert.deepEqual(
    sample.axes.map((axis) => axis.name),
    ["x, y; z"],
  );
});

test("a given rate stands in for the timestamp column, which otherwise wins", () => {
  assert.equal(read("x\n1\n2", 62.5).intervalMs, 16);
  assert.equal(read("timestamp,x\n0,1\n20,2", 62.5).intervalMs, 20);
  refuses(
    "x,y\n1,2\n3,4",
    "csv-rate",
    "must have a column timestamp (ms), a given rate or a label column, got none of them",
  );
  assert.throws(() => read("x\n1", 0), { code: "csv-rate" });
});

test("the interval is the median step; a step off by more than 10 % names its row", () => {
  assert.equal(read("timestamp,x\n100,1\n110,2\n119.5,3\n130,4\n140,5").intervalMs, 10);
  refuses(
    "timestamp,x\n0,1\n10,2\n20,3\n32,4\n42,5",
    "csv-timestamp",
    "row 5 must come 10 ms after the row before, within 10 %, got 12 ms",
  );
  refuses(
    "timestamp,x\n20,1\n10,2\n0,3",
    "csv-timestamp",
    "timestamps must increase, got a step of -10 ms",
  );
  refuses("timestamp,x\n0,1", "csv-timestamp", "must have two rows to give an interval, got 1");
});

test("ragged rows and cells that are no number name their row", () => {
  refuses(
    "timestamp,x,y\n0,1,2\n10,3",
    "csv-ragged",
    "row 3 must have 3 columns like the header, got 2",
  );
  refuses(
    "timestamp,x\n0,1\n10,2,9",
    "csv-ragged",
    "row 3 must have 2 columns like the header, got 3",
  );
  refuses(
    "timestamp,x\n0,1\n\n20,2",
    "csv-ragged",
    "row 3 must have 2 columns like the header, got 1",
  );
  const cell = (text: string) => `timestamp,x\n0,1\n10,${text}\n20,3`;
  const start = 'row 3, column "x" must be a finite number, got ';
  refuses(cell("NaN"), "csv-value", `${start}"NaN"`);
  refuses(cell("Infinity"), "csv-value", `${start}"Infinity"`);
  refuses(cell("1e39"), "csv-value", `${start}"1e39"`);
  refuses(cell("0x10"), "csv-value", `${start}"0x10"`);
  refuses(cell(""), "csv-value", `${start}an empty cell`);
});

test("an empty table, a missing header and a nameless column are refused", () => {
  refuses("\n\n", "csv-empty", "must have a header and at least one row, got nothing");
  refuses(
    "timestamp,x\n",
    "csv-empty",
    "must have a header and at least one row, got the header only",
  );
  refuses("1,2\n3,4", "csv-header", 'row 1 must name the columns, got "1"');
  refuses("timestamp,,x\n0,1,2", "csv-header", "column 2 must have a name, got none");
  refuses("timestamp\n0\n10", "csv-header", "must have a column beside timestamp, got none");
});

test("broken quotes and bytes that are no text are refused", () => {
  assert.throws(() => read('timestamp,x\n0,"1\n10,2'), {
    code: "csv-syntax",
    message: /row 2 must have matching quotes/,
  });
  assert.throws(() => readCsv("a.csv", Uint8Array.of(0xff, 0xfe, 0x41, 0), {}), {
    code: "csv-syntax",
  });
  assert.throws(() => read("a\0b\n1"), { code: "csv-syntax" });
});
