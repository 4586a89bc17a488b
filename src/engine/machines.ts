/**
 * WebAssembly machines: the memory of a program and its compiled entries. Machine code is kept for
 * as long as the entries it was made from, and a few machines are kept when they are given back, so
 * that trial after trial of one network neither compiles anew nor takes more memory: the reserved
 * address space of a memory is freed only when it is collected as garbage.
 */
import {
  emitWasm,
  entryExport,
  type MemoryLayout,
  memoryLayout,
  type WasmOptions,
} from "../compiler/emit/wasm/emit.ts";
import { outOfMemory } from "../compiler/memory-limit.ts";
import type { Program } from "../compiler/program.ts";

export type Machine = {
  readonly memory: WebAssembly.Memory;
  readonly layout: MemoryLayout;
  /** Compiles an entry of the program when it is first asked for. */
  readonly entry: (name: string) => () => void;
  /** Gives the machine to the next program with this code; nobody else may use it any more. */
  readonly release: () => void;
};

/** What is made of all that a program is but for the first contents of its states. */
type Code = Pick<Program, "kernels" | "schedules" | "constants"> & {
  /** By the name of the entry, and apart for strict and relaxed arithmetic. */
  readonly modules: Map<string, WebAssembly.Module>;
};

const codes = new WeakMap<Program["entries"], Code>();

/** Machines to be had, the one given back last at the end. */
const free: { readonly code: Code; readonly relaxed: boolean; readonly machine: Machine }[] = [];
const MOST_FREE = 8;
const MOST_FREE_BYTES = 1 << 26;

const bytesOf = ({ memory }: Machine): number => memory.buffer.byteLength;

/**
 * A machine for a program, its memory all zeros.
 * @throws UserError `out-of-memory` when the system has no memory for it
 */
export function takeMachine(program: Program, { relaxed = false }: WasmOptions): Machine {
  const code = codeOf(program);
  const at = free.findLastIndex((kept) => kept.code === code && kept.relaxed === relaxed);
  if (at < 0) return makeMachine(program, code, relaxed);
  const { machine } = free.splice(at, 1)[0]!;
  new Uint8Array(machine.memory.buffer).fill(0);
  return machine;
}

/** Whether code of the one is code of the other, given that they have the same entries. */
function isAlike(a: Omit<Code, "modules">, b: Omit<Code, "modules">): boolean {
  return a.kernels === b.kernels && a.schedules === b.schedules && a.constants === b.constants;
}

/** Whether two programs differ at most in the first contents of their states. */
export const shareCode = (a: Program, b: Program): boolean =>
  a.entries === b.entries && isAlike(a, b);

function codeOf({ entries, kernels, schedules, constants }: Program): Code {
  const known = codes.get(entries);
  if (known && isAlike(known, { kernels, schedules, constants })) return known;
  const code = { kernels, schedules, constants, modules: new Map<string, WebAssembly.Module>() };
  codes.set(entries, code);
  return code;
}

function makeMachine(program: Program, code: Code, relaxed: boolean): Machine {
  const layout = memoryLayout(program);
  const memory = makeMemory(layout);
  const runs = new Map<string, () => void>();
  // A kept machine must not keep the data that it was trained on.
  const stateless = { ...program, states: [] };
  const machine: Machine = {
    memory,
    layout,
    entry: (name) => {
      const found = runs.get(name);
      if (found) return found;
      const key = `${relaxed ? "relaxed" : "strict"} ${name}`;
      const module = code.modules.get(key) ?? compileEntry(stateless, name, relaxed);
      code.modules.set(key, module);
      const { exports } = new WebAssembly.Instance(module, { env: { memory } });
      const run = exports[entryExport(name)] as () => void;
      runs.set(name, run);
      return run;
    },
    release: () => {
      free.push({ code, relaxed, machine });
      let bytes = free.reduce((sum, kept) => sum + bytesOf(kept.machine), 0);
      while (free.length > MOST_FREE || bytes > MOST_FREE_BYTES)
        bytes -= bytesOf(free.shift()!.machine);
    },
  };
  return machine;
}

function compileEntry(program: Program, name: string, relaxed: boolean): WebAssembly.Module {
  const entries = program.entries.filter((entry) => entry.name === name);
  return new WebAssembly.Module(emitWasm({ ...program, entries }, { relaxed }));
}

/**
 * @param shared between threads. Default false
 * @throws UserError `out-of-memory`
 */
export function makeMemory({ pages }: MemoryLayout, shared = false): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({
      initial: pages,
      ...(shared ? { maximum: pages, shared } : {}),
    });
  } catch (error) {
    throw outOfMemory(`the system must give ${pages * 65536} bytes, got "${error}"`);
  }
}
