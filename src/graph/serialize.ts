/**
 * Graphs as bytes: JSON for the structure, one buffer for the weights (little-endian, each tensor
 * at a multiple of 4). Reading takes the operator table as an argument and trusts nothing: names,
 * shapes, offsets and every shape rule are checked, and a broken file is a `UserError`.
 */
import { UserError } from "../base/errors.ts";
import {
  BYTES_PER_ELEMENT,
  bytesOf,
  type DType,
  makeArray,
  type Quantization,
  type Shape,
  sizeOf,
  type TypedArray,
} from "../tensor/tensor.ts";
import type {
  Attributes,
  AttributeValue,
  Graph,
  GraphNode,
  GraphTensor,
  Operator,
  TensorKind,
  TensorSpec,
} from "./graph.ts";

const FORMAT = "tinsmith-graph";
const VERSION = 1;
const KINDS: readonly TensorKind[] = ["input", "constant", "state", "value"];
/** Printable, so that a name can be shown and written into a comment anywhere. */
const NAME = /^[\x20-\x7e]{1,200}$/;
const MAX_ELEMENTS = 268435456;

export type SerializedGraph = { readonly json: string; readonly weights: Uint8Array };

/** Writes a graph; the same graph gives the same bytes. */
export function serializeGraph(graph: Graph): SerializedGraph {
  const parts: { readonly offset: number; readonly data: TypedArray }[] = [];
  let bytes = 0;
  const tensors = [...graph.tensors.values()].map((held) => {
    const { name, dtype, shape, kind, quantization, data } = held;
    const tensor = { name, dtype, shape, kind, quantization };
    if (!data) return tensor;
    const offset = bytes;
    parts.push({ offset, data });
    bytes += Math.ceil(data.byteLength / 4) * 4;
    return { ...tensor, offset };
  });
  const nodes = graph.nodes.map((node) => ({ ...node, operator: node.operator.name }));
  const weights = new Uint8Array(bytes);
  for (const { offset, data } of parts) writeLittleEndian(weights, offset, data);
  const { inputs, outputs } = graph;
  const document = { format: FORMAT, version: VERSION, tensors, nodes, inputs, outputs };
  return { json: JSON.stringify(document), weights };
}

/**
 * Reads a graph.
 * @param operators those that the file may use, by name
 * @throws UserError `graph-invalid` for anything that is not a graph written by `serializeGraph`
 */
export function parseGraph(
  { json, weights }: SerializedGraph,
  operators: ReadonlyMap<string, Operator>,
): Graph {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    return fail("it must be JSON", json.slice(0, 40));
  }
  const document = object(parsed, "the document");
  if (document["format"] !== FORMAT) fail(`format must be "${FORMAT}"`, document["format"]);
  if (document["version"] !== VERSION) fail(`version must be ${VERSION}`, document["version"]);

  const tensors = new Map<string, GraphTensor>();
  for (const item of list(document["tensors"], "tensors")) {
    const tensor = parseTensor(item, weights);
    if (tensors.has(tensor.name)) fail("tensor names must be unique", tensor.name);
    tensors.set(tensor.name, tensor);
  }
  const inputs = names(document["inputs"], "inputs");
  for (const tensor of tensors.values())
    if ((tensor.kind === "input") !== inputs.includes(tensor.name))
      fail("inputs must list the tensors of kind input", tensor.name);
  if (new Set(inputs).size !== inputs.length) fail("inputs must be unique", inputs);

  // What a node may read: everything that is not computed, and what earlier nodes computed.
  const ready = new Set([...tensors.values()].filter((t) => t.kind !== "value").map((t) => t.name));
  const nodeNames = new Set<string>();
  const nodes = list(document["nodes"], "nodes").map((item): GraphNode => {
    const node = parseNode(item, operators);
    if (nodeNames.has(node.name)) fail("node names must be unique", node.name);
    nodeNames.add(node.name);
    for (const name of node.inputs)
      if (!ready.has(name)) fail(`node "${node.name}" must read what is already there`, name);
    checkOutputs(node, tensors);
    for (const name of node.outputs) {
      if (ready.has(name)) fail(`node "${node.name}" must compute a new tensor`, name);
      ready.add(name);
    }
    return node;
  });
  const outputs = names(document["outputs"], "outputs");
  for (const name of [...inputs, ...outputs, ...tensors.keys()])
    if (!ready.has(name)) fail("every tensor must be given or computed", name);
  return { tensors, nodes, inputs, outputs };
}

