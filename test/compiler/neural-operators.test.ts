/**
 * Every neural operator and its gradient, compiled, fused and in lanes: WebAssembly gives the bits
 * of the interpreter, for sizes that fill no vector and sizes that do.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../../src/base/rng.ts";
import { compile } from "../../src/compiler/compile.ts";
import { interpretInstance, wasmInstance } from "../../src/engine/instance.ts";
import { addGradients } from "../../src/graph/autodiff.ts";
import { buildGraph } from "../../src/graph/build.ts";
import type { Attributes, Graph, Operator } from "../../src/graph/graph.ts";
import { batchMatmul } from "../../src/graph/operators/batch-matmul.ts";
import { batchMoments, updateStatistics } from "../../src/graph/operators/batch-moments.ts";
import { batchNorm, batchNormTraining } from "../../src/graph/operators/batch-norm.ts";
import { concat } from "../../src/graph/operators/concat.ts";
import { div } from "../../src/graph/operators/div.ts";
import { elu } from "../../src/graph/operators/elu.ts";
import { gaussianNoise } from "../../src/graph/operators/gaussian-noise.ts";
import { gelu } from "../../src/graph/operators/gelu.ts";
import { hardSigmoid } from "../../src/graph/operators/hard-sigmoid.ts";
import { hardSwish } from "../../src/graph/operators/hard-swish.ts";
import { layerNorm } from "../../src/graph/operators/layer-norm.ts";
import { leakyRelu } from "../../src/graph/operators/leaky-relu.ts";
import { permute } from "../../src/graph/operators/permute.ts";
import { relu6 } from "../../src/graph/operators/relu6.ts";
import { scale } from "../../src/graph/operators/scale.ts";
import { sigmoid } from "../../src/graph/operators/sigmoid.ts";
import { pad, slice } from "../../src/graph/operators/slice.ts";
import { softplus } from "../../src/graph/operators/softplus.ts";
import { spatialDropout1d } from "../../src/graph/operators/spatial-dropout-1d.ts";
import { sub } from "../../src/graph/operators/sub.ts";
import { swish } from "../../src/graph/operators/swish.ts";
import { tanh } from "../../src/graph/operators/tanh.ts";
import { type Shape, sizeOf } from "../../src/tensor/tensor.ts";

/**
 * A graph of inputs x0, x1, …, the operator between two scalings that invite fusion, and all
 * gradients where there are any.
 * @param fixed how many of the last inputs have none
 */
function graphOf(
  operator: Operator,
  shapes: readonly Shape[],
  attributes: Attributes,
  seeded: boolean,
  fixed: number,
): Graph {
  const builder = buildGraph();
  const inputs = shapes.map((shape, n) => builder.input(`x${n}`, "float32", shape));
  const scaled = builder.one(scale, [inputs[0]!], { factor: 1.5 });
  const seed = seeded ? [builder.input("seed", "int32", [1])] : [];
  const outputs = builder.apply(operator, [scaled, ...inputs.slice(1), ...seed], attributes);
  const y = builder.one(scale, [outputs[0]!], { factor: 0.5 });
  const results = [y, ...outputs.slice(1)];
  const wanted = inputs.slice(0, inputs.length - fixed);
  if (operator.gradient) results.push(...addGradients(builder, y, wanted).values());
  return builder.finish(results);
}

function check(graph: Graph): void {
  const program = compile({ run: graph });
  const [expected, actual] = [interpretInstance, wasmInstance].map((engine) => {
    const instance = engine(program);
    const rng = makeRng(9);
    const [entry] = program.entries;
    for (const input of entry!.inputs) {
      const view = instance.view(input);
      for (let i = 0; i < view.length; i++)
        view[i] = input.dtype === "int32" ? rng.u32() : rng.uniform(-8, 8);
    }
    instance.run("run");
    return [...entry!.outputs, ...program.states].map((t) => instance.view(t).slice());
  });
  assert.deepEqual(actual, expected);
  assert.ok(actual![0]!.some((v) => Number.isFinite(v) && v !== 0));
}

