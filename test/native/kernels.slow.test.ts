/** Kernels on the native back end, products rounded, against the interpreter to the bit. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../../src/base/rng.ts";
import type { Program } from "../../src/compiler/program.ts";
import { nativeInstance } from "../../src/engine/native.ts";
import { randomKernel } from "../../src/engine/random-kernel.ts";
import { add, addF, buildKernel, mul, mulF } from "../../src/ir/build.ts";
import type { Kernel } from "../../src/ir/kernel.ts";
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

/** Large enough for tiles, and for panels where the columns are no multiple of a vector. */
const product = (rows: number, inner: number, columns: number): Kernel =>
  buildKernel(`product_${rows}_${inner}_${columns}`, (k) => {
    const a = k.input("float32", rows * inner, "a");
    const b = k.input("float32", inner * columns, "b");
    const c = k.output("float32", rows * columns, "c");
    k.parallel(rows, (m) =>
      k.parallel(columns, (n) => {
        const sum = k.register(0, "sum");
        k.loop(inner, (q) => {
          const left = a.load(add(mul(m, inner), q));
          sum.set(addF(sum.get, mulF(left, b.load(add(mul(q, columns), n)))));
        });
        c.store(add(mul(m, columns), n), sum.get);
      }),
    );
  });

test("products in tiles and panels", NATIVE, () => {
  const shapes = [
    [130, 20, 44],
    [129, 9, 100],
    [131, 7, 67],
    [128, 16, 64],
    [200, 5, 30],
  ] as const;
  const program = programOfKernels(shapes.map(([m, k, n]) => product(m, k, n)));
  const rng = makeRng(4);
  const before = new Float32Array(program.arenaBytes / 4).map(() => rng.uniform(-1, 1));
  const bytes = new Uint8Array(before.buffer);
  assertSameBytes(run(program, bytes), interpretProgram(program, bytes), "arena");
});
