/**
 * Programs on machine code: the port behind which a C compiler stands, and the instance that runs
 * what it makes. Opt-in: results are the same on one machine and within a tolerance of the
 * interpreter's elsewhere.
 */
import { emitNative, nativeAddress, nativeLayout } from "../compiler/emit/native/emit-native.ts";
import type { Program } from "../compiler/program.ts";
import { viewArray } from "../tensor/tensor.ts";
import { type Instance, initialized, noEntry } from "./instance.ts";

/** What a compiled module exports: binds its entries, in order, to memory. */
export type NativeModule = {
  /** `offset`: of the first byte in use within the buffer. */
  readonly attach: (buffer: ArrayBuffer) => readonly (() => void)[] & { readonly offset: number };
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

/** Compiles a program to machine code and loads it, synchronously: a second, or at once from a cache. */
export function nativeInstance(program: Program, compiler: NativeCompiler): Instance {
  const layout = nativeLayout(program);
  const module = compiler.load(emitNative(program, compiler.lanes));
  const memory = new ArrayBuffer(layout.bytes + 64);
  const functions = module.attach(memory);
  const entries = new Map(program.entries.map(({ name }, i) => [name, functions[i]!]));
  const view = initialized(program, (place, dtype, size) =>
    viewArray(memory, dtype, functions.offset + nativeAddress(layout, place), size),
  );
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
