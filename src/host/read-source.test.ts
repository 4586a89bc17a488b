/** Folders, archives within folders and within archives, and what never leaves the folder. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { strToU8, zipSync } from "fflate";
import { readFiles } from "../samples/formats/read-files.ts";
import { splitSamples } from "../samples/split.ts";
import { readSource } from "./read-source.ts";

const CSV = strToU8("timestamp,x\n0,1\n10,2\n");

/** A folder that is gone after the test. */
async function folderOf(t: TestContext, files: { [path: string]: Uint8Array }): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "tinsmith-source-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), bytes);
  }
  return root;
}

const paths = (source: { files: readonly { path: string }[] }) => source.files.map((f) => f.path);

test("a folder is walked in sorted order, archives within are folders, hidden files are skipped", async (t) => {
  const root = await folderOf(t, {
    "b.1.csv": CSV,
    "a/c.1.csv": CSV,
    "a/d.1.csv.gz": gzipSync(CSV),
    "training.zip": zipSync({ "wave.1.csv": CSV, "inner.zip": zipSync({ "wave.2.csv": CSV }) }),
    ".git/x.csv": CSV,
  });
  const source = await readSource(root);
  assert.deepEqual(paths(source), [
    "a/c.1.csv",
    "a/d.1.csv",
    "b.1.csv",
    "training.zip/wave.1.csv",
    "training.zip/inner.zip/wave.2.csv",
  ]);
  assert.deepEqual(source.problems, []);
  assert.deepEqual(source.skipped, [".git"]);
  assert.deepEqual(Buffer.from(await source.files[1]!.bytes()), Buffer.from(CSV));
  const data = await readFiles(source);
  assert.deepEqual(
    data.samples.map((s) => s.label),
    ["c", "d", "b", "wave", "wave"],
  );
  assert.equal(data.samples[4]!.category, "training");
});

test("an archive or a single table is a source of its name", async (t) => {
  const root = await folderOf(t, {
    "my.data.zip": zipSync({ "wave.1.csv": CSV }),
    "wave.1.csv": CSV,
    "idle.1.csv.gz": gzipSync(CSV),
  });
  const open = async (name: string) => {
    const source = await readSource(join(root, name));
    return [source.name, paths(source)];
  };
  assert.deepEqual(await open("my.data.zip"), ["my.data", ["wave.1.csv"]]);
  assert.deepEqual(await open("wave.1.csv"), ["wave.1", ["wave.1.csv"]]);
  assert.deepEqual(await open("idle.1.csv.gz"), ["idle.1", ["idle.1.csv"]]);
});

test("a bad archive in a folder is a problem of that file; as the source it is an error", async (t) => {
  const traversal = zipSync({ "../evil.csv": CSV });
  const root = await folderOf(t, {
    "good.1.csv": CSV,
    "evil.zip": traversal,
    "cut.zip": traversal.subarray(0, 40),
  });
  const source = await readSource(root);
  assert.deepEqual(paths(source), ["good.1.csv"]);
  assert.deepEqual(
    source.problems.map((p) => p.file),
    ["cut.zip", "evil.zip"],
  );
  assert.match(
    source.problems[1]!.message,
    /^open evil\.zip: entry "\.\.\/evil\.csv" must be a file within/,
  );
  await assert.rejects(readSource(join(root, "evil.zip")), { code: "archive-path" });
});

test("archives nest two deep, no deeper, and share one budget", async (t) => {
  const third = zipSync({ "c.zip": zipSync({ "x.1.csv": CSV }), "y.1.csv": CSV });
  const root = await folderOf(t, { "a.zip": zipSync({ "b.zip": third }) });
  const source = await readSource(root);
  assert.deepEqual(paths(source), ["a.zip/b.zip/y.1.csv"]);
  assert.match(
    source.problems[0]!.message,
    /^open a\.zip\/b\.zip\/c\.zip: archives may be nested 2 deep, got 3$/,
  );

  const big = new Uint8Array(700_000);
  const two = await folderOf(t, {
    "a.zip": zipSync({ "x.csv": big }),
    "b.zip": zipSync({ "x.csv": big }),
  });
  const limited = await readSource(two, { limits: { totalBytes: 1_000_000 } });
  assert.deepEqual(
    limited.problems.map((p) => p.file),
    ["b.zip"],
  );
});

