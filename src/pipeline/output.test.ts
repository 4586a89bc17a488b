/**
 * The output directory on a file system in memory that fails, or stops for good, at any one of its
 * operations: what is there afterwards is the old result or the new one, whole.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fromUtf8, utf8 } from "../base/bytes.ts";
import type { Host } from "../engine/host.ts";
import { openOutput } from "./output.ts";

/** Folders are `null`. */
type Disk = Map<string, string | null>;

const above = (path: string): string => path.slice(0, path.lastIndexOf("/"));

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: of the disk`), { code });
}

/** @param fails whether the operation of this number fails; the first is 0 */
function hostOn(disk: Disk, fails: (operation: number) => boolean = () => false) {
  let count = 0;
  const operation = (): void => {
    if (fails(count++)) throw failure("EIO");
  };
  const within = (path: string): string[] =>
    [...disk.keys()].filter((key) => key === path || key.startsWith(`${path}/`));
  const makeDirectory = (path: string): void => {
    if (path === "" || disk.get(path) === null) return;
    if (disk.has(path)) throw failure("ENOTDIR");
    makeDirectory(above(path));
    disk.set(path, null);
  };
  const absent = async (): Promise<never> => assert.fail("not needed here");
  const host: Host = {
    readFile: absent,
    makeTempDirectory: absent,
    run: absent,
    writeFile: async (path, bytes) => {
      operation();
      makeDirectory(above(path));
      disk.set(path, fromUtf8(bytes)!);
    },
    exists: async (path) => {
      operation();
      return disk.has(path);
    },
    list: async (path) => {
      operation();
      if (!disk.has(path)) throw failure("ENOENT");
      if (disk.get(path) !== null) throw failure("ENOTDIR");
      const names = within(path).map((key) => key.slice(path.length + 1).split("/")[0]!);
      return [...new Set(names.filter((name) => name !== ""))].sort();
    },
    makeDirectory: async (path) => {
      operation();
      makeDirectory(path);
    },
    rename: async (from, to) => {
      operation();
      if (!disk.has(from)) throw failure("ENOENT");
      if (within(to).length > 0) throw failure("ENOTEMPTY");
      for (const key of within(from)) {
        disk.set(`${to}${key.slice(from.length)}`, disk.get(key)!);
        disk.delete(key);
      }
    },
    remove: async (path) => {
      operation();
      for (const key of within(path)) disk.delete(key);
    },
  };
  return { host, operations: () => count };
}

const OUT = "/home/out";
const HOME: readonly (readonly [string, null])[] = [["/home", null]];
const OLD = { "report.json": "old", "c/a.c": "old", "c/b.c": "old" };
const NEW = { "c/a.c": "new", "tinsmith.json": "new", "report.json": "new" };

function diskWith(files: { readonly [path: string]: string } | undefined, place = OUT): Disk {
  const disk: Disk = new Map(HOME);
  if (files === undefined) return disk;
  disk.set(place, null);
  disk.set(`${place}/c`, null);
  for (const [path, text] of Object.entries(files)) disk.set(`${place}/${path}`, text);
  return disk;
}

/** A run as the runner does it: discards when anything goes wrong. */
async function run(host: Host, out = OUT): Promise<void> {
  const output = await openOutput(host, out);
  try {
    for (const [path, text] of Object.entries(NEW)) await output.write(path, utf8(text));
    await output.commit();
  } catch (error) {
    await output.discard();
    throw error;
  }
}

const same = (a: Disk, b: Disk): boolean =>
  a.size === b.size && [...a].every(([key, value]) => b.get(key) === value && b.has(key));

test("a result takes the place of an earlier one, of nothing, and of an empty folder", async () => {
  for (const disk of [diskWith(undefined), diskWith(OLD), new Map([...HOME, [OUT, null]])]) {
    await run(hostOn(disk as Disk).host);
    assert.deepEqual(new Map([...disk].sort()), new Map([...diskWith(NEW)].sort()));
  }
});

for (const [name, before] of [
  ["an earlier result", OLD],
  ["nothing", undefined],
] as const) {
  const whole = [diskWith(before), diskWith(NEW)];

  test(`one operation fails over ${name}: the old result or the new one, whole`, async () => {
    const { host, operations } = hostOn(diskWith(before));
    await run(host);
    assert.ok(operations() > 8);
    for (let bad = 0; bad < operations(); bad++) {
      const disk = diskWith(before);
      const failed = await run(hostOn(disk, (n) => n === bad).host).then(
        () => false,
        (error) => error,
      );
      // Only the last of all, which tidies up, may fail without the run failing.
      if (failed === false) assert.equal(bad, operations() - 1);
      const after = failed === false ? whole[1]! : whole[0]!;
      const rest = new Map([...disk].filter(([path]) => !path.startsWith(`${OUT}.previous`)));
      assert.ok(
        same(failed === false ? rest : disk, after),
        `operation ${bad}: ${[...disk.keys()]}`,
      );
    }
  });

  test(`the machine stops over ${name}: the next run puts it right`, async () => {
    const { host, operations } = hostOn(diskWith(before));
    await run(host);
    let [old, fresh] = [0, 0];
    for (let stop = 0; stop < operations(); stop++) {
      const disk = diskWith(before);
      await run(hostOn(disk, (n) => n >= stop).host).catch(() => {});
      const output = await openOutput(hostOn(disk).host, OUT);
      await output.discard();
      const is = whole.findIndex((state) =>
        same(new Map([...disk].filter(([path]) => !path.startsWith(`${OUT}.previous`))), state),
      );
      assert.ok(is >= 0, `operation ${stop}: ${[...disk.keys()]}`);
      if (is === 0) old++;
      else fresh++;
      // And a run after that leaves its own result and nothing else.
      await run(hostOn(disk).host);
      assert.ok(same(disk, whole[1]!), `after operation ${stop}: ${[...disk.keys()]}`);
    }
    assert.ok(old > 0 && fresh > 0);
  });
}

test("an old result that a killed run had set aside survives a run that fails", async () => {
  const disk = diskWith(OLD, `${OUT}.previous`);
  const output = await openOutput(hostOn(disk).host, OUT);
  await output.write("c/a.c", utf8("half"));
  await output.discard();
  assert.ok(same(disk, diskWith(OLD)), [...disk.keys()].join());
});

test("what a killed run had begun to write is not part of the next result", async () => {
  const disk = diskWith({ "c/stale.c": "half" }, `${OUT}.partial`);
  await run(hostOn(disk).host);
  assert.ok(same(disk, diskWith(NEW)), [...disk.keys()].join());
});

test("folders above that a failed run made go with it, those with other things stay", async () => {
  const disk = diskWith(undefined);
  const deep = await openOutput(hostOn(disk).host, "/home/a/b/out");
  await deep.discard();
  assert.ok(same(disk, diskWith(undefined)), [...disk.keys()].join());
  const shared = await openOutput(hostOn(disk).host, "/home/a/b/out");
  disk.set("/home/a/letter.txt", "mine");
  await shared.discard();
  assert.deepEqual([...disk.keys()].sort(), ["/home", "/home/a", "/home/a/letter.txt"]);
});

test("what no run wrote is refused and stays, in the folder and in the two beside it", async () => {
  for (const place of [OUT, `${OUT}.partial`, `${OUT}.previous`]) {
    const disk = diskWith({ ...OLD, "thesis.txt": "years of work" }, place);
    const before = new Map(disk);
    await assert.rejects(openOutput(hostOn(disk).host, OUT), {
      name: "UserError",
      code: "out-foreign",
      message: `output: the folder must be new or an earlier result, got "thesis.txt" in "${place}"`,
      hint: "Choose an empty or a new folder with --out.",
    });
    assert.ok(same(disk, before));
  }
});

test("a place that cannot be written is said with the reason of the system", async () => {
  const file: Disk = new Map([...HOME, ["/home/file", "text"]]);
  const before = new Map(file);
  await assert.rejects(openOutput(hostOn(file).host, "/home/file"), {
    code: "out-unwritable",
    message: 'output: "/home/file" must be a folder, got ENOTDIR',
  });
  await assert.rejects(openOutput(hostOn(file).host, "/home/file/out"), {
    code: "out-unwritable",
    message: 'output: the folder must be writable, got ENOTDIR for "/home/file/out"',
    hint: "Choose another folder with --out.",
  });
  assert.ok(same(file, before));
  const disk = diskWith(OLD);
  let full = false;
  const output = await openOutput(hostOn(disk, () => full).host, OUT);
  full = true;
  await assert.rejects(output.write("c/a.c", utf8("new")), {
    name: "UserError",
    code: "out-unwritable",
    message: `output: the folder must be writable, got EIO for "${OUT}"`,
  });
  await output.discard(); // which fails too, without a word: the first failure is what counts
  full = false;
  await output.discard();
  assert.ok(same(disk, diskWith(OLD)));
});
