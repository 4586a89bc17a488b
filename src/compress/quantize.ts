/**
 * Post-training quantisation: rewrites the network inside a float graph in int8 and leaves what
 * surrounds it (features before, scores beside, probabilities after) in float32. Follows what the
 * TFLite converter does: weights per channel, a relu or relu6 folded into the operator before it, pools and
 * reshapes in the parameters of their input, softmax at 1/256.
 */
import { UserError } from "../base/errors.ts";
import {
  type Attributes,
  type Graph,
  type GraphNode,
  type GraphTensor,
  type Operator,
  tensorOf,
} from "../graph/graph.ts";
import { addInt8 } from "../graph/operators/int8/add.ts";
import { conv1dInt8 } from "../graph/operators/int8/conv1d.ts";
import { conv2dInt8 } from "../graph/operators/int8/conv2d.ts";
import { denseInt8 } from "../graph/operators/int8/dense.ts";
import { depthwiseConv2dInt8 } from "../graph/operators/int8/depthwise-conv2d.ts";
import { maxPool1dInt8 } from "../graph/operators/int8/max-pool-1d.ts";
import {
  averagePool1dInt8,
  averagePool2dInt8,
  globalAveragePoolInt8,
  globalMaxPoolInt8,
  maxPool2dInt8,
} from "../graph/operators/int8/pool.ts";
import { dequantize, quantize } from "../graph/operators/int8/quantize.ts";
import { reluInt8 } from "../graph/operators/int8/relu.ts";
import { relu6Int8 } from "../graph/operators/int8/relu6.ts";
import { softmaxInt8 } from "../graph/operators/int8/softmax.ts";
import { flatten, reshape } from "../graph/operators/reshape.ts";
import {
  activationQuantization,
  foldZeroPoint,
  quantizeWeights,
  scaleOf,
} from "../tensor/quantization.ts";
import { type Quantization, sizeOf } from "../tensor/tensor.ts";
import type { Ranges } from "./calibrate.ts";

export type NetworkBounds = {
  /** The float32 tensor that enters the network. */
  readonly from: string;
  /** The float32 tensor that leaves it. */
  readonly to: string;
};

export type QuantizeOptions = NetworkBounds & {
  /** One weight scale for each output of dense and conv1d. @default true */
  readonly perChannel?: boolean;
  /**
   * What the new graph gives out: float tensors by their names, int8 ones by `int8NameOf`.
   * @default the outputs of the float graph
   */
  readonly outputs?: readonly string[];
};

/** The int8 operator for each float operator that a network may hold. */
const INT8_OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ["dense", denseInt8],
  ["conv1d", conv1dInt8],
  ["conv2d", conv2dInt8],
  ["depthwiseConv2d", depthwiseConv2dInt8],
  ["maxPool1d", maxPool1dInt8],
  ["maxPool2d", maxPool2dInt8],
  ["averagePool1d", averagePool1dInt8],
  ["averagePool2d", averagePool2dInt8],
  ["globalAveragePool", globalAveragePoolInt8],
  ["globalMaxPool", globalMaxPoolInt8],
  ["add", addInt8],
  ["relu", reluInt8],
  ["relu6", relu6Int8],
  ["softmax", softmaxInt8],
  ["flatten", flatten],
  ["reshape", reshape],
]);
const WEIGHTED: ReadonlySet<string> = new Set(["dense", "conv1d", "conv2d", "depthwiseConv2d"]);
/** Operators whose output has a range of its own; the others keep that of their input. */
const RANGED: ReadonlySet<string> = new Set([...WEIGHTED, "add"]);
/** Operators that end with a clamp, which a relu or relu6 behind them sets. */
const CLAMPS: ReadonlySet<string> = new Set([
  ...RANGED,
  "maxPool1d",
  "maxPool2d",
  "averagePool1d",
  "averagePool2d",
]);
const RELUS: ReadonlySet<string> = new Set(["relu", "relu6"]);

/** The name of the int8 form of a float tensor. */
export const int8NameOf = (tensor: string): string => `${tensor}_int8`;

