/** One server in a home, in the same process and in another, also when that one is killed. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { lockHome } from "./home-lock.ts";

const URL_OF_SERVER = "http://127.0.0.1:4840/";
const MODULE = fileURLToPath(new URL("home-lock.ts", import.meta.url));

test("a second server in a home is told who the first is", async () => {
  const home = await mkdtemp(join(tmpdir(), "tinsmith-lock-"));
  try {
    const lock = await lockHome(home);
    await assert.rejects(lockHome(home), {
      code: "home-in-use",
      message: `home: one server at a time, got one with process id ${process.pid}`,
    });
    await lock.announce(URL_OF_SERVER);
    await assert.rejects(lockHome(home), {
      message: `home: one server at a time, got one with process id ${process.pid} at ${URL_OF_SERVER}`,
      hint: `Open ${URL_OF_SERVER}, or choose another --home`,
    });
    await lock.release();
    await lock.release();
    assert.deepEqual(await readdir(home), ["lock.sqlite"]);
    await (await lockHome(home)).release();
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});

test("the lock of a killed process is free at once", async () => {
  const home = await mkdtemp(join(tmpdir(), "tinsmith-lock-"));
  const script = `
    const { lockHome } = await import(${JSON.stringify(MODULE)});
    await (await lockHome(process.argv[1])).announce(${JSON.stringify(URL_OF_SERVER)});
    console.log("locked");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, home], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await once(child.stdout, "data");
    await assert.rejects(lockHome(home), {
      code: "home-in-use",
      message: `home: one server at a time, got one with process id ${child.pid} at ${URL_OF_SERVER}`,
    });
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    await (await lockHome(home)).release();
  } finally {
    child.kill("SIGKILL");
    await rm(home, { recursive: true, force: true });
  }
});
