/**
 * The native back end against the interpreter: to the bit where products are rounded before their
 * sum, within a tolerance where they are fused; and what happens around the compiler.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { UserError } from "../../src/base/errors.ts";
import { makeRng } from "../../src/base/rng.ts";
import { compile } from "../../src/compiler/compile.ts";
import { emitNative } from "../../src/compiler/emit/native/emit-native.ts";
import type { Program } from "../../src/compiler/program.ts";
import { type Instance, interpretInstance } from "../../src/engine/instance.ts";
import { nativeInstance, nativeMemoryBytes } from "../../src/engine/native.ts";
import { randomKernel } from "../../src/engine/random-kernel.ts";
import { type Layer, makeModel } from "../../src/models/layers.ts";
import type { TypedArray } from "../../src/tensor/tensor.ts";
import { fit } from "../../src/train/fit.ts";
import { trainingGraphs } from "../../src/train/step.ts";
import { programOfKernels } from "../device/kernel-program.ts";
import { requirement } from "../requirements.ts";
import { cacheDirectory, compilerFor, NATIVE } from "./compiler.ts";

/** Sizes that leave rests of every kind behind blocks of 4, 8 and 16 lanes. */
const MLP: readonly Layer[] = [
  { type: "dense", units: 43, activation: "relu" },
  { type: "dense", units: 10, activation: "relu" },
];
const CONV: readonly Layer[] = [
  { type: "conv1d", filters: 8, kernelSize: 3, activation: "relu" },
  { type: "maxPool1d" },
  { type: "dropout", rate: 0.25 },
  { type: "conv1d", filters: 20, kernelSize: 3, activation: "relu" },
  { type: "maxPool1d" },
  { type: "flatten" },
];

const NORMALIZED: readonly Layer[] = [
  { type: "batchNormalization" },
  { type: "activation", activation: "relu" },
];
/** The keyword network with depthwise convolutions, and the residual one, with fewer channels. */
const DS_CNN: readonly Layer[] = [
  { type: "conv2d", filters: 20, kernelSize: [5, 4], stride: 2 },
  ...NORMALIZED,
  { type: "depthwiseConv2d", kernelSize: 3 },
  ...NORMALIZED,
  { type: "conv2d", filters: 36, kernelSize: 1 },
  ...NORMALIZED,
  { type: "globalAveragePool" },
];
const RESIDUAL: readonly Layer[] = [
  { type: "conv2d", filters: 16, kernelSize: 3 },
  ...NORMALIZED,
  {
    type: "residual",
    layers: [
      { type: "conv2d", filters: 24, kernelSize: 3, stride: 2 },
      ...NORMALIZED,
      { type: "conv2d", filters: 24, kernelSize: 3 },
      { type: "batchNormalization" },
    ],
    shortcut: [{ type: "conv2d", filters: 24, kernelSize: 1, stride: 2 }],
    activation: "relu",
  },
  { type: "maxPool2d" },
  { type: "globalAveragePool" },
];

/**
 * Adam, but gradient descent after a batch norm: a bias before one has no gradient but what rounding
 * leaves, of which Adam would make a whole step.
 */
function stepProgram(layers: readonly Layer[], inputShape: readonly number[]): Program {
  const rng = makeRng(7);
  const [batch, outputs] = [9, 5];
  const size = inputShape.reduce((product, n) => product * n, batch);
  const x = Float32Array.from({ length: size }, () => rng.uniform(-1, 1));
  const y = Int32Array.from({ length: batch }, () => rng.int(outputs));
  const made = makeModel(layers, inputShape, outputs, 1);
  // Biases of 0 would have no norm to compare with.
  const parameters = made.parameters.map((p) =>
    p.data.some((value) => value !== 0) ? p : { ...p, data: p.data.map(() => rng.uniform(-1, 1)) },
  );
  const model = { ...made, parameters };
  const optimizer = layers.some(({ type }) => type === "batchNormalization") ? "sgd" : "adam";
  const { step } = trainingGraphs(model, { x, y, outputs }, batch, { name: optimizer });
  return compile({ step });
}

/** The states after one step. */
function trained(program: Program, instance: Instance): Map<string, TypedArray> {
  const entry = program.entries[0]!;
  const given: { readonly [name: string]: readonly number[] } = {
    indices: Array.from({ length: 9 }, (_, i) => i),
    weights: new Array(9).fill(1 / 9),
    seed: [5],
    schedule: [0.05, 1],
  };
  for (const input of entry.inputs) {
    const view = instance.view(input);
    view.set(given[input.name]!.slice(0, view.length));
  }
  instance.run("step");
  return new Map(program.states.map((state) => [state.name, instance.view(state)]));
}

