/**
 * Whatever the compiler does to a graph (fuse, run in place, align, schedule), the bits stay: every
 * variant, on the interpreter and on WASM, against the plain program on the interpreter.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../../src/base/rng.ts";
import { type CompileOptions, compile } from "../../src/compiler/compile.ts";
import type { Program } from "../../src/compiler/program.ts";
import { blockGraph } from "../../src/dsp/block.ts";
import { blockOf } from "../../src/dsp/registry.ts";
import { type Instance, interpretInstance, wasmInstance } from "../../src/engine/instance.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { type Layer, makeModel } from "../../src/models/layers.ts";
import { trainingGraphs } from "../../src/train/step.ts";

const VARIANTS: readonly CompileOptions[] = [
  {},
  { fuse: false },
  { inPlace: false },
  { alignment: 4 },
];

/** Everything an observer can see after some runs: outputs of each run, states at the end. */
function observe(
  program: Program,
  engine: (program: Program) => Instance,
  entries: readonly string[],
  runs: number,
): Uint8Array {
  const instance = engine(program);
  const rng = makeRng(5);
  const seen: number[] = [];
  const see = (view: ArrayBufferView): void => {
    for (const byte of new Uint8Array(view.buffer, view.byteOffset, view.byteLength))
      seen.push(byte);
  };
  for (let run = 0; run < runs; run++)
    for (const name of entries) {
      const entry = program.entries.find((e) => e.name === name)!;
      for (const input of entry.inputs) {
        const view = instance.view(input);
        for (let i = 0; i < view.length; i++)
          view[i] = input.dtype === "float32" ? rng.uniform(0.01, 1) : rng.int(12);
      }
      instance.run(name);
      for (const output of entry.outputs) see(instance.view(output));
    }
  for (const state of program.states) see(instance.view(state));
  return Uint8Array.from(seen);
}

function checkVariants(graphs: { readonly [entry: string]: Graph }, runs: number): void {
  const entries = Object.keys(graphs);
  const plain = compile(graphs, { fuse: false, inPlace: false });
  const expected = observe(plain, interpretInstance, entries, runs);
  assert.ok(expected.length > 0);
  for (const options of VARIANTS) {
    const program = compile(graphs, options);
    for (const engine of [interpretInstance, wasmInstance])
      assert.deepEqual(
        observe(program, engine, entries, runs),
        expected,
        `${JSON.stringify(options)} on ${engine.name}`,
      );
  }
}

const rng = makeRng(3);
const values = (n: number): Float32Array => Float32Array.from({ length: n }, () => rng.normal());

const NETWORKS: { readonly [name: string]: readonly [readonly Layer[], readonly number[]] } = {
  mlp: [
    [
      { type: "dense", units: 9, activation: "relu" },
      { type: "dense", units: 5, activation: "relu" },
    ],
    [13],
  ],
  conv1d: [
    [
      { type: "conv1d", filters: 6, kernelSize: 3, activation: "relu" },
      { type: "maxPool1d" },
      { type: "dropout", rate: 0.25 },
      {
        type: "conv1d",
        filters: 5,
        kernelSize: 3,
        stride: 2,
        padding: "valid",
        activation: "relu",
      },
      { type: "flatten" },
    ],
    [11, 3],
  ],
};

for (const [name, [layers, inputShape]] of Object.entries(NETWORKS))
  for (const optimizer of ["adam", "sgd"] as const)
    test(`every variant of a training step gives the same bits: ${name}, ${optimizer}`, () => {
      const model = makeModel(layers, inputShape, 3, 1);
      const size = inputShape.reduce((a, b) => a * b, 1);
      const data = {
        x: values(12 * size),
        y: Int32Array.from({ length: 12 }, () => rng.int(3)),
        outputs: 3,
      };
      checkVariants({ ...trainingGraphs(model, data, 6, { name: optimizer }) }, 3);
    });

for (const [type, params] of [
  ["raw", {}],
  ["flatten", {}],
  ["spectral", {}],
  ["spectral", { "filter-type": "low", "filter-cutoff": 8, "fft-length": 32 }],
] as const)
  test(`every variant of a block gives the same bits: ${type} ${JSON.stringify(params)}`, () => {
    const block = blockOf(type);
    const context = { params: block.parse(params), axes: ["x", "y"], sampleRateHz: 50, rows: 45 };
    checkVariants({ features: blockGraph(block, context) }, 3);
  });