function parseTensor(item: unknown, weights: Uint8Array): GraphTensor {
  const tensor = object(item, "a tensor");
  const name = nameOf(tensor["name"]);
  const dtype = tensor["dtype"] as DType;
  if (typeof dtype !== "string" || !Object.hasOwn(BYTES_PER_ELEMENT, dtype))
    fail(`tensor "${name}" must have a known dtype`, dtype);
  const kind = tensor["kind"] as TensorKind;
  if (!KINDS.includes(kind)) fail(`tensor "${name}" must have a known kind`, kind);
  const shape: Shape = list(tensor["shape"], `the shape of "${name}"`).map((n) =>
    whole(n, 1, MAX_ELEMENTS, `a dimension of "${name}"`),
  );
  if (shape.length > 8) fail(`tensor "${name}" must have at most 8 dimensions`, shape.length);
  if (sizeOf(shape) > MAX_ELEMENTS)
    fail(`tensor "${name}" must have at most ${MAX_ELEMENTS} elements`, `[${shape}]`);
  const quantization =
    tensor["quantization"] === undefined
      ? {}
      : { quantization: parseQuantization(tensor["quantization"], name, shape) };
  const spec = { name, dtype, shape, kind, ...quantization };
  const hasData = kind === "constant" || kind === "state";
  if (!hasData) {
    if (tensor["offset"] !== undefined) fail(`${kind} "${name}" must have no weights`, "an offset");
    return spec;
  }
  const offset = whole(tensor["offset"], 0, weights.length, `the offset of "${name}"`);
  const end = offset + bytesOf(dtype, shape);
  if (offset % 4 !== 0) fail(`the offset of "${name}" must be a multiple of 4`, offset);
  if (end > weights.length)
    fail(`"${name}" must lie within ${weights.length} bytes of weights`, `${offset} to ${end}`);
  return { ...spec, data: readLittleEndian(weights, offset, dtype, sizeOf(shape)) };
}

function parseQuantization(item: unknown, name: string, shape: Shape): Quantization {
  const given = object(item, `the quantization of "${name}"`);
  const scale = list(given["scale"], `the scale of "${name}"`).map((value) => {
    if (typeof value !== "number" || !(value > 0) || !Number.isFinite(value))
      return fail(`a scale of "${name}" must be a positive number`, value);
    return value;
  });
  const zeroPoint = whole(given["zeroPoint"], -32768, 32767, `the zero point of "${name}"`);
  if (given["axis"] === undefined) {
    if (scale.length !== 1) fail(`"${name}" must have one scale`, scale.length);
    return { scale, zeroPoint };
  }
  const axis = whole(given["axis"], 0, shape.length - 1, `the quantized axis of "${name}"`);
  if (scale.length !== shape[axis])
    fail(`"${name}" must have ${shape[axis]} scales along axis ${axis}`, scale.length);
  return { scale, zeroPoint, axis };
}

function parseNode(item: unknown, operators: ReadonlyMap<string, Operator>): GraphNode {
  const node = object(item, "a node");
  const name = nameOf(node["name"]);
  const operator = operators.get(String(node["operator"]));
  if (!operator) return fail(`node "${name}" must use a known operator`, node["operator"]);
  return {
    name,
    operator,
    attributes: parseAttributes(node["attributes"], name),
    inputs: names(node["inputs"], `the inputs of "${name}"`),
    outputs: names(node["outputs"], `the outputs of "${name}"`),
  };
}

