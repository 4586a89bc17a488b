/** Wraps one kernel as a program, for tests and benches: every buffer has memory of its own. */

import type { Place, Program, ProgramConstant, ProgramTensor } from "../compiler/program.ts";
import type { Schedule } from "../compiler/schedule.ts";
import type { Kernel } from "../ir/kernel.ts";
import { BYTES_PER_ELEMENT } from "../tensor/tensor.ts";

/**
 * A program with the entry "main" that runs the kernel. Inputs, outputs and updates are the
 * entry's inputs, by their names; its outputs are the outputs and updates.
 */
export function kernelProgram(kernel: Kernel, schedule: Schedule): Program {
  const sizes = { arena: 0, constants: 0 };
  const constants: ProgramConstant[] = [];
  const inputs: ProgramTensor[] = [];
  const places = kernel.buffers.map((buffer): Place => {
    const { name, dtype, length, data } = buffer;
    const region = data ? "constants" : "arena";
    const place = { region, offset: sizes[region] } as const;
    sizes[region] += Math.ceil((length * BYTES_PER_ELEMENT[dtype]) / 16) * 16;
    if (data) constants.push({ name, dtype, data, offset: place.offset });
    else if (buffer.role !== "scratch") inputs.push({ name, dtype, shape: [length], ...place });
    return place;
  });
  const outputs = inputs.filter((_, i) => kernel.buffers[i]!.role !== "input");
  const calls = [{ kernel: 0, places, node: kernel.name }];
  return {
    entries: [{ name: "main", calls, inputs, outputs }],
    kernels: [kernel],
    schedules: [schedule],
    constants,
    constantBytes: sizes.constants,
    arenaBytes: sizes.arena,
    arenaBound: sizes.arena,
    states: [],
  };
}
