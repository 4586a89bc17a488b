/**
 * A compiled program in memory, ready to run: on WebAssembly, or on the interpreter for reference.
 * Both have the same face, so that callers choose the engine once and forget it.
 */
import { addressOf, type WasmOptions } from "../compiler/emit/wasm/emit.ts";
import type { Call, Place, Program, ProgramTensor } from "../compiler/program.ts";
import { interpret } from "../ir/interpret.ts";
import { type DType, sizeOf, type TypedArray, viewArray } from "../tensor/tensor.ts";
import { type Machine, takeMachine } from "./machines.ts";
import { requireRelaxedSimd } from "./relaxed-simd.ts";

export type Instance = {
  readonly program: Program;
  /** A live view on a tensor's memory: write inputs and read outputs through it. */
  readonly view: (tensor: ProgramTensor) => TypedArray;
  /**
   * Runs an entry.
   * @throws Error when the program has no entry of the name
   */
  readonly run: (entry: string) => void;
  /** Gives back what the instance holds, memory and threads; neither it nor its views are used again. */
  readonly release?: () => void;
};

export const noEntry = (program: Program, entry: string): Error =>
  new Error(
    `instance: no entry "${entry}", the program has ${program.entries.map((e) => e.name).join(", ")}`,
  );

/**
 * Runs a program on WebAssembly, to which each entry is compiled when it is first run: training
 * starts while nothing has been evaluated yet.
 * @throws UserError `relaxed-simd` with `options.relaxed`, where the engine here has none;
 * `out-of-memory` when the system has no memory for the program
 */
export function wasmInstance(program: Program, options: WasmOptions = {}): Instance {
  if (options.relaxed) requireRelaxedSimd();
  let machine: Machine | undefined = takeMachine(program, options);
  const held = (): Machine => {
    if (!machine) throw new Error("instance: it must not be used once it is released");
    return machine;
  };
  const view = initialized(program, (place, dtype, size) => {
    const { memory, layout } = held();
    return viewArray(memory.buffer, dtype, addressOf(layout, place), size);
  });
  const names = new Set(program.entries.map((entry) => entry.name));
  return {
    program,
    view,
    run: (name) => {
      if (!names.has(name)) throw noEntry(program, name);
      held().entry(name)();
    },
    release: () => {
      machine?.release();
      machine = undefined;
    },
  };
}

/**
 * Runs a program on the interpreter.
 * @param options.precision "float64" computes and keeps float32 values in float64; the views on
 * float32 tensors are then Float64Arrays behind the same type. Default "float32".
 */
export function interpretInstance(
  program: Program,
  options: { readonly precision?: "float32" | "float64" } = {},
): Instance {
  const wide = options.precision === "float64";
  const regions = {
    constants: interpreterRegion(program.constantBytes, wide),
    arena: interpreterRegion(program.arenaBytes, wide),
  };
  const viewAt: ViewAt = ({ region, offset }, dtype, size) => regions[region](dtype, offset, size);
  const view = initialized(program, viewAt);
  const runCall = (call: Call): void => {
    const kernel = program.kernels[call.kernel]!;
    const buffers: { [name: string]: TypedArray } = {};
    kernel.buffers.forEach((buffer, i) => {
      buffers[buffer.name] = viewAt(call.places[i]!, buffer.dtype, buffer.length);
    });
    interpret(kernel, buffers, options);
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

/** Memory of the interpreter; with `wide`, the elements of float32 lie apart, in float64. */
function interpreterRegion(
  bytes: number,
  wide: boolean,
): (dtype: DType, offset: number, size: number) => TypedArray {
  const memory = new ArrayBuffer(Math.ceil(bytes / 4) * 4);
  const doubles = new Float64Array(wide ? memory.byteLength / 4 : 0);
  return (dtype, offset, size) =>
    wide && dtype === "float32"
      ? (doubles.subarray(offset / 4, offset / 4 + size) as unknown as Float32Array)
      : viewArray(memory, dtype, offset, size);
}

export type ViewAt = (place: Place, dtype: DType, size: number) => TypedArray;

/** Fills constants and states with their first content and returns the view on tensors. */
export function initialized(program: Program, viewAt: ViewAt): Instance["view"] {
  const view = (tensor: ProgramTensor): TypedArray =>
    viewAt(tensor, tensor.dtype, sizeOf(tensor.shape));
  for (const { dtype, data, offset } of program.constants)
    viewAt({ region: "constants", offset }, dtype, data.length).set(data);
  for (const state of program.states) view(state).set(state.initial);
  return view;
}
