/** Kernels on the native back end, products rounded, against the interpreter to the bit. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../../src/base/rng.ts";
import type { Program } from "../../src/compiler/program.ts";
import { nativeInstance } from "../../src/engine/native.ts";
import { randomKernel } from "../../src/engine/random-kernel.ts";
import {
  assertSameBytes,
  interpretProgram,
  programOfKernels,
  withOneNaN,
} from "../device/kernel-program.ts";
import { assertOpResults, OP_ARENA, OP_PROGRAM } from "../device/op-kernels.ts";
import { compilerFor, NATIVE } from "./compiler.ts";

/** The arena after every entry has run on it. */
function run(program: Program, content: Uint8Array): Uint8Array {
  const instance = nativeInstance(program, compilerFor({ exact: true }));
  const arena = instance.view({
    name: "arena",
    region: "arena",
    offset: 0,
    dtype: "uint8",
    shape: [program.arenaBytes],
  }) as Uint8Array;
  arena.set(content);
  for (const { name } of program.entries) instance.run(name);
  return arena.slice();
}

test("every operation on edge values", NATIVE, () => {
  assertOpResults(run(OP_PROGRAM, OP_ARENA));
});

test("random kernels", NATIVE, () => {
  const program = programOfKernels(Array.from({ length: 100 }, (_, i) => randomKernel(i).kernel));
  const rng = makeRng(3);
  const before = Uint8Array.from({ length: program.arenaBytes }, () => rng.int(256));
  const got = run(program, before);
  assert.notDeepEqual(got, before);
  const expected = interpretProgram(program, before);
  assertSameBytes(withOneNaN(program, got), withOneNaN(program, expected), "arena");
});
