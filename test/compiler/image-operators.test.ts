/**
 * Convolutions, pools and upsampling of images, forwards and backwards: WASM gives the bits of the
 * interpreter, with channel counts that fill vectors, leave a rest, or fill none.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../../src/base/rng.ts";
import { compile } from "../../src/compiler/compile.ts";
import type { Program } from "../../src/compiler/program.ts";
import { type Instance, interpretInstance, wasmInstance } from "../../src/engine/instance.ts";
import { addGradients } from "../../src/graph/autodiff.ts";
import { buildGraph } from "../../src/graph/build.ts";
import type { Attributes, Graph, Operator } from "../../src/graph/graph.ts";
import { averagePool1d, averagePool2d } from "../../src/graph/operators/average-pool.ts";
import { conv2d } from "../../src/graph/operators/conv2d.ts";
import { depthwiseConv2d } from "../../src/graph/operators/depthwise-conv2d.ts";
import { globalAveragePool, globalMaxPool } from "../../src/graph/operators/global-pool.ts";
import { maxPool2d } from "../../src/graph/operators/max-pool-2d.ts";
import { mul } from "../../src/graph/operators/mul.ts";
import { upsample2d } from "../../src/graph/operators/upsample-2d.ts";

type Case = readonly [Operator, readonly (readonly number[])[], Attributes];

const CASES: readonly Case[] = [1, 11].flatMap((C): readonly Case[] => [
  [conv2d, [[2, 5, 7, 3], [3, 3, 3, C], [C]], { stride: [1, 1], padding: "same" }],
  [conv2d, [[1, 9, 5, C], [4, 2, C, 9], [9]], { stride: [2, 2], padding: "same" }],
  [conv2d, [[2, 3, 5, C], [1, 1, C, 12], [12]], { stride: [1, 1], padding: "valid" }],
  [
    conv2d,
    [[1, 7, 8, 2 * C], [2, 3, C, 10], [10]],
    { stride: [1, 3], dilation: [3, 1], padding: "same", groups: 2 },
  ],
  [depthwiseConv2d, [[2, 5, 6, C], [3, 3, C, 1], [C]], { stride: [1, 1], padding: "same" }],
  [depthwiseConv2d, [[1, 6, 5, 3], [2, 3, 3, C], [3 * C]], { stride: [2, 1], padding: "valid" }],
  [conv2d, [[40, 6, 6, 4], [2, 2, 4, C], [C]], { stride: [2, 2], padding: "same" }],
  [maxPool2d, [[2, 5, 6, C]], { size: [3, 2], stride: [2, 1], padding: "same" }],
  [averagePool2d, [[2, 5, 6, C]], { size: [2, 3], stride: [1, 2], padding: "same" }],
  [averagePool1d, [[2, 9, C]], { size: 3, stride: 2, padding: "same" }],
  [globalAveragePool, [[2, 3, 5, C]], {}],
  [globalMaxPool, [[2, 3, 5, C]], {}],
  [upsample2d, [[1, 3, 2, C]], { factor: [2, 3] }],
]);

/** The operator and its gradients with respect to all inputs. */
function graphOf([operator, shapes, attributes]: Case): Graph {
  const builder = buildGraph();
  const names = shapes.map((shape, n) => builder.input(`x${n}`, "float32", shape));
  const output = builder.one(operator, names, attributes);
  const weights = builder.input("r", "float32", builder.spec(output).shape);
  const weighted = builder.one(mul, [output, weights]);
  return builder.finish([output, ...addGradients(builder, weighted, names).values()]);
}

function observe(program: Program, engine: (program: Program) => Instance): Uint8Array {
  const instance = engine(program);
  const rng = makeRng(7);
  const [entry] = program.entries;
  for (const input of entry!.inputs) {
    const view = instance.view(input);
    for (let i = 0; i < view.length; i++) view[i] = rng.uniform(-2, 2);
  }
  instance.run(entry!.name);
  return Buffer.concat(
    entry!.outputs.map((output) => {
      const { buffer, byteOffset, byteLength } = instance.view(output);
      return new Uint8Array(buffer, byteOffset, byteLength);
    }),
  );
}

for (const operator of new Set(CASES.map(([first]) => first)))
  test(`WASM gives the bits of the interpreter: ${operator.name} and its gradients`, () => {
    for (const one of CASES.filter(([first]) => first === operator)) {
      const program = compile({ main: graphOf(one) });
      const expected = observe(program, interpretInstance);
      assert.ok(expected.some((byte) => byte !== 0));
      assert.deepEqual(observe(program, wasmInstance), expected, JSON.stringify(one.slice(1)));
    }
  });
