/**
 * The native emitter: a program as one C file for the user's own compiler, a module that Node
 * loads. It computes what `interpret` computes, but may fuse a product with its sum; results differ
 * in the last bits, and by the machine. Reductions keep their order.
 */
import { BYTES_PER_ELEMENT } from "../../../tensor/tensor.ts";
import type { Place, Program } from "../../program.ts";
import { withoutSingleLoops } from "../c/function.ts";
import { C_TYPE } from "../c/literals.ts";
import { makeScope } from "../c/names.ts";
import type { Lanes } from "./blocks.ts";
import { type FunctionContext, kernelFunction, routineFunction, type Shares } from "./function.ts";
import { moduleText, preludeText } from "./prelude.ts";

export type NativeLayout = {
  /** The constants come first, at 0; the arena starts here, at a multiple of 64. */
  readonly arenaAddress: number;
  /** Constants and arena together. */
  readonly bytes: number;
};

export function nativeLayout(program: Program): NativeLayout {
  const arenaAddress = Math.ceil(program.constantBytes / 64) * 64;
  return { arenaAddress, bytes: Math.max(4, arenaAddress + program.arenaBytes) };
}

/** The byte offset of a place in the memory of the module. */
export function nativeAddress(layout: NativeLayout, place: Place): number {
  return place.offset + (place.region === "arena" ? layout.arenaAddress : 0);
}

/**
 * Writes a program as C; the entries of the module are those of the program, in order. A compiler
 * may work on two halves of it side by side, TS_PART=1 and TS_PART=2, to be linked together.
 * @param lanes float32 elements of the machine's widest register
 */
export function emitNative(program: Program, lanes: Lanes): string {
  const layout = nativeLayout(program);
  const scope = makeScope(["attach", "release", "entries", "run_entry", "bound", "memory"]);
  const routines = new Map<string, string>();
  const routineTexts: string[] = [];
  const context: FunctionContext = {
    lanes,
    routineName: (routine, width) => {
      const key = `${routine.name}_${width}`;
      let name = routines.get(key);
      if (name === undefined) {
        name = scope.name(`routine_${key}`);
        routines.set(key, name);
        routineTexts.push(routineFunction(routine, name, width, context));
      }
      return name;
    },
  };
  const names = program.kernels.map((kernel) => scope.name(`kernel_${kernel.name}`));
  const kernels = program.kernels.map((kernel, i) => {
    const plain = { ...kernel, body: withoutSingleLoops(kernel.body) };
    return kernelFunction(plain, names[i]!, sharesOf(program, i), context);
  });
  const functions = program.entries.map((entry) => scope.name(`entry_${entry.name}`));
  const entries = program.entries.map((entry, e) => {
    const calls = entry.calls.map((call) => {
      const args = program.kernels[call.kernel]!.buffers.map(
        (buffer, i) =>
          `(${C_TYPE[buffer.dtype]} *)(memory + ${nativeAddress(layout, call.places[i]!)})`,
      );
      return `  ${names[call.kernel]}(${args.join(", ")});\n`;
    });
    return `static void ${functions[e]}(uint8_t *memory) {\n${calls.join("")}}\n`;
  });
  const half = halfOf(kernels.map(({ text }) => text.length));
  return [
    preludeText(lanes),
    ...kernels.map(({ prototype }) => prototype),
    ...routineTexts,
    "#if TS_PART != 2",
    ...kernels.slice(0, half).map(({ text }) => text),
    ...entries,
    moduleText(functions, layout.bytes),
    "#endif\n#if TS_PART != 1",
    ...kernels.slice(half).map(({ text }) => text),
    "#endif\n",
  ].join("\n");
}

/** How many of the first texts are about half of all. */
function halfOf(lengths: readonly number[]): number {
  let rest = lengths.reduce((sum, length) => sum + length, 0) / 2;
  const half = lengths.findIndex((length) => {
    rest -= length;
    return rest <= 0;
  });
  return half + 1;
}

function sharesOf(program: Program, kernel: number): Shares {
  const { buffers } = program.kernels[kernel]!;
  const calls = program.entries.flatMap((entry) => entry.calls).filter((c) => c.kernel === kernel);
  const index = new Map(buffers.map((buffer, i) => [buffer.name, i]));
  const end = (places: readonly Place[], i: number): number =>
    places[i]!.offset + buffers[i]!.length * BYTES_PER_ELEMENT[buffers[i]!.dtype];
  return (first, second) => {
    const [a, b] = [index.get(first)!, index.get(second)!];
    return calls.some(
      ({ places }) =>
        places[a]!.region === places[b]!.region &&
        places[a]!.offset < end(places, b) &&
        places[b]!.offset < end(places, a),
    );
  };
}
