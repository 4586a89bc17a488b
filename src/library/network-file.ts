/**
 * Networks as files: JSON for the design, one buffer for the weights (float32, little-endian, one
 * parameter after another). Reading trusts neither: the design is checked as a person's would be,
 * and its parameters must be those of the network that it makes.
 */
import { UserError } from "../base/errors.ts";
import { type LayerNode, MERGE_TYPES } from "../models/layer-graph.ts";
import { type LayerComplaints, parseLayer } from "../models/parse-layer.ts";
import { sizeOf } from "../tensor/tensor.ts";
import {
  type Network,
  type NetworkDesign,
  networkOf,
  type Task,
  withParameters,
} from "./network.ts";

const FORMAT = "tinsmith-network";
const VERSION = 1;
const MAX_NODES = 4096;
const MAX_OUTPUTS = 65_536;

export type NetworkFile = { readonly json: string; readonly weights: Uint8Array };

/** Writes a network; the same network gives the same bytes. */
export function saveNetwork(network: Network): NetworkFile {
  const { task, inputShape, outputs, nodes, model } = network;
  const parameters = model.parameters.map(({ name, shape }) => ({ name, shape }));
  const document = {
    format: FORMAT,
    version: VERSION,
    task,
    inputShape,
    outputs,
    nodes,
    parameters,
  };
  const size = model.parameters.reduce((sum, { data }) => sum + data.length, 0);
  const weights = new Uint8Array(size * 4);
  const view = new DataView(weights.buffer);
  let offset = 0;
  for (const { data } of model.parameters)
    for (const value of data) {
      view.setFloat32(offset, value, true);
      offset += 4;
    }
  return { json: JSON.stringify(document), weights };
}

type Json = { readonly [key: string]: unknown };

/**
 * Reads a network.
 * @throws UserError `network-file` for anything that `saveNetwork` has not written,
 * `layers-invalid` for layers that do not fit each other
 */
export function loadNetwork({ json, weights }: NetworkFile): Network {
  const document = parsed(json);
  if (document.format !== FORMAT) throw wrong("format", `must be "${FORMAT}"`, document.format);
  if (document.version !== VERSION) throw wrong("version", `must be ${VERSION}`, document.version);
  const network = networkOf(designOf(document));
  const expected = network.model.parameters.map(({ name, shape }) => ({ name, shape }));
  if (JSON.stringify(document.parameters) !== JSON.stringify(expected))
    throw wrong("parameters", "must be those of the layers", document.parameters);
  const bytes = expected.reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
  if (weights.byteLength !== bytes)
    throw wrong("weights", `must be ${bytes} bytes`, weights.byteLength);
  const view = new DataView(weights.buffer, weights.byteOffset);
  let offset = 0;
  const parameters = network.model.parameters.map((parameter) => {
    const data = new Float32Array(parameter.data.length);
    for (let i = 0; i < data.length; i++, offset += 4) data[i] = view.getFloat32(offset, true);
    if (!data.every(Number.isFinite))
      throw wrong(parameter.name, "must be finite", "NaN or infinity");
    return { ...parameter, data };
  });
  return withParameters(network, parameters);
}

function parsed(json: string): Json {
  let document: unknown;
  try {
    document = JSON.parse(json);
  } catch {
    throw wrong("file", "must be JSON", json.slice(0, 40));
  }
  return object("file", document);
}

function designOf(document: Json): NetworkDesign {
  const { task } = document;
  if (task !== "classification" && task !== "regression")
    throw wrong("task", "must be classification or regression", task);
  return {
    task: task satisfies Task,
    inputShape: list("inputShape", document.inputShape, 4).map((n, i) =>
      whole(`inputShape[${i}]`, n, 1, 1_048_576),
    ),
    outputs: list("outputs", document.outputs, MAX_OUTPUTS).map((name, i) => {
      if (typeof name !== "string") throw wrong(`outputs[${i}]`, "must be a text", name);
      return name;
    }),
    nodes: list("nodes", document.nodes, MAX_NODES).map((node, i) =>
      nodeOf(`nodes[${i}]`, node, i),
    ),
  };
}

const complaints: LayerComplaints = {
  wrong,
  unknownKey: (path, key, known) => wrong(path, `may have ${known.join(", ")}`, key),
};

function nodeOf(path: string, value: unknown, index: number): LayerNode {
  const node = object(path, value);
  const layer = object(`${path}.layer`, node.layer);
  const merge = MERGE_TYPES.find((type) => type === layer.type);
  const inputs = list(`${path}.inputs`, node.inputs, 256).map((n, i) =>
    whole(`${path}.inputs[${i}]`, n, 0, index),
  );
  return {
    layer: merge ? { type: merge } : parseLayer(`${path}.layer`, layer, complaints),
    inputs,
  };
}

function wrong(path: string, rule: string, value: unknown): UserError {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  const shown = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  return new UserError("network-file", `network file: "${path}" ${rule}, got ${shown}`);
}

function object(path: string, value: unknown): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw wrong(path, "must be an object", value);
  return value as Json;
}

function list(path: string, value: unknown, most: number): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(path, "must be a list", value);
  if (value.length > most) throw wrong(path, `must have at most ${most} entries`, value.length);
  return value;
}

function whole(path: string, value: unknown, low: number, high: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high)
    throw wrong(path, `must be a whole number from ${low} to ${high}`, value);
  return value;
}
