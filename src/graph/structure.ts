/**
 * What graphs and nodes are but for the numbers in them, as text: equal texts mean equal loops.
 * Lowering and compiled programs are shared by it.
 */
import { sha256Hex } from "../base/sha256.ts";
import type { Attributes, AttributeValue, Graph, Operator, OutputSpec } from "./graph.ts";

let operators = 0;
const numbers = new WeakMap<Operator, number>();

/** An operator as a number: two operators of the same name differ. */
function operatorNumber(operator: Operator): number {
  const known = numbers.get(operator) ?? operators++;
  numbers.set(operator, known);
  return known;
}

/** JSON knows neither -0 nor what is not finite. */
function valueText(value: AttributeValue): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (Array.isArray(value)) return `[${value.map(valueText).join()}]`;
  return JSON.stringify(value);
}

const attributesText = (attributes: Attributes): string =>
  Object.entries(attributes)
    .map(([name, value]) => `${name}:${valueText(value)}`)
    .join();

const specText = ({ dtype, shape, quantization }: OutputSpec): string =>
  `${dtype}[${shape.join()}]${quantization ? JSON.stringify(quantization) : ""}`;

/** What decides the loops of a node: operator, attributes, and everything of its tensors but names. */
export function nodeStructure(
  operator: Operator,
  attributes: Attributes,
  inputs: readonly OutputSpec[],
  outputs: readonly OutputSpec[],
): string {
  const specs = [inputs, outputs].map((list) => list.map(specText).join());
  return `${operatorNumber(operator)}{${attributesText(attributes)}}${specs.join("->")}`;
}

/** What decides the program of a graph: all of it but the first contents of its states. */
export function graphStructure(graph: Graph): string {
  const tensors: string[] = [];
  graph.tensors.forEach((tensor) => {
    const content = tensor.kind === "constant" ? contentText(tensor.data!) : "";
    tensors.push(`${tensor.kind} ${JSON.stringify(tensor.name)} ${specText(tensor)}${content}`);
  });
  const nodes = graph.nodes.map(
    ({ name, operator, attributes, inputs, outputs }) =>
      `${operatorNumber(operator)}{${attributesText(attributes)}}${JSON.stringify([name, inputs, outputs])}`,
  );
  const ends = JSON.stringify([graph.inputs, graph.outputs]);
  return [...tensors, ...nodes, ends].join("\n");
}

const contentText = (data: ArrayBufferView): string =>
  sha256Hex(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
