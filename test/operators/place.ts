/**
 * Where a case of the table adds its operator: it asks for random sizes and tensors, and what it
 * asked for is remembered, so that every back end and the ruler of gradients see the same numbers.
 */
import type { Rng } from "../../src/base/rng.ts";
import { makeRng } from "../../src/base/rng.ts";
import { addGradients } from "../../src/graph/autodiff.ts";
import { buildGraph } from "../../src/graph/build.ts";
import type { Attributes, Graph, GraphBuilder, Operator } from "../../src/graph/graph.ts";
import { mul } from "../../src/graph/operators/mul.ts";
import {
  type DType,
  makeArray,
  type Quantization,
  type Shape,
  sizeOf,
  type TypedArray,
} from "../../src/tensor/tensor.ts";

export type TensorOptions = {
  /** Uniform; whole numbers for integers. @default [-2, 2], all of int8 */
  readonly range?: readonly [low: number, high: number];
  /** @default "float32" */
  readonly dtype?: DType;
  /** Not to be differentiated by. @default false; integers never are */
  readonly fixed?: boolean;
  readonly quantization?: Quantization;
};

export type CasePlace = {
  readonly builder: GraphBuilder;
  readonly rng: Rng;
  /** A size from 1 up, often 1. */
  readonly size: () => number;
  /** A size of the last axis, which lanes run over: from 1 to beyond two vectors. */
  readonly channels: () => number;
  readonly input: (shape: Shape, options?: TensorOptions) => string;
  readonly state: (shape: Shape, options?: TensorOptions) => string;
  /** An input with this content. */
  readonly given: (data: Float32Array) => string;
  readonly one: (operator: Operator, inputs: readonly string[], attributes?: Attributes) => string;
};

export type Case = {
  readonly name: string;
  /** Adds the operator and returns its outputs; the first is what gradients are of. */
  readonly build: (place: CasePlace) => readonly string[] | string;
  /** Whether there is a gradient to compare with differences. @default true */
  readonly gradient?: boolean;
};

export type BuiltCase = {
  readonly name: string;
  readonly graph: Graph;
  /** Of inputs and states. */
  readonly contents: ReadonlyMap<string, TypedArray>;
  /** What is differentiated, and each input's gradient. */
  readonly weighted: string | undefined;
  readonly gradients: ReadonlyMap<string, string>;
};

/**
 * The graph of a case: its operator and, where there is one, the gradient of a random sum of its
 * first output by each input.
 * @param most about the largest size of an axis
 * @param prefix of the names of inputs and states, for programs of many cases
 */
export function buildCase(
  { name, build, gradient: isWanted = true }: Case,
  seed: number,
  most: number,
  prefix = "",
): BuiltCase {
  const rng = makeRng(seed).fork(name);
  const builder = buildGraph();
  const contents = new Map<string, TypedArray>();
  const wanted: string[] = [];
  const declare = (kind: "input" | "state", shape: Shape, options: TensorOptions): string => {
    const { dtype = "float32", fixed = false, quantization } = options;
    const [low, high] = options.range ?? (dtype === "int8" ? [-128, 127] : [-2, 2]);
    const data = makeArray(dtype, sizeOf(shape));
    for (let i = 0; i < data.length; i++)
      data[i] = dtype === "float32" ? rng.uniform(low, high) : low + rng.int(high - low + 1);
    const tensor = `${prefix}x${contents.size}`;
    contents.set(tensor, data);
    if (kind === "state") return builder.state(tensor, dtype, shape, data);
    if (dtype === "float32" && !fixed) wanted.push(tensor);
    return builder.input(tensor, dtype, shape, quantization);
  };
  const place: CasePlace = {
    builder,
    rng,
    size: () => (rng.int(4) === 0 ? 1 : 1 + rng.int(most)),
    channels: () => (rng.int(4) === 0 ? 1 : 1 + rng.int(2 * most + 2)),
    input: (shape, options = {}) => declare("input", shape, options),
    state: (shape, options = {}) => declare("state", shape, options),
    given: (data) => {
      const tensor = `${prefix}x${contents.size}`;
      contents.set(tensor, data);
      return builder.input(tensor, "float32", [data.length]);
    },
    one: (operator, inputs, attributes = {}) => builder.one(operator, inputs, attributes),
  };
  const built = build(place);
  const outputs = typeof built === "string" ? [built] : built;
  const first = outputs[0];
  if (!isWanted || first === undefined)
    return {
      ...{ name, graph: builder.finish(outputs), contents, weighted: undefined },
      gradients: new Map(),
    };
  const { shape } = builder.spec(first);
  const factors = declare("input", shape, { fixed: true });
  const weighted = builder.one(mul, [first, factors]);
  const gradients = addGradients(builder, weighted, wanted);
  const graph = builder.finish([...outputs, weighted, ...gradients.values()]);
  return { name, graph, contents, weighted, gradients };
}
