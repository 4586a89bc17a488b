/**
 * Kernels by themselves as a program: one entry for each, their buffers side by side in one arena.
 * The C text reads the whole arena, runs every entry, and writes the arena, so that a test can
 * compare every byte with the interpreter's.
 */
import assert from "node:assert/strict";
import { emitC } from "../../src/compiler/emit/c/emit-c.ts";
import type { Place, Program } from "../../src/compiler/program.ts";
import { interpret } from "../../src/ir/interpret.ts";
import type { Kernel } from "../../src/ir/kernel.ts";
import { BYTES_PER_ELEMENT, type TypedArray, viewArray } from "../../src/tensor/tensor.ts";

const STDIO = `#include <stdio.h>
#define READ(to, bytes) (fread(to, 1, bytes, stdin) == (bytes))
#define WRITE(from, bytes) fwrite(from, 1, bytes, stdout)
#define ENTRY int main(void)
`;

const HARNESS = `int harness_read(void *to, unsigned bytes);
void harness_write(const void *from, unsigned bytes);
int harness_run(void);
#define READ harness_read
#define WRITE harness_write
#define ENTRY int harness_run(void)
`;

export function programOfKernels(kernels: readonly Kernel[]): Program {
  let arenaBytes = 0;
  let constantBytes = 0;
  const constants: Program["constants"][number][] = [];
  const entries = kernels.map((kernel, index) => {
    const places = kernel.buffers.map((buffer): Place => {
      const bytes = Math.ceil((buffer.length * BYTES_PER_ELEMENT[buffer.dtype]) / 4) * 4;
      if (!buffer.data) {
        arenaBytes += bytes;
        return { region: "arena", offset: arenaBytes - bytes };
      }
      const { dtype, data } = buffer;
      constants.push({ name: `${kernel.name}_${buffer.name}`, dtype, data, offset: constantBytes });
      constantBytes += bytes;
      return { region: "constants", offset: constantBytes - bytes };
    });
    const call = { kernel: index, places, node: kernel.name };
    return { name: kernel.name, calls: [call], inputs: [], outputs: [] };
  });
  const schedules = kernels.map(() => ({}));
  const arena = { arenaBytes, arenaBound: arenaBytes };
  return { entries, kernels, schedules, constants, constantBytes, ...arena, states: [] };
}

/** The arena after the interpreter has run every kernel on it. */
export function interpretProgram(program: Program, arena: Uint8Array): Uint8Array {
  const memory = arena.slice();
  for (const { calls } of program.entries)
    for (const { kernel: index, places } of calls) {
      const kernel = program.kernels[index]!;
      const views: { [name: string]: TypedArray } = {};
      kernel.buffers.forEach((buffer, i) => {
        const { region, offset } = places[i]!;
        if (region === "arena")
          views[buffer.name] = viewArray(memory.buffer, buffer.dtype, offset, buffer.length);
      });
      interpret(kernel, views);
    }
  return memory;
}

/**
 * A complete C program around the kernels.
 * @param io `stdio` for a machine with files, `harness` for the start-up code of this folder
 */
export function standaloneC(program: Program, io: "stdio" | "harness" = "stdio"): string {
  const source = emitC(program, { prefix: "test" });
  const { data } = source;
  return [
    source.guards,
    io === "stdio" ? STDIO : HARNESS,
    data.type,
    data.type && `static const test_data_t test_data = ${data.initializer};\n`,
    source.functions,
    source.arena,
    "ENTRY {",
    "  if (!READ(arena, sizeof arena)) return 1;",
    ...source.entries.map((entry) => entry.statements),
    "  WRITE(arena, sizeof arena);",
    "  return 0;",
    "}\n",
  ].join("\n");
}

/** Asserts equal bytes, naming the first that differs: the whole arrays would be slow to print. */
export function assertSameBytes(got: Uint8Array, expected: Uint8Array, what: string): void {
  assert.equal(got.length, expected.length, what);
  const at = expected.findIndex((byte, i) => byte !== got[i]);
  if (at >= 0) assert.fail(`${what}: byte ${at} must be ${expected[at]}, got ${got[at]}`);
}

/** Makes every NaN of the float32 buffers the same one: they compare as one class. */
export function withOneNaN(program: Program, arena: Uint8Array): Uint8Array {
  const memory = new Uint8Array(arena);
  for (const { calls } of program.entries)
    for (const { kernel, places } of calls)
      program.kernels[kernel]!.buffers.forEach((buffer, i) => {
        const { region, offset } = places[i]!;
        if (region !== "arena" || buffer.dtype !== "float32") return;
        const view = new Float32Array(memory.buffer, offset, buffer.length);
        view.forEach((value, k) => {
          if (Number.isNaN(value)) view[k] = Number.NaN;
        });
      });
  return memory;
}
