/** Sharded kernels against the whole ones: same bits for any number of threads and any order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../../src/base/rng.ts";
import type { Program } from "../../src/compiler/program.ts";
import { scheduleKernel } from "../../src/compiler/schedule.ts";
import { shardProgram } from "../../src/compiler/shard.ts";
import { wasmInstance } from "../../src/engine/instance.ts";
import { kernelProgram } from "../../src/engine/kernel-program.ts";
import { randomKernel } from "../../src/engine/random-kernel.ts";
import { add, addF, buildKernel, mul, mulF, rem, sub } from "../../src/ir/build.ts";
import { verifyKernel } from "../../src/ir/verify.ts";
import { inTurns } from "./in-turns.ts";
import { firstRace } from "./races.ts";
import { randomPhases } from "./random-phases.ts";

const bytesOf = (view: ArrayBufferView): Buffer =>
  Buffer.from(view.buffer, view.byteOffset, view.byteLength);

/** What a program makes of seeded inputs, output by output. */
function resultsOf(program: Program, seed: number): Buffer[] {
  const instance = wasmInstance(program);
  const rng = makeRng(seed);
  const [entry] = program.entries;
  for (const tensor of entry!.inputs) {
    const view = instance.view(tensor);
    for (let i = 0; i < view.length; i++)
      view[i] = tensor.dtype === "float32" ? rng.uniform(-8, 8) : rng.int(100);
  }
  instance.run(entry!.name);
  return entry!.outputs.map((tensor) => bytesOf(instance.view(tensor)));
}

/** Checks every number of threads; returns how many entries had work for several. */
function check(program: Program, seed: number): number {
  const expected = resultsOf(program, seed);
  let shared = 0;
  for (const threads of [2, 3, 4]) {
    const sharded = shardProgram(program, threads, { worthNs: 0 });
    for (const kernel of sharded.kernels) verifyKernel(kernel);
    shared += sharded.shared.size;
    const order = Array.from({ length: threads }, (_, t) => t);
    for (const turns of [order, order.toReversed()])
      assert.deepEqual(
        resultsOf(inTurns(program, sharded, turns), seed),
        expected,
        `seed ${seed}, threads in the order ${turns}`,
      );
  }
  return shared;
}

test("random kernels give the same bits however they are shared", () => {
  let shared = 0;
  for (let seed = 0; seed < 15; seed++) {
    const { kernel, schedule } = randomKernel(seed);
    shared += check(kernelProgram(kernel, schedule), seed);
  }
  assert.ok(shared > 30, `most kernels must have been divided, got ${shared} of 45`);
});

test("random phases give the same bits however they are shared", () => {
  let shared = 0;
  for (let seed = 0; seed < 40; seed++) {
    const kernel = randomPhases(seed);
    verifyKernel(kernel);
    shared += check(kernelProgram(kernel, scheduleKernel(kernel)), seed);
  }
  assert.ok(shared > 100, `nearly all kernels must have been divided, got ${shared} of 120`);
});

test("between two barriers no thread touches what another one writes", () => {
  let temporaries = 0;
  for (let seed = 0; seed < 40; seed++) {
    const kernel = randomPhases(seed);
    const program = kernelProgram(kernel, scheduleKernel(kernel));
    const sharded = shardProgram(program, 2 + (seed % 3), { worthNs: 0 });
    assert.equal(firstRace(sharded, "main"), undefined, `seed ${seed}`);
    if (sharded.arenaBytes > shardProgram(program, 1, { worthNs: 0 }).arenaBytes) temporaries++;
  }
  assert.ok(temporaries > 5, `some kernels must have had scratch of their own, got ${temporaries}`);
});

test("scratch that a later round reads elsewhere is not a thread's own", () => {
  const kernel = buildKernel("rounds", (k) => {
    const x = k.input("float32", 12);
    const y = k.output("float32", 12);
    const scratch = k.scratch("float32", 24, "scratch");
    k.parallel(24, (i) => scratch.store(i, 1));
    k.loop(4, (round) =>
      k.parallel(12, (i) => {
        const [from, to] = [rem(round, 2), rem(add(round, 1), 2)].map((half) => mul(half, 12));
        const other = scratch.load(add(from!, sub(11, i)));
        scratch.store(add(to!, i), addF(mulF(other, 0.5), x.load(i)));
      }),
    );
    k.parallel(12, (i) => y.store(i, scratch.load(i)));
  });
  const once = { ...kernel, body: kernel.body.slice(1) };
  check(kernelProgram(kernel, {}), 1);
  for (const one of [kernel, once]) {
    const sharded = shardProgram(kernelProgram(one, {}), 2, { worthNs: 0 });
    const whole = shardProgram(kernelProgram(one, {}), 1, { worthNs: 0 });
    assert.equal(sharded.arenaBytes, whole.arenaBytes);
  }
});
