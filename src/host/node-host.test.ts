/** The Host port on Node: files, folders, and processes that end when the run is cancelled. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fromUtf8, utf8 } from "../base/bytes.ts";
import { CancelledError } from "../base/errors.ts";
import { nodeHost } from "./node-host.ts";

const host = nodeHost();

function folderOf(t: TestContext): string {
  const root = mkdtempSync(join(tmpdir(), "tinsmith-host-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

/** Runs JavaScript in a process of its own. */
const script = (code: string) => ({ command: process.execPath, args: ["-e", code] });

test("files are written with the folders above them, read, listed, moved and removed", async (t) => {
  const root = folderOf(t);
  await host.writeFile(`${root}/a/b/one.txt`, utf8("one"));
  await host.writeFile(`${root}/a/b/one.txt`, utf8("1"));
  await host.makeDirectory(`${root}/a/b/deep/er`);
  await host.makeDirectory(`${root}/a/b/deep/er`);
  assert.equal(fromUtf8(await host.readFile(`${root}/a/b/one.txt`)), "1");
  assert.deepEqual(await host.list(`${root}/a/b`), ["deep", "one.txt"]);
  await host.rename(`${root}/a/b`, `${root}/c`);
  assert.equal(await host.exists(`${root}/a/b`), false);
  assert.equal(await host.exists(`${root}/c/one.txt`), true);
  await host.remove(`${root}/c`);
  await host.remove(`${root}/c`);
  assert.deepEqual(await host.list(root), ["a"]);
});

test("a temporary folder is new each time", async () => {
  const [one, other] = [await host.makeTempDirectory(), await host.makeTempDirectory()];
  try {
    assert.notEqual(one, other);
    assert.match(basename(one), /^tinsmith-/);
    assert.deepEqual(await host.list(one), []);
  } finally {
    await host.remove(one);
    await host.remove(other);
  }
});

test("a folder that cannot be made is an error, wherever the obstacle is", async (t) => {
  const root = folderOf(t);
  await host.writeFile(`${root}/file`, utf8("text"));
  symlinkSync(`${root}/nowhere`, `${root}/dangling`);
  await assert.rejects(host.makeDirectory(`${root}/file`), { code: "EEXIST" });
  await assert.rejects(host.makeDirectory(`${root}/file/a/b`), { code: "ENOTDIR" });
  await assert.rejects(host.makeDirectory(`${root}/dangling`), { code: "EEXIST" });
  assert.equal(readFileSync(`${root}/file`, "utf8"), "text");
  assert.deepEqual(await host.list(root), ["dangling", "file"]);
});

test(
  "a file system that denies what it is asked to make does not hang",
  { skip: process.platform !== "linux" && "only Linux has such a /proc", timeout: 10_000 },
  () => assert.rejects(host.makeDirectory("/proc/tinsmith/a/b")),
);

test("a program gets its input, and its outputs and exit code come back as they are", async (t) => {
  const directory = folderOf(t);
  const input = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
  const echo = await host.run({
    ...script(
      "process.stdin.pipe(process.stdout); console.error(process.cwd()); process.exitCode = 3",
    ),
    directory,
    input,
  });
  assert.equal(echo.exitCode, 3);
  assert.deepEqual(echo.stdout, input);
  assert.equal(basename(fromUtf8(echo.stderr)!.trim()), basename(directory));
});

test("a program may leave its input unread, and may end by a signal", async () => {
  const deaf = await host.run({ ...script("process.exit(0)"), input: new Uint8Array(1_000_000) });
  assert.equal(deaf.exitCode, 0);
  const killed = await host.run(script("process.kill(process.pid, 'SIGKILL')"));
  assert.notEqual(killed.exitCode, 0);
});

test("a program that is not there is an error", async () => {
  await assert.rejects(host.run({ command: "tinsmith-no-such-program", args: [] }), {
    code: "ENOENT",
  });
});

test("cancelling ends the program, and none starts afterwards", { timeout: 20_000 }, async () => {
  const controller = new AbortController();
  const cancellable = nodeHost(controller.signal);
  const running = cancellable.run(script("setTimeout(() => {}, 60_000)"));
  setTimeout(() => controller.abort(), 50);
  await assert.rejects(running, CancelledError);
  await assert.rejects(cancellable.run(script("")), CancelledError);
  await assert.rejects(cancellable.run({ command: "no-such-program", args: [] }), CancelledError);
});

test("cancelling when a program has ended by itself does no harm", async () => {
  const controller = new AbortController();
  const { exitCode } = await nodeHost(controller.signal).run(script(""));
  assert.equal(exitCode, 0);
  controller.abort();
});