const norm = (values: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum);
};

for (const [name, layers, shape, widths] of [
  ["MLP", MLP, [33], [4, 16]],
  ["conv1d", CONV, [21, 13], [8]],
  ["DS-CNN", DS_CNN, [13, 10, 1], [8]],
  ["ResNet", RESIDUAL, [9, 8, 3], [16]],
] as const)
  test(`a training step of ${name} agrees with the interpreter`, NATIVE, () => {
    const program = stepProgram(layers, shape);
    const expected = trained(program, interpretInstance(program));
    const fused = trained(program, nativeInstance(program, compilerFor()));
    for (const [state, values] of expected) {
      if (state.includes("/")) continue; // an optimizer's memory, not a weight
      const difference = fused.get(state)!.map((value, i) => value - values[i]!);
      const bound = 1e-5 * norm(values);
      assert.ok(norm(difference) <= bound, `${state}: ${norm(difference)} > ${bound}`);
    }
    for (const lanes of widths) {
      const compiler = { ...compilerFor({ exact: true }), lanes };
      for (const [state, values] of trained(program, nativeInstance(program, compiler)))
        assert.deepEqual(values, expected.get(state), `${state} in ${lanes} lanes`);
    }
  });

test("fit trains on it, and two instances do not share memory", NATIVE, async () => {
  const rng = makeRng(2);
  const x = Float32Array.from({ length: 120 }, () => rng.uniform(-1, 1));
  const y = Int32Array.from({ length: 40 }, (_, i) => (x[3 * i]! > 0 ? 1 : 0));
  const rows = Array.from({ length: 40 }, (_, i) => i);
  const data = { x, y, outputs: 2, train: rows, validation: rows };
  const train = () =>
    fit(makeModel([], [3], 2, 1), data, {
      epochs: 60,
      learningRate: 0.05,
      engine: (program) => nativeInstance(program, compilerFor()),
    });
  const [first, second] = await Promise.all([train(), train()]);
  assert.ok(first.best.validationAccuracy! > 0.9, `got ${first.best.validationAccuracy}`);
  assert.deepEqual(first.history, second.history);
});

test("two instances on one shared memory see each other's states", NATIVE, () => {
  const program = stepProgram(MLP, [33]);
  const memory = new SharedArrayBuffer(nativeMemoryBytes(program));
  const first = nativeInstance(program, compilerFor(), { memory });
  const start = new Map(program.states.map((s) => [s.name, first.view(s).slice()]));
  const second = nativeInstance(program, compilerFor(), { memory, isInitialized: true });
  for (const state of program.states)
    assert.deepEqual(second.view(state), start.get(state.name), `${state.name} is kept`);
  const expected = trained(program, nativeInstance(program, compilerFor()));
  trained(program, second);
  for (const state of program.states)
    assert.deepEqual(first.view(state), expected.get(state.name), state.name);
});

test("a module is built once, and runs only on memory that is large enough", NATIVE, () => {
  const seen: { path: string; isCached: boolean }[] = [];
  const directory = join(cacheDirectory, "nested", "cache");
  const compiler = compilerFor({
    cacheDirectory: directory,
    onModule: (module) => seen.push(module),
  });
  const source = emitNative(programOfKernels([randomKernel(3).kernel]), compiler.lanes);
  compiler.load(source);
  const module = compiler.load(source);
  assert.deepEqual(
    seen.map(({ isCached }) => isCached),
    [false, true],
  );
  assert.equal(seen[0]!.path, seen[1]!.path);
  assert.equal(readdirSync(directory).length, 1, "nothing but the module stays");
  assert.throws(() => module.attach(new Uint8Array(8)), TypeError);
  const large = " ".repeat(300_000);
  for (const broken of [
    "int main( {",
    `#if TS_PART == 1\n#error first\n#endif\n${large}`,
    `#if TS_PART == 2\n#error second\n#endif\n${large}`,
  ])
    assert.throws(
      () => compiler.load(broken),
      (error) => error instanceof UserError && error.code === "native-compiler",
    );
  assert.equal(readdirSync(directory).length, 1, "a failed build leaves nothing");
});

test("a missing compiler is a user's error", () => {
  assert.throws(
    () => compilerFor({ compilers: ["no-such-compiler"] }),
    (error) =>
      error instanceof UserError &&
      error.code === "native-compiler-missing" &&
      error.message === "native: a C compiler must be installed, found none of no-such-compiler" &&
      error.hint !== undefined,
  );
});

test("missing headers are a user's error", requirement("cc"), () => {
  assert.throws(
    () => compilerFor({ headers: join(cacheDirectory, "no-headers") }),
    (error) => error instanceof UserError && error.code === "native-headers-missing",
  );
});