/** The nodes on the way from one tensor to another, in order. */
export function networkNodes(graph: Graph, { from, to }: NetworkBounds): readonly GraphNode[] {
  const after = new Set([from]);
  for (const node of graph.nodes)
    if (node.inputs.some((input) => after.has(input)))
      for (const output of node.outputs) after.add(output);
  const before = new Set([to]);
  for (const node of [...graph.nodes].reverse())
    if (node.outputs.some((output) => before.has(output)))
      for (const input of node.inputs) before.add(input);
  const nodes = graph.nodes.filter(
    (node) =>
      node.inputs.some((input) => after.has(input)) &&
      node.outputs.some((output) => before.has(output)),
  );
  if (!nodes.some((node) => node.outputs.includes(to)))
    throw new Error(`quantize: "${to}" must be computed from "${from}"`);
  return nodes;
}

/** The sum in int8 is of two values of the network. */
const addsConstant = (graph: Graph, { operator, inputs }: GraphNode): boolean =>
  operator.name === "add" && inputs.some((name) => tensorOf(graph, name).kind === "constant");

/** `conv1dInt8` has no groups. */
const isInGroups = ({ operator, attributes }: GraphNode): boolean =>
  operator.name === "conv1d" && (attributes["groups"] ?? 1) !== 1;

/** The names of operators between the bounds that have no int8 form, each once. */
export function operatorsWithoutInt8(graph: Graph, bounds: NetworkBounds): readonly string[] {
  const names = networkNodes(graph, bounds)
    .filter(
      (node) =>
        !INT8_OPERATORS.has(node.operator.name) || addsConstant(graph, node) || isInGroups(node),
    )
    .map((node) => node.operator.name);
  return [...new Set(names)];
}

/** The tensors whose ranges `quantizeGraph` asks for. */
export function tensorsToCalibrate(graph: Graph, bounds: NetworkBounds): readonly string[] {
  return [bounds.from, ...networkNodes(graph, bounds).flatMap((node) => node.outputs)];
}

/**
 * The graph with its network in int8. Batch sizes stay, tensor names too; int8 tensors are added
 * under `int8NameOf`, and a float tensor of the network exists where something outside reads it.
 * @param ranges extremes of the tensors that `tensorsToCalibrate` names
 * @throws UserError for an operator that has no int8 form
 */
