// Every int8 operator against vectors of TFLite Micro's portable kernels (test/golden/int8).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { interpret } from "../../../ir/interpret.ts";
import { verifyKernel } from "../../../ir/verify.ts";
import { foldZeroPoint, SOFTMAX_QUANTIZATION } from "../../../tensor/quantization.ts";
import type { Quantization, Shape } from "../../../tensor/tensor.ts";
import { buildGraph } from "../../build.ts";
import type { Attributes, GraphTensor, Operator } from "../../graph.ts";
import { conv1dInt8 } from "./conv1d.ts";
import { denseInt8 } from "./dense.ts";
import { maxPool1dInt8 } from "./max-pool-1d.ts";
import { softmaxInt8 } from "./softmax.ts";

type GoldenTensor = { readonly scale: number; readonly zeroPoint: number; readonly shape: Shape };

type GoldenCase = {
  readonly name: string;
  readonly attributes: { readonly [name: string]: number | string };
  readonly input: GoldenTensor;
  readonly weights?: {
    readonly scale: readonly number[];
    readonly shape: Shape;
    readonly data: string;
  };
  readonly bias?: string;
  readonly output: GoldenTensor;
  readonly vectors: number;
  readonly inputs: string;
  readonly outputs: string;
};

const readCases = (file: string): readonly GoldenCase[] => {
  const url = new URL(`../../../../test/golden/int8/${file}.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, "utf8")) as { cases: readonly GoldenCase[] }).cases;
};

const int8Of = (base64: string): Int8Array => Int8Array.from(Buffer.from(base64, "base64"));
const int32Of = (base64: string): Int32Array => {
  const bytes = Uint8Array.from(Buffer.from(base64, "base64"));
  return new Int32Array(bytes.buffer);
};
const parametersOf = (tensor: GoldenTensor): Quantization => ({
  scale: [tensor.scale],
  zeroPoint: tensor.zeroPoint,
});

/** Runs one operator on all vectors of a case at once. */
function run(operator: Operator, golden: GoldenCase, attributes: Attributes): Int8Array {
  const builder = buildGraph();
  const shape = [golden.vectors, ...golden.input.shape];
  const inputs = [builder.input("x", "int8", shape, parametersOf(golden.input))];
  if (golden.weights) {
    const data = int8Of(golden.weights.data);
    const bias = foldZeroPoint(data, int32Of(golden.bias!), golden.input.zeroPoint);
    const { scale } = golden.weights;
    const [outputs, ...rest] = golden.weights.shape as [number, ...number[]];
    const weightShape =
      operator === conv1dInt8 ? [outputs, ...rest.slice(1)] : golden.weights.shape;
    inputs.push(
      builder.constant("w", "int8", weightShape, data, {
        scale,
        zeroPoint: 0,
        ...(golden.attributes["weightScale"] === "per-tensor" ? {} : { axis: 0 }),
      }),
      builder.constant("b", "int32", [outputs], bias),
    );
  }
  const y = builder.one(operator, inputs, attributes, {
    quantization: parametersOf(golden.output),
  });
  const specs = inputs.map(builder.spec);
  const kernel = operator.lower({ attributes, inputs: specs, outputs: [builder.spec(y)] });
  verifyKernel(kernel);
  const contents = [int8Of(golden.inputs), ...specs.slice(1).map((s: GraphTensor) => s.data!)];
  const result = new Int8Array(golden.vectors * golden.output.shape.reduce((a, b) => a * b, 1));
  const buffers = Object.fromEntries(
    kernel.buffers.slice(0, contents.length + 1).map((b, i) => [b.name, contents[i] ?? result]),
  );
  interpret(kernel, buffers, { reverseParallel: golden.vectors % 3 === 0 });
  return result;
}

const OPERATORS: readonly {
  readonly file: string;
  readonly operator: Operator;
  readonly attributes: (golden: GoldenCase["attributes"]) => Attributes;
}[] = [
  {
    file: "dense",
    operator: denseInt8,
    attributes: ({ activation }) => ({ activation: activation! }),
  },
  {
    file: "conv1d",
    operator: conv1dInt8,
    attributes: ({ stride, padding, activation }) => ({
      stride: stride!,
      padding: padding!,
      activation: activation!,
    }),
  },
  {
    file: "max-pool1d",
    operator: maxPool1dInt8,
    attributes: ({ pool, stride, padding, activation }) => ({
      size: pool!,
      stride: stride!,
      padding: padding!,
      activation: activation!,
    }),
  },
  { file: "softmax", operator: softmaxInt8, attributes: ({ beta }) => ({ beta: beta! }) },
];

for (const { file, operator, attributes } of OPERATORS) {
  test(`${operator.name} equals TFLite Micro on every golden vector`, () => {
    let vectors = 0;
    for (const golden of readCases(file)) {
      vectors += golden.vectors;
      const actual = run(operator, golden, attributes(golden.attributes));
      assert.deepEqual(actual, int8Of(golden.outputs), `${file}: ${golden.name}`);
      if (file === "softmax") assert.equal(golden.output.scale, SOFTMAX_QUANTIZATION.scale[0]);
    }
    assert.ok(vectors >= 1000, `${vectors} vectors`);
  });
}
