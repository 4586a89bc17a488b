/**
 * Ctrl-C in every phase, with real processes and real signals: the run stops within a moment, says
 * so, and leaves nothing behind: no output, no temporary folder, no compiler still at work.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { PHASES, type Phase } from "../../src/pipeline/progress.ts";
import { complaint, type Files, folderOf, type Outcome, snapshot, tinsmith } from "./cli.ts";
import { filesOf, gestures, QUICK } from "./recordings.ts";

const WINDOWS = { skip: process.platform === "win32" && "Windows has no signals" };

/** Longest time from a signal to the end; a second on an idle machine, more on one that is not. */
const PATIENCE_MS = 5000;

/** Recipes that train for a moment, and for minutes unless stopped. */
const quick = JSON.stringify(QUICK);
const endless = JSON.stringify({
  ...QUICK,
  training: { ...QUICK.training, epochs: 100_000, batchSize: 1 },
});

const GOOD = filesOf(gestures(3));
const PROJECT: Files = {
  ...Object.fromEntries(Object.entries(GOOD).map(([path, text]) => [`recordings/${path}`, text])),
  "quick.json": quick,
  "result/report.json": "an old report",
  "result/c/gestures.c": "old code",
};

const signalled = (signal: NodeJS.Signals, exitCode: number, outcome: Outcome): void => {
  assert.equal(outcome.signal, null, outcome.stderr);
  assert.deepEqual(complaint(outcome.stderr), ["tinsmith: cancelled, nothing was written"], signal);
  assert.equal(outcome.stdout, "");
  assert.equal(outcome.exitCode, exitCode);
};

/**
 * Loaded before the program: makes it believe that it writes to a screen, where every phase is
 * announced when it begins, and sends the signal at that moment. So the signal arrives within the
 * phase, however short that is.
 */
function signalAt(phase: Phase, signal: NodeJS.Signals): string {
  const code = `
    const { stderr } = process, write = stderr.write.bind(stderr);
    let sent = false;
    Object.defineProperty(stderr, "isTTY", { value: true });
    stderr.write = (text) => {
      const line = text.replace(/^\\r\\x1b\\[2K/, "");
      if (sent || !/^\\d\\/\\d ${phase} /.test(line)) return line.startsWith("tinsmith") ? write(line) : true;
      sent = true;
      write("0/9 signal sent\\n");
      process.kill(process.pid, "${signal}");
      return true;
    };`;
  return preload(code);
}

/** The argument with which Node runs some code before the program. */
const preload = (code: string): string =>
  `--import=data:text/javascript,${encodeURIComponent(code)}`;

async function projectOf(t: TestContext, files: Files = {}) {
  const root = await folderOf(t, { ...PROJECT, ...files });
  const temporary = await folderOf(t);
  return { root, temporary, before: snapshot(root) };
}

test("Ctrl-C in each phase", { concurrency: 2, ...WINDOWS }, async (t) => {
  for (const phase of PHASES)
    t.test(phase, { timeout: 60_000 }, async (t) => {
      const recipe = phase === "train" ? endless : quick;
      const { root, temporary, before } = await projectOf(t, { "quick.json": recipe });
      let sentMs: number | undefined;
      const source = phase === "design" ? "recordings" : "quick.json";
      const outcome = await tinsmith(["run", source, "--out", "result"], {
        cwd: root,
        env: { TMPDIR: temporary },
        node: [signalAt(phase, "SIGINT")],
        onStderr: () => {
          sentMs ??= performance.now();
        },
      });
      assert.ok(performance.now() - sentMs! < PATIENCE_MS, `deaf for over ${PATIENCE_MS} ms`);
      signalled("SIGINT", 130, outcome);
      assert.deepEqual(snapshot(root), before);
      assert.deepEqual(readdirSync(temporary), []);
    });
});

test("SIGTERM stops a run as well", WINDOWS, async (t) => {
  const { root, before } = await projectOf(t);
  const outcome = await tinsmith(["run", "quick.json", "--out", "new/deep/result"], {
    cwd: root,
    node: [signalAt("train", "SIGTERM")],
  });
  signalled("SIGTERM", 143, outcome);
  assert.deepEqual(snapshot(root), before);
});

/** A compiler that says its version, and then works for a minute in two processes. */
const SLOW_COMPILER = `#!/bin/sh
case "$*" in *--version*|*-dumpversion*) echo "slow 1.0"; exit 0;; esac
sleep 60 &
echo $! >"$PIDS/child"
echo $$ >"$PIDS/own"
wait
`;

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // What has ended and is not waited for yet still has a number.
    const state = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout;
    return state.trim() !== "" && !state.startsWith("Z");
  } catch {
    return false;
  }
};

async function until(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!condition()) {
    assert.ok(performance.now() < end, `${what} within ${PATIENCE_MS} ms`);
    await sleep(20);
  }
}

for (const [phase, compiler] of [
  ["generate", "arm-none-eabi-gcc"],
  ["verify", "cc"],
] as const)
  test(`Ctrl-C while ${compiler} works ends it and what it started`, WINDOWS, async (t) => {
    const { root, temporary, before } = await projectOf(t);
    const bin = await folderOf(t, { [compiler]: SLOW_COMPILER });
    const pids = await folderOf(t);
    await chmod(join(bin, compiler), 0o755);
    let signalledMs = 0;
    let child: ChildProcess | undefined;
    const running = tinsmith(["run", "quick.json", "--out", "result"], {
      cwd: root,
      env: { TMPDIR: temporary, PIDS: pids, PATH: `${bin}:/usr/bin:/bin` },
      onStderr: (process) => {
        child = process;
      },
    });
    const pidOf = (name: string) => Number(readFileSync(join(pids, name), "utf8"));
    const started = () => existsSync(join(pids, "own")) && pidOf("own") > 0;
    for (let i = 0; i < 1500 && !started(); i++) await sleep(20);
    assert.ok(started(), `${compiler} must be started in ${phase}`);
    assert.ok(isRunning(pidOf("own")) && isRunning(pidOf("child")));
    signalledMs = performance.now();
    // The whole group, as a terminal does.
    process.kill(-child!.pid!, "SIGINT");
    signalled("SIGINT", 130, await running);
    assert.ok(performance.now() - signalledMs < PATIENCE_MS);
    await until(() => !isRunning(pidOf("own")) && !isRunning(pidOf("child")), "both must end");
    assert.deepEqual(snapshot(root), before);
    assert.deepEqual(readdirSync(temporary), []);
  });

test("a second Ctrl-C ends a run that does not heed the first", WINDOWS, async (t) => {
  const { root } = await projectOf(t, { "quick.json": endless });
  const deaf = `
    AbortController.prototype.abort = () => {};
    const interrupt = () => process.kill(process.pid, "SIGINT");
    const write = process.stderr.write.bind(process.stderr);
    let interrupted = false;
    process.stderr.write = (text) => {
      if (!interrupted && text.includes("features")) {
        interrupted = true;
        interrupt();
        interrupt();
        setTimeout(() => {
          process.stdout.write("still here\\n");
          setInterval(interrupt, 500);
        }, 300);
      }
      return write(text);
    };`;
  const outcome = await tinsmith(["run", "quick.json", "--out", "result"], {
    cwd: root,
    node: [preload(deaf)],
  });
  assert.equal(outcome.exitCode, 130, outcome.stderr);
  // The signal right after the first is npm's copy of it, and not a second one.
  assert.equal(outcome.stdout, "still here\n");
});
