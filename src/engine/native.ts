/**
 * Programs on machine code: the port behind which a C compiler stands, and the instance that runs
 * what it makes. Opt-in: results are the same on one machine and within a tolerance of the
 * interpreter's elsewhere.
 */
import { emitNative, nativeAddress, nativeLayout } from "../compiler/emit/native/emit-native.ts";
import type { Program } from "../compiler/program.ts";
import { sizeOf, viewArray } from "../tensor/tensor.ts";
import { type Instance, initialized, noEntry, type ViewAt } from "./instance.ts";

/** What a compiled module exports: binds its entries, in order, to memory. */
export type NativeModule = {
  /** `offset`: of the first byte in use within the buffer. */
  readonly attach: (bytes: Uint8Array) => readonly (() => void)[] & { readonly offset: number };
};

/** The NativeCompiler port: `host/native.ts` answers in Node, nobody in a browser. */
export type NativeCompiler = {
  /** float32 elements of the machine's widest register. */
  readonly lanes: 4 | 8 | 16;
  /**
   * Compiles and loads a module written in C.
   * @throws UserError `native-compiler` when the compiler fails
   */
  readonly load: (source: string) => NativeModule;
};

export type NativeInstanceOptions = {
  /**
   * The memory to run on, of `nativeMemoryBytes`; a SharedArrayBuffer lets several threads of this
   * process run entries on it. @default memory of its own
   */
  readonly memory?: ArrayBuffer | SharedArrayBuffer;
  /** The memory holds constants and states already, as those of an instance before. @default false */
  readonly isInitialized?: boolean;
};

/** Bytes of memory of an instance. */
export const nativeMemoryBytes = (program: Program): number => nativeLayout(program).bytes + 64;

/** Compiles a program to machine code and loads it, synchronously: a second, or at once from a cache. */
export function nativeInstance(
  program: Program,
  compiler: NativeCompiler,
  options: NativeInstanceOptions = {},
): Instance {
  const layout = nativeLayout(program);
  const module = compiler.load(emitNative(program, compiler.lanes));
  const memory = options.memory ?? new ArrayBuffer(nativeMemoryBytes(program));
  const functions = module.attach(new Uint8Array(memory));
  const entries = new Map(program.entries.map(({ name }, i) => [name, functions[i]!]));
  const viewAt: ViewAt = (place, dtype, size) =>
    viewArray(memory, dtype, functions.offset + nativeAddress(layout, place), size);
  const view: Instance["view"] = options.isInitialized
    ? (tensor) => viewAt(tensor, tensor.dtype, sizeOf(tensor.shape))
    : initialized(program, viewAt);
  return {
    program,
    view,
    run: (entry) => {
      const run = entries.get(entry);
      if (!run) throw noEntry(program, entry);
      run();
    },
  };
}
