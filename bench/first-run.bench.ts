/**
 * How long does a first run take, from recordings to a verified C library? Runs the command as a
 * person does, in a process of its own, several times; prints the median of the whole and of each
 * phase. The source is an argument; without one it is `../shared/data/ei-gestures` where that is,
 * else the bundled example.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const RUNS = 5;
const json = process.argv.includes("--json");
const given = process.argv.slice(2).find((arg) => !arg.startsWith("--"));
const shared = join(import.meta.dirname, "../../shared/data/ei-gestures");
const source = given ?? (existsSync(shared) ? shared : undefined);
const bin = join(import.meta.dirname, "../bin/tinsmith.mjs");

const median = (values: number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
};

const walls: number[] = [];
const phases = new Map<string, number[]>();
for (let run = 0; run < RUNS; run++) {
  const directory = await mkdtemp(join(tmpdir(), "tinsmith-bench-"));
  const command = source ? ["run", source] : ["start", "--once"];
  const began = performance.now();
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [bin, ...command, "--out", join(directory, "out"), "--json"],
    { maxBuffer: 1 << 26 },
  );
  walls.push((performance.now() - began) / 1000);
  await rm(directory, { recursive: true });
  const report = JSON.parse(stdout) as { phases: { [phase: string]: number } };
  for (const [phase, seconds] of Object.entries(report.phases))
    phases.set(phase, [...(phases.get(phase) ?? []), seconds]);
}

const rows = [...phases].map(([phase, seconds]) => ({ phase, seconds: median(seconds) }));
if (json) {
  console.log(
    JSON.stringify({
      source: source ? "given" : "example",
      runs: RUNS,
      seconds: median(walls),
      phases: rows,
    }),
  );
} else {
  console.log(`first run, median of ${RUNS}: ${median(walls).toFixed(2)} s`);
  for (const { phase, seconds } of rows)
    console.log(`  ${phase.padEnd(10)} ${seconds.toFixed(2)} s`);
}
