/** Archives of whole data sets, from the disk to a split. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readFiles } from "../samples/formats/read-files.ts";
import { rowsOf } from "../samples/sample.ts";
import { labelsOf, labelsOfPart } from "../samples/segments.ts";
import { splitSamples } from "../samples/split.ts";
import { readSource } from "./read-source.ts";

const data = new URL("../../../shared/data/", import.meta.url);
const skip = !existsSync(data) && "no ../shared";

const read = async (name: string) =>
  readFiles(await readSource(fileURLToPath(new URL(name, data))));

test("labels over time: every row of the coffee machine has one", { skip }, async () => {
  const { samples, problems } = await read("ei-coffee-vibration");
  assert.deepEqual([samples.length, problems], [9, []]);
  const rows: { [label: string]: number } = {};
  for (const sample of samples) {
    let at = 0;
    for (const { startRow, endRow, label } of sample.segments!) {
      assert.equal(startRow, at);
      rows[label] = (rows[label] ?? 0) + endRow - startRow;
      at = endRow;
    }
    assert.equal(at, rowsOf(sample));
  }
  assert.deepEqual(rows, { idle: 48151, grind: 11723, extract: 15617, pump: 20133 });
  for (const given of [samples, samples.map((sample) => ({ ...sample, category: undefined }))]) {
    const split = splitSamples(given, { seed: 1, windowMs: 1000 });
    for (const side of [split.training, split.testing]) {
      assert.deepEqual([...new Set(side.flatMap(labelsOfPart))].sort(), split.labels);
    }
    assert.equal(split.labels.length, 4);
  }
});

test("folders of sound in an archive", { skip }, async () => {
  const { samples, problems } = await read("espeak-keywords");
  assert.deepEqual([samples.length, problems], [380, []]);
  assert.ok(samples.every((sample) => rowsOf(sample) === 16000 && sample.intervalMs === 0.0625));
  assert.equal(samples.filter((sample) => sample.category === "testing").length, 76);
  assert.equal(new Set(samples.flatMap(labelsOf)).size, 8);
});

test("a gzipped table in a folder", { skip }, async () => {
  const { samples, notes } = await read("ai-nose");
  assert.equal(samples.length, 706);
  assert.match(notes[0]!, /^ai-nose\.csv: table of 706 recordings; recordings from "sample"/);
});
