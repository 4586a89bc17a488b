/**
 * The WASM emitter: a program becomes one module with a function per kernel, its addresses baked
 * in where it is called at one place or would be slower otherwise (`share.ts`), and one exported
 * function per entry. Floating-point results equal `interpret` to the bit. The module imports its
 * memory, which holds the constants and then the arena.
 */
import { assert } from "../../../base/errors.ts";
import { memoize } from "../../../base/memoize.ts";
import type { Routine } from "../../../ir/kernel.ts";
import { BYTES_PER_ELEMENT } from "../../../tensor/tensor.ts";
import type { Call, Place, Program } from "../../program.ts";
import { fusedSchedule, isVectorRoutine } from "../../schedule.ts";
import { emitBarrier } from "./barrier.ts";
import { bindCode, type Code, encodeModule, type ModuleFunction, makeCode } from "./encoder.ts";
import { emitKernel, emitRoutine } from "./function.ts";
import { isShareable } from "./share.ts";

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

  // What is written once serves all calls whose places overlap alike.
  const addressesOf = memoize((call: Call) => call.places.map((p) => addressOf(layout, p)));
  const overlapOf = (call: Call): ((a: number, b: number) => boolean) => {
    const addresses = addressesOf(call);
    const ends = program.kernels[call.kernel]!.buffers.map(
      ({ dtype, length }, i) => addresses[i]! + length * BYTES_PER_ELEMENT[dtype],
    );
    return (a, b) => addresses[a]! < ends[b]! && addresses[b]! < ends[a]!;
  };
  const kindOf = memoize((call: Call): string => {
    const overlap = overlapOf(call);
    const pairs = call.places.map((_, a) => call.places.findIndex((_, b) => overlap(a, b)));
    return [call.kernel, ...pairs].join();
  });
  const codeOf = (call: Call, how: "taken" | "bound"): Code => {
    const chosen = program.schedules[call.kernel]!;
    const schedule = relaxed ? fusedSchedule(chosen) : chosen;
    const callees = { functionOf, relaxed };
    return emitKernel(program.kernels[call.kernel]!, schedule, overlapOf(call), callees, how);
  };
  /** The different places of each kind of call. */
  const places = new Map<string, Set<string>>();
  for (const call of program.entries.flatMap((entry) => entry.calls)) {
    const kind = kindOf(call);
    places.set(kind, (places.get(kind) ?? new Set()).add(addressesOf(call).join()));
  }

  const shared = new Map<string, number>();
  const templates = new Map<string, Omit<Code, "bytes"> & { readonly bytes: Uint8Array }>();
  const bound = new Map<string, number>();
  /** Writes the code that calls a kernel. */
  const pushCall = (code: Code, call: Call): void => {
    const kind = kindOf(call);
    const addresses = addressesOf(call);
    if (places.get(kind)!.size > 1 && isShareable(program.kernels[call.kernel]!)) {
      const index = shared.get(kind) ?? functions.push({ code: codeOf(call, "taken") }) - 1;
      shared.set(kind, index);
      for (const address of addresses) code.i32(address);
      code.call(index);
      return;
    }
    const key = [kind, ...addresses].join();
    let template = templates.get(kind);
    if (!template) {
      const code = codeOf(call, "bound");
      template = { ...code, bytes: new Uint8Array(code.bytes) };
      templates.set(kind, template);
    }
    const index =
      bound.get(key) ??
      functions.push({ code: { ...template, bytes: bindCode(template, addresses) } }) - 1;
    bound.set(key, index);
    code.call(index);
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
    for (let i = 0, next = 0; i <= entry.calls.length; i++) {
      for (; barriers[next] === i; next++) code.call(barrier());
      if (i < entry.calls.length) pushCall(code, entry.calls[i]!);
    }
    functions.push({ code, exported: entryExport(entry.name) });
  }
  return encodeModule({
    functions,
    memoryPages: layout.pages,
    sharedMemory: program.meeting !== undefined,
  });
}
