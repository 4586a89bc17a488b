/**
 * A compiled program in memory, ready to run: on WebAssembly, or on the interpreter for reference.
 * Both have the same face, so that callers choose the engine once and forget it.
 */
import { addressOf, emitWasm, entryExport, memoryLayout } from "../compiler/emit/wasm/emit.ts";
import type { Call, Place, Program, ProgramTensor } from "../compiler/program.ts";
import { type BufferContents, interpret } from "../ir/interpret.ts";
import { sizeOf, type TypedArray, viewArray } from "../tensor/tensor.ts";

export type Instance = {
  readonly program: Program;
  /** A live view on a tensor's memory: write inputs and read outputs through it. */
  readonly view: (tensor: ProgramTensor) => TypedArray;
  /**
   * Runs an entry.
   * @throws Error when the program has no entry of the name
   */
  readonly run: (entry: string) => void;
};

const noEntry = (program: Program, entry: string): Error =>
  new Error(
    `instance: no entry "${entry}", the program has ${program.entries.map((e) => e.name).join(", ")}`,
  );

/** Compiles a program to WebAssembly and instantiates it, synchronously. */
export function wasmInstance(program: Program): Instance {
  const layout = memoryLayout(program);
  const memory = new WebAssembly.Memory({ initial: layout.pages });
  const module = new WebAssembly.Module(emitWasm(program));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const entries = new Map(
    program.entries.map(({ name }) => [name, exports[entryExport(name)] as () => void]),
  );
  const viewAt = (place: Place, dtype: ProgramTensor["dtype"], size: number): TypedArray =>
    viewArray(memory.buffer, dtype, addressOf(layout, place), size);
  const view = (tensor: ProgramTensor): TypedArray =>
    viewAt(tensor, tensor.dtype, sizeOf(tensor.shape));
  for (const { dtype, data, offset } of program.constants)
    viewAt({ region: "constants", offset }, dtype, data.length).set(data);
  for (const state of program.states) view(state).set(state.initial);
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

/**
 * Runs a program on the interpreter.
 * @param options.precision "float64" computes every float32 value in float64; views are then
 * copies in float32 of what lies in memory, and writes must go through `view` before each run
 */
export function interpretInstance(
  program: Program,
  options: { readonly precision?: "float32" } = {},
): Instance {
  const constants = new ArrayBuffer(Math.max(4, program.constantBytes));
  const arena = new ArrayBuffer(Math.max(4, program.arenaBytes));
  const viewAt = (place: Place, dtype: ProgramTensor["dtype"], size: number): TypedArray =>
    viewArray(place.region === "arena" ? arena : constants, dtype, place.offset, size);
  const view = (tensor: ProgramTensor): TypedArray =>
    viewAt(tensor, tensor.dtype, sizeOf(tensor.shape));
  for (const { dtype, data, offset } of program.constants)
    viewAt({ region: "constants", offset }, dtype, data.length).set(data);
  for (const state of program.states) view(state).set(state.initial);
  const runCall = (call: Call): void => {
    const kernel = program.kernels[call.kernel]!;
    const buffers: { [name: string]: TypedArray } = {};
    kernel.buffers.forEach((buffer, i) => {
      buffers[buffer.name] = viewAt(call.places[i]!, buffer.dtype, buffer.length);
    });
    interpret(kernel, buffers as BufferContents, options);
  };
  return {
    program,
    view,
    run: (name) => {
      const entry = program.entries.find((e) => e.name === name);
      if (!entry) throw noEntry(program, name);
      for (const call of entry.calls) runCall(call);
    },
  };
}
