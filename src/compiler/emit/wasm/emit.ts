/**
 * The WASM emitter: a program becomes one module with a function per kernel call, its addresses
 * baked in (the code of a kernel is written once and bound to each), and one exported function per entry. Floating-point results equal `interpret` to the
 * bit. The module imports its memory, which holds the constants and then the arena.
 */
import { assert } from "../../../base/errors.ts";
import type { Routine } from "../../../ir/kernel.ts";
import { BYTES_PER_ELEMENT } from "../../../tensor/tensor.ts";
import type { Call, Place, Program } from "../../program.ts";
import { fusedSchedule, isVectorRoutine } from "../../schedule.ts";
import { emitBarrier } from "./barrier.ts";
import { bindCode, type Code, encodeModule, type ModuleFunction, makeCode } from "./encoder.ts";
import { emitKernel, emitRoutine } from "./function.ts";

const PAGE_BYTES = 65536;
const ARENA_ALIGNMENT = 16;

/** Where the two regions of a program lie in the one memory of its module. */
export type MemoryLayout = {
  /** The constants come first, at address 0; the arena starts here. */
  readonly arenaAddress: number;
  /** Size of the memory in pages of 64 KiB, at least 1. */
  readonly pages: number;
};

export function memoryLayout(program: Program): MemoryLayout {
  const arenaAddress = Math.ceil(program.constantBytes / ARENA_ALIGNMENT) * ARENA_ALIGNMENT;
  const pages = Math.max(1, Math.ceil((arenaAddress + program.arenaBytes) / PAGE_BYTES));
  return { arenaAddress, pages };
}

/** The byte address of a place in the memory of the module. */
export function addressOf(layout: MemoryLayout, place: Place): number {
  return place.offset + (place.region === "arena" ? layout.arenaAddress : 0);
}

export const entryExport = (entry: string): string => `entry_${entry}`;

export type WasmOptions = {
  /**
   * Lets a product that feeds a sum be rounded with it (relaxed SIMD), which is faster where the
   * processor does both in one instruction, and gives other last bits.
   * @default false
   */
  readonly relaxed?: boolean;
};

/**
 * Compiles a program. The module imports `env.memory` of `memoryLayout(program)`, expects the
 * constants in it, and exports `entry_<name>()` for each entry.
 */
export function emitWasm(program: Program, options: WasmOptions = {}): Uint8Array<ArrayBuffer> {
  const { relaxed = false } = options;
  const layout = memoryLayout(program);
  const functions: ModuleFunction[] = [];
  const reserve = (emit: () => ModuleFunction): number => {
    const index = functions.length;
    functions.push({ code: makeCode([], []) });
    functions[index] = emit();
    return index;
  };

  const routines = new Map<Routine, { scalar?: number; vector?: number }>();
  const functionOf = (routine: Routine, vector: boolean): number => {
    const known = routines.get(routine) ?? {};
    routines.set(routine, known);
    const kind = vector && isVectorRoutine(routine) ? "vector" : "scalar";
    known[kind] ??= reserve(() => ({ code: emitRoutine(routine, kind === "vector", functionOf) }));
    return known[kind];
  };

  // Emitted once for all places that overlap alike.
  const templates = new Map<string, Code>();
  const templateOf = (call: Call, addresses: readonly number[]): Code => {
    const kernel = program.kernels[call.kernel]!;
    const ends = kernel.buffers.map(
      ({ dtype, length }, i) => addresses[i]! + length * BYTES_PER_ELEMENT[dtype],
    );
    const overlap = (a: number, b: number): boolean =>
      addresses[a]! < ends[b]! && addresses[b]! < ends[a]!;
    const pairs = addresses.map((_, a) => addresses.findIndex((_, b) => overlap(a, b)));
    const key = [call.kernel, ...pairs].join();
    const known = templates.get(key);
    if (known) return known;
    const chosen = program.schedules[call.kernel]!;
    const schedule = relaxed ? fusedSchedule(chosen) : chosen;
    const template = emitKernel(kernel, schedule, overlap, { functionOf, relaxed });
    templates.set(key, template);
    return template;
  };

  const kernels = new Map<string, number>();
  const kernelFunction = (call: Call): number => {
    const addresses = call.places.map((place) => addressOf(layout, place));
    const key = [call.kernel, ...addresses].join();
    const known = kernels.get(key);
    if (known !== undefined) return known;
    const template = templateOf(call, addresses);
    const code = { ...template, bytes: bindCode(template, addresses) };
    const index = functions.push({ code }) - 1;
    kernels.set(key, index);
    return index;
  };

  let barrierIndex: number | undefined;
  const barrier = (): number => {
    const { meeting } = program;
    assert(meeting, "a program with barriers has a place to meet");
    barrierIndex ??= reserve(() => ({ code: emitBarrier(meeting, addressOf(layout, meeting)) }));
    return barrierIndex;
  };
  for (const entry of program.entries) {
    const code = makeCode([], []);
    const { barriers = [] } = entry;
    const calls = entry.calls.map(kernelFunction);
    for (let i = 0, next = 0; i <= calls.length; i++) {
      for (; barriers[next] === i; next++) code.call(barrier());
      if (i < calls.length) code.call(calls[i]!);
    }
    functions.push({ code, exported: entryExport(entry.name) });
  }
  return encodeModule({
    functions,
    memoryPages: layout.pages,
    sharedMemory: program.meeting !== undefined,
  });
}