test("links are not followed, neither to files nor to folders", async (t) => {
  const outside = await folderOf(t, { "secret.1.csv": CSV });
  const root = await folderOf(t, { "good.1.csv": CSV });
  await symlink(join(outside, "secret.1.csv"), join(root, "link.1.csv"));
  await symlink(outside, join(root, "folder"));
  await symlink(root, join(root, "loop"));
  const source = await readSource(root);
  assert.deepEqual(paths(source), ["good.1.csv"]);
  assert.deepEqual(
    source.problems.map((p) => p.file),
    ["folder", "link.1.csv", "loop"],
  );
});

test("a plain file and its gzipped twin cannot both be read", async (t) => {
  const root = await folderOf(t, { "a.1.csv": CSV, "a.1.csv.gz": gzipSync(CSV) });
  const source = await readSource(root);
  assert.deepEqual(paths(source), ["a.1.csv"]);
  assert.match(source.problems[0]!.message, /must occur once/);
});

test("nothing there, an empty folder, an empty archive, an unreadable file", async (t) => {
  const root = await folderOf(t, { "empty.zip": zipSync({}), "a/x.1.csv": CSV });
  await mkdir(join(root, "empty"));
  await assert.rejects(readSource(join(root, "nope")), {
    code: "source-missing",
    message: /got nothing there$/,
  });
  await assert.rejects(readSource(join(root, "empty")), {
    code: "source-empty",
    message: /got an empty folder$/,
  });
  await assert.rejects(readSource(join(root, "empty.zip")), {
    code: "source-empty",
    message: /got an empty archive$/,
  });
  const source = await readSource(join(root, "a"));
  await rm(join(root, "a/x.1.csv"));
  await assert.rejects(readFiles(source), {
    code: "source-unreadable",
    message: /got nothing there$/,
  });
});

test("a file larger than the limit is a problem of that file", async (t) => {
  const root = await folderOf(t, { "large.1.csv": new Uint8Array(50), "small.1.csv": CSV });
  const data = await readFiles(await readSource(root, { limits: { totalBytes: 30 } }));
  assert.match(
    data.problems[0]!.message,
    /large\.1\.csv: file must have at most 30 bytes, got 50$/,
  );
});

const isRoot = process.getuid?.() === 0 && "root may read everything";

test("a file without permission is a problem of that file", { skip: isRoot }, async (t) => {
  const root = await folderOf(t, { "closed.1.csv": CSV, "open.1.csv": CSV });
  await chmod(join(root, "closed.1.csv"), 0);
  const data = await readFiles(await readSource(root));
  assert.match(data.problems[0]!.message, /got EACCES$/);
});

test("a signal stops the walk", async (t) => {
  const root = await folderOf(t, { "a.1.csv": CSV, "b.zip": zipSync({ "x.1.csv": CSV }) });
  const signal = AbortSignal.abort();
  await assert.rejects(readSource(root, { signal }), { name: "CancelledError" });
  await assert.rejects(readSource(join(root, "b.zip"), { signal }), { name: "CancelledError" });
});

const gestures = new URL("../../../shared/data/ei-gestures", import.meta.url);

test("real gestures: read, placed, and split afresh with shake unseen", {
  skip: !existsSync(gestures) && "no ../shared",
}, async () => {
  const data = await readFiles(await readSource(fileURLToPath(gestures)));
  assert.equal(data.name, "ei-gestures");
  assert.equal(data.samples.length, 26);
  assert.deepEqual(data.problems, []);
  assert.ok(data.samples.every((sample) => sample.intervalMs === 16 && sample.axes.length === 3));
  const split = splitSamples(data.samples, { seed: 1, windowMs: 2000 });
  assert.deepEqual(split.labels, ["idle", "snake", "updown", "wave"]);
  assert.deepEqual(
    split.unseen.map((unseen) => unseen.label),
    ["shake"],
  );
  assert.deepEqual(
    [split.training.length, split.validation.length, split.testing.length],
    [15, 4, 6],
  );
});
