/** Both engines behind the one face: states, constants, entries, precision. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Program } from "../compiler/program.ts";
import { addF, buildKernel, call, mulF } from "../ir/build.ts";
import { exp } from "../ir/routines/exp.ts";
import { interpretInstance, wasmInstance } from "./instance.ts";

const SIZE = 6;
const scale = Float32Array.from({ length: SIZE }, (_, i) => 1 + i / 3);

/** Two entries over one state: "grow" adds input * scale to it, "read" copies exp of it. */
function program(): Program {
  const grow = buildKernel("grow", (k) => {
    const x = k.input("float32", SIZE);
    const state = k.update("float32", SIZE);
    const by = k.constant(scale, "float32");
    k.parallel(SIZE, (i) => state.store(i, addF(state.load(i), mulF(x.load(i), by.load(i)))));
  });
  const read = buildKernel("read", (k) => {
    const state = k.input("float32", SIZE);
    const y = k.output("float32", SIZE);
    k.parallel(SIZE, (i) => y.store(i, call(exp, state.load(i))));
  });
  const tensor = (name: string, offset: number) =>
    ({ name, dtype: "float32", shape: [2, 3], region: "arena", offset }) as const;
  const [x, state, y] = [tensor("x", 0), tensor("state", 32), tensor("y", 64)];
  const constants = { region: "constants", offset: 16 } as const;
  return {
    entries: [
      {
        name: "grow",
        calls: [{ kernel: 0, places: [x, state, constants], node: "grow" }],
        inputs: [x],
        outputs: [],
      },
      {
        name: "read",
        calls: [{ kernel: 1, places: [state, y], node: "read" }],
        inputs: [],
        outputs: [y],
      },
    ],
    kernels: [grow, read],
    schedules: [{ i: { kind: "vector", by: 4 } }, { i: { kind: "vector", by: 4 } }],
    constants: [{ name: "scale", dtype: "float32", data: scale, offset: 16 }],
    constantBytes: 40,
    arenaBytes: 96,
    arenaBound: 96,
    states: [{ ...state, initial: Float32Array.of(1, 2, 3, -1, -2, -3) }],
  };
}

for (const [name, make] of Object.entries({ interpretInstance, wasmInstance }))
  test(`${name}: entries share states, constants are in place, views are live`, () => {
    const instance = make(program());
    const [grow, read] = instance.program.entries;
    for (let step = 0; step < 3; step++) {
      instance.view(grow!.inputs[0]!).fill(0.5);
      instance.run("grow");
    }
    instance.run("read");
    const state = instance.view(instance.program.states[0]!);
    const y = instance.view(read!.outputs[0]!);
    [1, 2, 3, -1, -2, -3].forEach((initial, i) => {
      const expected = initial + 1.5 * scale[i]!;
      assert.ok(Math.abs(state[i]! - expected) < 1e-6, `state ${i}: ${state[i]}`);
      const relative = y[i]! / Math.exp(expected) - 1;
      assert.ok(Math.abs(relative) < 1e-6, `y ${i}: ${y[i]}`);
    });
    assert.throws(() => instance.run("train"), /no entry "train", the program has grow, read/);
  });

test("float64 precision keeps what float32 rounds away", () => {
  const instance = interpretInstance(program(), { precision: "float64" });
  const state = instance.view(instance.program.states[0]!);
  const tiny = 2 ** -40;
  instance.view(instance.program.entries[0]!.inputs[0]!).fill(tiny);
  instance.run("grow");
  assert.equal(state[0], 1 + tiny);
  assert.equal(Math.fround(state[0]!), 1);
});