const ELEMENTWISE: readonly (readonly [Operator, number, Attributes?])[] = [
  [relu6, 1],
  [leakyRelu, 1, { alpha: 0.3 }],
  [elu, 1, { alpha: 1 }],
  [sigmoid, 1],
  [hardSigmoid, 1],
  [tanh, 1],
  [swish, 1],
  [hardSwish, 1],
  [gelu, 1],
  [softplus, 1],
  [sub, 2],
  [div, 2],
];

for (const [operator, arity, attributes = {}] of ELEMENTWISE)
  test(`${operator.name}: WebAssembly equals the interpreter`, () => {
    for (const size of [1, 5, 64])
      check(graphOf(operator, new Array(arity).fill([1, size]), attributes, false, 0));
  });

type Case = readonly [
  operator: Operator,
  shapes: readonly (readonly Shape[])[],
  attributes: Attributes,
  seeded?: boolean,
  fixed?: number,
];

const EPSILON = { epsilon: 1e-3 };
const CASES: readonly Case[] = [
  [
    concat,
    [
      [
        [2, 3, 5],
        [2, 4, 5],
      ],
      [
        [3, 8, 4],
        [3, 1, 4],
      ],
    ],
    { axis: 1 },
  ],
  [slice, [[[3, 9, 5]], [[4, 17, 3]]], { starts: [1, 0, 1], sizes: [2, 8, 2] }],
  [pad, [[[2, 3, 4]], [[1, 5, 7]]], { before: [0, 2, 1], after: [1, 0, 3] }],
  [permute, [[[2, 3, 4, 8]], [[1, 5, 2, 3]]], { axes: [0, 2, 1, 3] }],
  [permute, [[[2, 3, 8]]], { axes: [2, 0, 1] }],
  [
    batchMatmul,
    [
      [
        [2, 3, 5],
        [2, 5, 9],
      ],
      [
        [1, 2, 4, 8],
        [1, 2, 8, 16],
      ],
    ],
    {},
  ],
  [
    batchMatmul,
    [
      [
        [2, 5, 3],
        [2, 5, 9],
      ],
    ],
    { transposeA: true },
  ],
  [batchMoments, [[[7, 3]], [[2, 5, 8]], [[259, 5]]], {}],
  [
    batchNormTraining,
    [
      [[7, 3], [3], [3], [3], [3]],
      [[2, 130, 8], [8], [8], [8], [8]],
    ],
    { epsilon: 100 },
    false,
    2,
  ],
  [batchNorm, [[[2, 5, 8], [8], [8], [8], [8]]], { epsilon: 100 }, false, 2],
  [
    layerNorm,
    [
      [[7, 3], [3], [3]],
      [[2, 5, 8], [8], [8]],
    ],
    EPSILON,
  ],
  [spatialDropout1d, [[[2, 5, 3]], [[2, 3, 8]]], { rate: 0.25, stream: 2 }, true],
  [gaussianNoise, [[[2, 5]], [[4, 16]]], { standardDeviation: 0.5, stream: 2 }, true],
];

for (const [operator, variants, attributes, seeded = false, fixed = 0] of CASES)
  test(`${operator.name} ${JSON.stringify(attributes)}: WebAssembly equals the interpreter`, () => {
    for (const shapes of variants) check(graphOf(operator, shapes, attributes, seeded, fixed));
  });

test("updateStatistics: WebAssembly equals the interpreter", () => {
  for (const C of [3, 8]) {
    const builder = buildGraph();
    const [mean, variance] = ["mean", "variance"].map((name) =>
      builder.state(name, "float32", [C], new Float32Array(sizeOf([C])).fill(1)),
    );
    const batch = ["x0", "x1"].map((name) => builder.input(name, "float32", [C]));
    const outputs = builder.apply(updateStatistics, [mean!, variance!, ...batch], {
      momentum: 0.9,
    });
    check(builder.finish(outputs));
  }
});
