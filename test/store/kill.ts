/** Kills a process that works on a store, again and again at random moments, and checks what is left. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { makeRng } from "../../src/base/rng.ts";
import { openStore } from "../../src/store/open-store.ts";
import { checkStore, type Entry, nothingYet, record } from "./acknowledged.ts";

const WRITER = fileURLToPath(new URL("writer.ts", import.meta.url));
/** Most are killed at work, some while they start. */
const WORK_MS = 600;
const START_MS = 250;
const STARTS = 0.15;

export type KillFigures = {
  readonly kills: number;
  /** Kills before the first acknowledgement. */
  readonly early: number;
  readonly acknowledged: number;
  readonly samples: number;
  readonly finishedRuns: number;
  /** Jobs whose worker was killed. */
  readonly interrupted: number;
};

/**
 * @param onKill called after each check
 * @throws AssertionError when anything acknowledged is missing or damaged
 */
export async function killAgain(
  kills: number,
  seed: number,
  onKill?: (figures: KillFigures) => void,
): Promise<KillFigures> {
  const random = makeRng(seed);
  const home = await mkdtemp(join(tmpdir(), "tinsmith-kill-"));
  const known = nothingYet();
  let figures = {
    ...{ kills: 0, early: 0, acknowledged: 0, samples: 0, finishedRuns: 0, interrupted: 0 },
  };
  try {
    while (figures.kills < kills) {
      const early = random.float() < STARTS;
      const entries = await entriesOfKilled(home, {
        seed: random.u32(),
        afterFirst: !early,
        lifeMs: random.uniform(0, early ? START_MS : WORK_MS),
      });
      for (const entry of entries) record(known, entry);
      const interrupted = await checkHome(home, known);
      figures = {
        kills: figures.kills + 1,
        early: figures.early + (entries.length === 0 ? 1 : 0),
        acknowledged: figures.acknowledged + entries.filter((entry) => "did" in entry).length,
        samples: known.samples.size,
        finishedRuns: [...known.runs.values()].filter((files) => files !== undefined).length,
        interrupted: figures.interrupted + interrupted,
      };
      onKill?.(figures);
    }
    return figures;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** What a writer says before it is killed, `lifeMs` after its start or its first word. */
async function entriesOfKilled(
  home: string,
  life: { readonly seed: number; readonly afterFirst: boolean; readonly lifeMs: number },
): Promise<Entry[]> {
  const writer = spawn(process.execPath, [WRITER, home, `${life.seed}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const chunks: Buffer[] = [];
  writer.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  const closed = once(writer, "close");
  if (life.afterFirst) await Promise.race([once(writer.stdout, "data"), closed]);
  await Promise.race([sleep(life.lifeMs), closed]);
  writer.kill("SIGKILL");
  const [code, signal] = await closed;
  assert.equal(signal, "SIGKILL", `the writer ended by itself with code ${code}`);
  // A last line without its end was cut by the kill, so nothing says that it was acknowledged.
  const lines = Buffer.concat(chunks).toString("utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}

/** Opens the home after the leases of the dead have expired; gives how many jobs that interrupts. */
async function checkHome(home: string, known: ReturnType<typeof nothingYet>): Promise<number> {
  const store = await openStore(home, { clock: () => Date.now() + 3_600_000 });
  try {
    const interrupted = await store.jobs.expire();
    await checkStore(home, store, known);
    // An interrupted job can be run again.
    for (const id of interrupted) {
      assert.ok(await store.jobs.requeue(id));
      assert.equal((await store.jobs.get(id))!.status, "queued");
    }
    return interrupted.length;
  } finally {
    await store.close();
  }
}
