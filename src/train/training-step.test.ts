// Every optimizer and every loss as a compiled step: WASM gives the bits of the interpreter, with
// fusion and without, and the training learns.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../base/rng.ts";
import { type CompileOptions, compile } from "../compiler/compile.ts";
import { type Instance, interpretInstance, wasmInstance } from "../engine/instance.ts";
import { fit } from "./fit.ts";
import { LOSSES } from "./losses.ts";
import { OPTIMIZERS, type Optimizer, scheduleOf } from "./optimizers.ts";
import { type StepOptions, trainingGraphs } from "./step.ts";
import { denseOf, dropQuarter, network, rectify } from "./test-networks.ts";

const rng = makeRng(8);
const N = 12;
const X = Float32Array.from({ length: N * 5 }, () => rng.normal());
const LABELS = Int32Array.from({ length: N }, () => rng.int(3));
const SHARES = Float32Array.from({ length: N * 3 }, () => rng.uniform(0, 1));

/** Losses of three steps and an evaluation, and all states after them, as bytes. */
function observe(
  optimizer: Optimizer,
  options: StepOptions,
  y: Int32Array | Float32Array,
  engine: (program: ReturnType<typeof compile>) => Instance,
  compileOptions: CompileOptions = {},
): Uint8Array {
  const model = network([5], [denseOf(5, 9), rectify, dropQuarter, denseOf(9, 3)]);
  const graphs = trainingGraphs(model, { x: X, y, outputs: 3 }, 6, optimizer, options);
  const program = compile({ ...graphs }, compileOptions);
  const instance = engine(program);
  const next = scheduleOf(optimizer, 0.01);
  const seen: number[] = [];
  const see = (view: ArrayBufferView): void => {
    seen.push(...new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  };
  for (const name of ["step", "step", "step", "evaluate"]) {
    const entry = program.entries.find((e) => e.name === name)!;
    const input = (tensor: string, values: readonly number[]): void => {
      const found = entry.inputs.find((t) => t.name === tensor);
      if (found) instance.view(found).set(values);
    };
    input("indices", [3, 1, 4, 1, 5, 9]);
    input("weights", [0.25, 0.25, 0.25, 0.25, 0.125, 0]);
    input("seed", [17]);
    if (name === "step") input("schedule", next());
    instance.run(name);
    for (const output of entry.outputs) see(instance.view(output));
  }
  for (const state of program.states) see(instance.view(state));
  return Uint8Array.from(seen);
}

function checkBits(
  optimizer: Optimizer,
  options: StepOptions,
  y = LABELS as typeof LABELS | Float32Array,
) {
  const expected = observe(optimizer, options, y, interpretInstance, {
    fuse: false,
    inPlace: false,
  });
  assert.ok(expected.length > 0);
  for (const compileOptions of [{}, { fuse: false }] as const)
    assert.deepEqual(observe(optimizer, options, y, wasmInstance, compileOptions), expected);
}

for (const name of OPTIMIZERS.keys())
  test(`${name}: WASM equals the interpreter to the bit`, () => {
    checkBits({ name }, {});
    checkBits({ name }, { clipNorm: 0.1 });
  });

for (const [name, { targets }] of LOSSES)
  test(`${name}: WASM equals the interpreter to the bit`, () => {
    checkBits({ name: "sgd" }, { loss: { name } }, targets === "labels" ? LABELS : SHARES);
  });

test("label smoothing and momentum: WASM equals the interpreter to the bit", () => {
  const loss = { name: "softmaxCrossEntropy", labelSmoothing: 0.1 };
  checkBits({ name: "sgd", momentum: 0.9, nesterov: true }, { loss });
});

test("every optimizer learns, and what it evaluates is what it gives back", async () => {
  const random = makeRng(4);
  const x = Float32Array.from({ length: 300 }, () => random.uniform(-1, 1));
  const y = Int32Array.from({ length: 150 }, (_, i) => (x[2 * i]! > x[2 * i + 1]! ? 1 : 0));
  const rows = Array.from({ length: 150 }, (_, i) => i);
  const data = { x, y, outputs: 2, train: rows.slice(0, 100), validation: rows.slice(100) };
  const rates: { readonly [name: string]: number } = { prodigy: 1, sgd: 0.5, adagrad: 0.1 };
  for (const name of OPTIMIZERS.keys()) {
    const model = network([2], [denseOf(2, 2)]);
    const { best, parameters } = await fit(model, data, {
      epochs: 30,
      learningRate: rates[name] ?? 0.02,
      optimizer: { name },
    });
    assert.ok(best.validationAccuracy! >= 0.9, `${name}: ${best.validationAccuracy}`);
    const again = await fit({ ...model, parameters }, data, {
      epochs: 1,
      learningRate: 1e-30,
      optimizer: { name: "sgd" },
    });
    const error = Math.abs(again.best.validationLoss! - best.validationLoss!);
    assert.ok(error < 1e-6, `${name}: ${best.validationLoss}, then ${again.best.validationLoss}`);
  }
});
