import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../src/base/errors.ts";
import { compile } from "../../src/compiler/compile.ts";
import { emitWasm } from "../../src/compiler/emit/wasm/emit.ts";
import type { Program } from "../../src/compiler/program.ts";
import { type Instance, interpretInstance, wasmInstance } from "../../src/engine/instance.ts";
import { requireRelaxedSimd } from "../../src/engine/relaxed-simd.ts";
import { makeModel } from "../../src/models/layers.ts";
import { trainingGraphs } from "../../src/train/step.ts";

const BATCH = 6;

/** A training step of a small network with convolution, batch norm and dense layers. */
function stepProgram(): Program {
  const model = makeModel(
    [
      { type: "conv2d", filters: 8, kernelSize: 3, activation: "relu" },
      { type: "batchNormalization" },
      { type: "depthwiseConv2d", kernelSize: 3 },
      { type: "flatten" },
      { type: "dense", units: 9, activation: "relu" },
    ],
    [7, 6, 3],
    4,
    1,
  );
  const x = Float32Array.from({ length: BATCH * 7 * 6 * 3 }, (_, i) => ((i * 37) % 101) / 50 - 1);
  const y = Int32Array.from({ length: BATCH }, (_, i) => i % 4);
  const { step } = trainingGraphs(model, { x, y, outputs: 4 }, BATCH, { name: "adam" });
  return compile({ step });
}

function statesAfterOneStep(instance: Instance): Map<string, Float32Array> {
  const { program, view, run } = instance;
  const content: { readonly [name: string]: readonly number[] } = {
    indices: Array.from({ length: BATCH }, (_, i) => i),
    weights: Array.from({ length: BATCH }, () => 1 / BATCH),
    seed: [1],
    schedule: [1e-2, 31],
  };
  for (const input of program.entries[0]!.inputs) view(input).set(content[input.name]!);
  run("step");
  return new Map(
    program.states
      .filter(({ dtype }) => dtype === "float32")
      .map((state) => [state.name, Float32Array.from(view(state))]),
  );
}

test("a relaxed step is within 1e-5 of the interpreter, with products and sums fused", () => {
  const program = stepProgram();
  const expected = statesAfterOneStep(interpretInstance(program));
  const got = statesAfterOneStep(wasmInstance(program, { relaxed: true }));
  for (const [name, values] of expected) {
    const distance = got.get(name)!.reduce((sum, v, i) => sum + (v - values[i]!) ** 2, 0);
    const norm = values.reduce((sum, v) => sum + v * v, 0);
    assert.ok(Math.sqrt(distance) <= 1e-5 * Math.sqrt(norm), `${name}: ${Math.sqrt(distance)}`);
  }
  const fused = Buffer.from([0xfd, 0x85, 0x02]);
  assert.ok(Buffer.from(emitWasm(program, { relaxed: true })).includes(fused));
  assert.equal(Buffer.from(emitWasm(program)).includes(fused), false);
});

test("an engine without relaxed SIMD is refused in one sentence", () => {
  assert.doesNotThrow(() => requireRelaxedSimd());
  assert.throws(
    () => requireRelaxedSimd(() => false),
    (error: unknown) => error instanceof UserError && error.code === "relaxed-simd",
  );
});