function parseAttributes(item: unknown, node: string): Attributes {
  const isValue = (value: unknown): boolean =>
    typeof value === "string" || typeof value === "boolean" || typeof value === "number";
  const entries = Object.entries(object(item, `the attributes of "${node}"`));
  for (const [name, value] of entries) {
    const kind = Array.isArray(value) ? typeof value[0] : undefined;
    const isList =
      (kind === undefined || kind === "number" || kind === "string") &&
      Array.isArray(value) &&
      value.every((v) => typeof v === kind);
    if (!isValue(value) && !isList)
      fail(`attribute ${name} of "${node}" must be a number, string, boolean or list`, value);
  }
  return Object.fromEntries(entries as [string, AttributeValue][]);
}

/** The outputs of a node must be what its shape rule gives. */
function checkOutputs(node: GraphNode, tensors: ReadonlyMap<string, GraphTensor>): void {
  const specOf = (name: string): TensorSpec =>
    tensors.get(name) ?? fail(`node "${node.name}" must use declared tensors`, name);
  let expected: ReturnType<Operator["infer"]>;
  try {
    expected = node.operator.infer(node.inputs.map(specOf), node.attributes);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UserError("graph-invalid", `read graph: node "${node.name}": ${message}`);
  }
  if (expected.length !== node.outputs.length)
    fail(`node "${node.name}" must have ${expected.length} outputs`, node.outputs.length);
  expected.forEach((output, k) => {
    const actual = specOf(node.outputs[k]!);
    if (actual.dtype !== output.dtype || String(actual.shape) !== String(output.shape))
      fail(
        `"${actual.name}" must be ${output.dtype} [${output.shape}]`,
        `${actual.dtype} [${actual.shape}]`,
      );
  });
}

function fail(rule: string, got: unknown): never {
  const text = typeof got === "string" ? got : JSON.stringify(got);
  throw new UserError("graph-invalid", `read graph: ${rule}, got ${String(text).slice(0, 80)}`);
}

function object(value: unknown, what: string): { readonly [key: string]: unknown } {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return fail(`${what} must be an object`, value);
  return value as { readonly [key: string]: unknown };
}

function list(value: unknown, what: string): readonly unknown[] {
  return Array.isArray(value) ? value : fail(`${what} must be a list`, value);
}

function nameOf(value: unknown): string {
  if (typeof value !== "string" || !NAME.test(value))
    return fail("a name must be 1 to 200 printable characters", value);
  return value;
}

const names = (value: unknown, what: string): readonly string[] => list(value, what).map(nameOf);

function whole(value: unknown, low: number, high: number, what: string): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high)
    return fail(`${what} must be a whole number from ${low} to ${high}`, value);
  return value;
}

function writeLittleEndian(bytes: Uint8Array, offset: number, data: TypedArray): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset);
  data.forEach((value, i) => {
    if (data instanceof Float32Array) view.setFloat32(i * 4, value, true);
    else if (data instanceof Int32Array) view.setInt32(i * 4, value, true);
    else if (data instanceof Int16Array) view.setInt16(i * 2, value, true);
    else view.setUint8(i, value & 0xff);
  });
}

function readLittleEndian(
  bytes: Uint8Array,
  offset: number,
  dtype: DType,
  size: number,
): TypedArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset);
  const data = makeArray(dtype, size);
  for (let i = 0; i < size; i++) {
    if (dtype === "float32") data[i] = view.getFloat32(i * 4, true);
    else if (dtype === "int32") data[i] = view.getInt32(i * 4, true);
    else if (dtype === "int16") data[i] = view.getInt16(i * 2, true);
    else if (dtype === "int8") data[i] = view.getInt8(i);
    else data[i] = view.getUint8(i);
  }
  return data;
}
