/**
 * Looks for races in a sharded program by running it slowly: every element that a thread reads or
 * writes between two barriers is noted, and no other thread may have written it in that time.
 */
import type { Call } from "../../src/compiler/program.ts";
import { type ThreadedProgram, threadEntry } from "../../src/compiler/shard.ts";
import { interpret } from "../../src/ir/interpret.ts";
import { BYTES_PER_ELEMENT, type TypedArray, viewArray } from "../../src/tensor/tensor.ts";

type Trace = { readonly reads: Set<number>; readonly writes: Set<number> };

/** The first race between threads in an entry, or undefined where there is none. */
export function firstRace(program: ThreadedProgram, entry: string): string | undefined {
  const memory = {
    arena: new ArrayBuffer(Math.ceil(program.arenaBytes / 8) * 8),
    constants: new ArrayBuffer(Math.ceil(program.constantBytes / 8) * 8),
  };
  const { threads } = program.meeting;
  const parts = Array.from(
    { length: threads },
    (_, t) => program.entries.find(({ name }) => name === threadEntry(entry, t))!,
  );
  const runCall = (call: Call, trace: Trace): void => {
    const kernel = program.kernels[call.kernel]!;
    const buffers: { [name: string]: TypedArray } = {};
    kernel.buffers.forEach(({ name, dtype, length }, i) => {
      const { region, offset } = call.places[i]!;
      const view = viewArray(memory[region], dtype, offset, length);
      const note = (set: Set<number>, key: string | symbol): void => {
        if (typeof key === "string" && /^\d+$/.test(key) && region === "arena")
          set.add(offset + Number(key) * BYTES_PER_ELEMENT[dtype]);
      };
      buffers[name] = new Proxy(view, {
        get: (target, key) => {
          note(trace.reads, key);
          return Reflect.get(target, key, target);
        },
        set: (target, key, value) => {
          note(trace.writes, key);
          return Reflect.set(target, key, value, target);
        },
      });
    });
    interpret(kernel, buffers);
  };
  for (let n = 0; n <= parts[0]!.barriers!.length; n++) {
    const traces = parts.map(({ calls, barriers }): Trace => {
      const trace = { reads: new Set<number>(), writes: new Set<number>() };
      for (const call of calls.slice(n === 0 ? 0 : barriers![n - 1], barriers![n]))
        runCall(call, trace);
      return trace;
    });
    for (const [t, { writes }] of traces.entries())
      for (const [u, other] of traces.entries())
        for (const address of writes)
          if (t !== u && (other.reads.has(address) || other.writes.has(address)))
            return `after barrier ${n}: thread ${t} writes byte ${address}, which thread ${u} uses`;
  }
  return undefined;
}