export function quantizeGraph(graph: Graph, ranges: Ranges, options: QuantizeOptions): Graph {
  const { from, perChannel = true, outputs = graph.outputs } = options;
  const network = networkNodes(graph, options);
  const tensors = new Map<string, GraphTensor>();
  const nodes: GraphNode[] = [];
  const consumers = (name: string): readonly GraphNode[] =>
    graph.nodes.filter((node) => node.inputs.includes(name));
  const readOutside = (name: string): boolean =>
    outputs.includes(name) || consumers(name).some((node) => !network.includes(node));

  const rangeOf = (name: string): Quantization => {
    const range = ranges.get(name);
    if (!range) throw new Error(`quantize: no range of "${name}"`);
    if (!Number.isFinite(range.max - range.min))
      throw new UserError(
        "quantize-range",
        `quantize: every value of "${name}" must be finite, got ${range.min} to ${range.max}`,
        "train with a smaller learning rate",
      );
    return activationQuantization(range);
  };
  /** The quantised form of a tensor of the network, which is there by now. */
  const int8Of = (name: string): GraphTensor => tensors.get(int8NameOf(name))!;
  const constant = (tensor: Omit<GraphTensor, "kind">): string => {
    tensors.set(tensor.name, { ...tensor, kind: "constant" });
    return tensor.name;
  };
  /** Adds a node that computes `output`, applying the operator's shape rule. */
  const compute = (
    name: string,
    operator: Operator,
    inputs: readonly string[],
    output: string,
    attributes: Attributes = {},
    quantization?: Quantization,
  ): void => {
    const specs = inputs.map((input) => tensors.get(input)!);
    const [spec] = operator.infer(specs, attributes);
    const parameters = spec!.quantization ?? quantization;
    if (tensors.has(output)) throw new Error(`quantize: tensor "${output}" exists`);
    tensors.set(output, {
      ...spec!,
      ...(parameters ? { quantization: parameters } : {}),
      name: output,
      kind: "value",
    });
    nodes.push({ name, operator, attributes, inputs, outputs: [output] });
  };

  /** Quantises the constants of a node with weights; returns their names, weights first. */
  const parametersOf = (node: GraphNode): readonly string[] => {
    const [x, w, b] = node.inputs as [string, string, string];
    const input = int8Of(x).quantization!;
    const given = tensorOf(graph, w);
    const isDepthwise = node.operator.name === "depthwiseConv2d";
    // Kernels of a channel lie beside those of the next one: [KH,KW,C,M] is [KH,KW,C*M].
    const joined = [...given.shape.slice(0, 2), sizeOf(given.shape.slice(2))];
    const weights = outputsFirst(isDepthwise ? { ...given, shape: joined } : given);
    const bias = tensorOf(graph, b).data;
    if (!bias) throw new Error(`quantize: the bias of "${node.name}" must be constant`);
    const quantized = quantizeWeights(weights.data, bias, scaleOf(input), perChannel);
    return [
      constant({
        name: `${node.name}_weights_int8`,
        dtype: "int8",
        shape: weights.shape,
        data: quantized.weights,
        quantization: quantized.quantization,
      }),
      constant({
        name: `${node.name}_bias_int32`,
        dtype: "int32",
        shape: [bias.length],
        data: foldZeroPoint(quantized.weights, quantized.bias, input.zeroPoint),
      }),
    ];
  };

  /** The relu or relu6 that is the only reader of a node which can take it in. */
  const reluAfter = (node: GraphNode): GraphNode | undefined => {
    const [output] = node.outputs as [string];
    const [reader, ...others] = consumers(output);
    const folds = CLAMPS.has(node.operator.name) && RELUS.has(reader?.operator.name ?? "");
    return folds && others.length === 0 && !readOutside(output) ? reader : undefined;
  };

  const folded = new Set<GraphNode>();
  const rewrite = (node: GraphNode): void => {
    const name = node.operator.name;
    const operator = INT8_OPERATORS.get(name);
    if (!operator)
      throw new UserError(
        "quantize-operator",
        `quantize: the network may hold ${[...INT8_OPERATORS.keys()].join(", ")}, got ${name}`,
        "keep the network in float32",
      );
    const relu = reluAfter(node);
    if (relu) folded.add(relu);
    const [x, second] = node.inputs as [string, string];
    const [y] = (relu ?? node).outputs as [string];
    const inputs = [
      int8NameOf(x),
      ...(WEIGHTED.has(name) ? parametersOf(node) : []),
      ...(name === "add" ? [int8NameOf(second)] : []),
    ];
    const activation = relu?.operator.name;
    const attributes = activation ? { ...node.attributes, activation } : node.attributes;
    const range = RANGED.has(name) ? rangeOf(y) : undefined;
    compute(node.name, operator, inputs, int8NameOf(y), attributes, range);
  };

  for (const name of graph.inputs) tensors.set(name, tensorOf(graph, name));
  for (const node of graph.nodes) {
    if (network.includes(node)) {
      if (!tensors.has(int8NameOf(from)))
        compute(int8NameOf(from), quantize, [from], int8NameOf(from), {}, rangeOf(from));
      if (!folded.has(node)) rewrite(node);
      for (const output of node.outputs)
        if (readOutside(output))
          compute(`${output}_dequantized`, dequantize, [int8NameOf(output)], output);
    } else {
      for (const name of [...node.inputs, ...node.outputs])
        if (!tensors.has(name)) tensors.set(name, tensorOf(graph, name));
      nodes.push(node);
    }
  }
  for (const name of outputs)
    if (!tensors.has(name)) throw new Error(`quantize: nothing computes the output "${name}"`);
  return { tensors, nodes, inputs: graph.inputs, outputs };
}

/** Weights with their last axis, the outputs, moved to the front: what the int8 kernels read. */
function outputsFirst(weights: GraphTensor): {
  readonly shape: readonly number[];
  readonly data: Float32Array;
} {
  if (!weights.data) throw new Error(`quantize: the weights "${weights.name}" must be constant`);
  const outputs = weights.shape.at(-1)!;
  const rest = weights.shape.slice(0, -1);
  const data = new Float32Array(weights.data.length);
  const perOutput = sizeOf(rest);
  for (let i = 0; i < perOutput; i++)
    for (let o = 0; o < outputs; o++) data[o * perOutput + i] = weights.data[i * outputs + o]!;
  return { shape: [outputs, ...rest], data };
}
