/**
 * A sharded program run on one thread: between two barriers the threads take turns, in an order of
 * the caller's choice. A barrier that is missing shows as a difference, every time.
 */
import type { Call, Program } from "../../src/compiler/program.ts";
import { type ThreadedProgram, threadEntry } from "../../src/compiler/shard.ts";

/** @param order the threads, each once */
export function inTurns(
  original: Program,
  sharded: ThreadedProgram,
  order: readonly number[],
): Program {
  const entries = original.entries.map((entry) => {
    const parts = order.map((thread) => {
      const name = threadEntry(entry.name, thread);
      return sharded.entries.find((e) => e.name === name)!;
    });
    const meetings = parts[0]!.barriers!.length;
    const calls: Call[] = [];
    for (let n = 0; n <= meetings; n++)
      for (const part of parts)
        calls.push(...part.calls.slice(n === 0 ? 0 : part.barriers![n - 1], part.barriers![n]));
    return { ...entry, calls };
  });
  const { meeting: _, ...rest } = sharded;
  return { ...rest, entries };
}
