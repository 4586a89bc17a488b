/** For tests: runs one kernel on the interpreter and on WebAssembly and compares their results. */

import { makeRng } from "../base/rng.ts";
import type { Place, Program, ProgramTensor } from "../compiler/program.ts";
import type { Schedule } from "../compiler/schedule.ts";
import type { Kernel } from "../ir/kernel.ts";
import type { TypedArray } from "../tensor/tensor.ts";
import { interpretInstance, wasmInstance } from "./instance.ts";
import { kernelProgram } from "./kernel-program.ts";

/** Fills buffers with values of both signs, the same for the same seed. */
export function seededFill(seed: number): (content: TypedArray, name: string) => void {
  return (content, name) => {
    const rng = makeRng(seed).fork(name);
    for (let i = 0; i < content.length; i++)
      content[i] = content instanceof Float32Array ? rng.uniform(-2, 2) : rng.int(300) - 150;
  };
}

/**
 * The first difference between the engines in any buffer, or undefined where every bit agrees;
 * NaNs count as equal.
 * @param fill gives the content of a buffer before the run
 */
export function firstDifference(
  kernel: Kernel,
  schedule: Schedule,
  fill: (content: TypedArray, name: string) => void,
): string | undefined {
  const program = kernelProgram(kernel, schedule);
  return firstDifferenceOf(program, fill) ?? firstDifferenceOf(twice(program), fill);
}

/** The program with a second call in memory of its own, with which a function may be shared. */
function twice(program: Program): Program {
  const { arenaBytes } = program;
  const moved = <P extends Place>(place: P): P =>
    place.region === "arena" ? { ...place, offset: place.offset + arenaBytes } : place;
  const again = (tensor: ProgramTensor): ProgramTensor => ({
    ...moved(tensor),
    name: `${tensor.name}_again`,
  });
  const entries = program.entries.map(({ name, calls, inputs, outputs }) => ({
    name,
    calls: [...calls, ...calls.map((call) => ({ ...call, places: call.places.map(moved) }))],
    inputs: [...inputs, ...inputs.map(again)],
    outputs: [...outputs, ...outputs.map(again)],
  }));
  return { ...program, entries, arenaBytes: 2 * arenaBytes, arenaBound: 2 * arenaBytes };
}

function firstDifferenceOf(
  program: Program,
  fill: (content: TypedArray, name: string) => void,
): string | undefined {
  const engines = [interpretInstance(program), wasmInstance(program)] as const;
  const tensors = program.entries[0]!.inputs;
  for (const tensor of tensors) {
    const content = engines[0].view(tensor);
    fill(content, tensor.name);
    engines[1].view(tensor).set(content);
  }
  for (const engine of engines) engine.run("main");
  for (const tensor of tensors) {
    const [expected, got] = engines.map((engine) => engine.view(tensor)) as [
      TypedArray,
      TypedArray,
    ];
    for (let i = 0; i < expected.length; i++)
      if (!Object.is(expected[i], got[i]))
        return `${tensor.name}[${i}]: expected ${expected[i]}, got ${got[i]}`;
  }
  return undefined;
}
