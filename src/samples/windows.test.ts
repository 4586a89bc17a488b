/** Cutting and gathering windows, and what samples of one data set must share. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRows, makeSample, makeSegmented } from "./fixtures.ts";
import { commonLayout } from "./layout.ts";
import { wholeOf } from "./part.ts";
import { checkWindow, cutWindows, gatherWindows, labelOfWindow, windowRows } from "./windows.ts";

test("windows start at the part's first row, every stride, and the partial one is dropped", () => {
  const part = { sample: makeSample("a.csv", "a"), startRow: 7, endRow: 60 };
  const cut = cutWindows(part, { windowMs: 200, strideMs: 150 });
  assert.deepEqual(cut, { rows: 20, starts: [7, 22, 37] });
  assert.deepEqual(
    cutWindows({ ...part, endRow: 27 }, { windowMs: 200, strideMs: 150 }).starts,
    [7],
  );
  assert.deepEqual(
    cutWindows({ ...part, endRow: 26 }, { windowMs: 200, strideMs: 150 }).starts,
    [],
  );
});

test("rows are round(windowMs * rate / 1000), at the given rate when there is one", () => {
  const part = wholeOf(makeSample("a.csv", "a", { intervalMs: 16 }));
  assert.equal(cutWindows(part, { windowMs: 1000, strideMs: 80 }).rows, 63);
  assert.equal(cutWindows(part, { windowMs: 1000, strideMs: 80, sampleRateHz: 60 }).rows, 60);
});

test("gathered windows hold the rows of their part", () => {
  const parts = [
    { sample: makeSample("a.csv", "a"), startRow: 10, endRow: 50 },
    { sample: makeSample("short.csv", "a", { rows: 5 }), startRow: 0, endRow: 5 },
    wholeOf(makeSample("b.csv", "b", { rows: 20 })),
  ];
  const windows = gatherWindows(parts, { windowMs: 200, strideMs: 200 });
  assert.deepEqual([windows.count, windows.rows, windows.axes], [3, 20, 2]);
  assert.deepEqual([...windows.partOf], [0, 0, 2]);
  assert.deepEqual([...windows.startRows], [10, 30, 0]);
  assert.equal(windows.values.length, 3 * 40);
  assert.deepEqual([...windows.values.subarray(40, 44)], [300, 301, 310, 311]);
});

test("a window longer than every sample names the longest one", () => {
  const samples = [makeSample("a.csv", "a", { rows: 50 }), makeSample("b.csv", "b", { rows: 80 })];
  const options = { windowMs: 2000, strideMs: 100 };
  const expected = {
    code: "window-too-long",
    message: "window: length (2000 ms) must not exceed the longest recording (800 ms)",
  };
  assert.throws(() => gatherWindows(samples.map(wholeOf), options), expected);
  assert.throws(() => checkWindow(samples, options), expected);
  checkWindow(samples, { windowMs: 800, strideMs: 100 });
});

test("a window must have a length", () => {
  const part = wholeOf(makeSample("a.csv", "a"));
  for (const windowMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => cutWindows(part, { windowMs, strideMs: 1 }), { code: "window-length" });
  }
});

test("the odd one out is named: axes and rate", () => {
  const same = [makeSample("a.csv", "a"), makeSample("b.csv", "b")];
  assert.throws(() => commonLayout([makeSample("odd.csv", "b", { axes: ["x"] }), ...same]), {
    code: "samples-differ",
    message: 'data: all recordings must have the same axes (x, y), got x in "odd.csv"',
  });
  assert.throws(() => commonLayout([...same, makeSample("odd.csv", "b", { intervalMs: 20 })]), {
    message: 'data: all recordings must have the same rate (100 Hz), got 50 Hz in "odd.csv"',
  });
  assert.throws(() => commonLayout([]), { code: "no-samples" });
});

test("rates within 1 % are one rate, with a note", () => {
  const layout = commonLayout([
    makeSample("a.csv", "a"),
    makeSample("b.csv", "b"),
    makeSample("c.csv", "c", { intervalMs: 10.05 }),
  ]);
  assert.equal(layout.sampleRateHz, 100);
  assert.match(layout.notes[0]!, /1 of 3 recordings, first "c.csv" \(99.502 Hz\)/);
  assert.deepEqual(commonLayout([makeSample("a.csv", "a")]).notes, []);
});

test("the label of a window: of its last row, or of most rows and then the first", () => {
  const sample = makeSegmented("s.csv", ["a", "b", "c", "a"], 10);
  const label = (start: number, rows: number, rule: "end" | "majority") =>
    labelOfWindow(sample, start, rows, rule);
  assert.equal(label(0, 10, "end"), "a");
  assert.equal(label(1, 10, "end"), "b");
  assert.equal(label(1, 10, "majority"), "a");
  assert.equal(label(5, 10, "majority"), "a"); // five rows each
  assert.equal(label(15, 10, "majority"), "b");
  assert.equal(label(6, 10, "majority"), "b");
  assert.equal(label(8, 24, "majority"), "b"); // two of a before ten of b, ten of c, two of a
  assert.equal(label(0, 40, "majority"), "a"); // two stretches count together
  assert.equal(label(30, 10, "end"), "a");
  for (const rule of ["end", "majority"] as const) {
    assert.equal(labelOfWindow(makeSample("x.csv", "q"), 3, 5, rule), "q");
    assert.equal(labelOfWindow(makeSample("x.csv", undefined), 3, 5, rule), undefined);
  }
});

test("a row of a table is a window, whatever the length", () => {
  const rows = makeRows({ a: 3 });
  const options = { windowMs: 0, strideMs: 0, sampleRateHz: 1 };
  const windows = gatherWindows(rows.map(wholeOf), options);
  assert.deepEqual([windows.count, windows.rows, windows.axes], [3, 1, 2]);
  checkWindow(rows, { windowMs: 5000, strideMs: 200 });
  assert.deepEqual(windowRows(options, commonLayout(rows)), { rows: 1, stride: 1 });
  assert.deepEqual(
    windowRows({ windowMs: 1000, strideMs: 1 }, { sampleRateHz: 62.5, isTable: false }),
    { rows: 63, stride: 1 },
  );
});
