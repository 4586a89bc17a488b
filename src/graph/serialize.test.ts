// Round trip of every kind of tensor, and hostile files.
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";
import { buildGraph } from "./build.ts";
import type { Graph } from "./graph.ts";
import { interpretGraph } from "./interpret-graph.ts";
import { dense } from "./operators/dense.ts";
import { relu } from "./operators/relu.ts";
import { reshape } from "./operators/reshape.ts";
import { NEURAL_OPERATORS } from "./operators/table.ts";
import { parseGraph, serializeGraph } from "./serialize.ts";

function example(): Graph {
  const b = buildGraph();
  const x = b.input("x", "float32", [2, 3]);
  const w = b.state(
    "w",
    "float32",
    [3, 4],
    Float32Array.from({ length: 12 }, (_, i) => i / 7 - 1),
  );
  const bias = b.constant("b", "float32", [4], Float32Array.of(0.1, -0, 3e-42, 1));
  const q = { scale: [0.5, 0.25, 1], zeroPoint: 0, axis: 0 };
  b.constant("bytes", "int8", [3], Int8Array.of(-128, 0, 127), q);
  const y = b.one(relu, [b.one(dense, [x, w, bias])]);
  return b.finish([b.one(reshape, [y], { shape: [2, 2] })]);
}

test("a graph survives the round trip", () => {
  const graph = example();
  const written = serializeGraph(graph);
  const read = parseGraph(written, NEURAL_OPERATORS);
  assert.deepEqual(read, graph);
  assert.deepEqual(serializeGraph(read), written);
  const x = new Map([["x", Float32Array.of(1, 2, 3, -1, -2, -3)]]);
  assert.deepEqual(interpretGraph(read, x), interpretGraph(graph, x));
});

test("weights are little-endian at multiples of 4", () => {
  const { json, weights } = serializeGraph(example());
  const offsets = JSON.parse(json).tensors.map((t: { offset?: number }) => t.offset);
  assert.deepEqual(offsets.slice(0, 4), [undefined, 0, 48, 64]);
  assert.equal(weights.length, 68);
  assert.deepEqual([...weights.subarray(0, 4)], [0x00, 0x00, 0x80, 0xbf]);
});

// biome-ignore lint/suspicious/noExplicitAny: mutations of parsed JSON
type Document = any;

const BROKEN: { readonly [what: string]: (document: Document) => unknown } = {
  "another format": (d) => ({ ...d, format: "x" }),
  "a later version": (d) => ({ ...d, version: 2 }),
  "a list": () => [],
  "no tensors": (d) => ({ ...d, tensors: null }),
  "an unknown operator": (d) => {
    d.nodes[0].operator = "constructor";
  },
  "a wrong output shape": (d) => {
    d.tensors.find((t: Document) => t.name === "dense").shape = [2, 5];
  },
  "a wrong weight shape": (d) => {
    d.tensors[1].shape = [4, 3];
  },
  "an offset beyond the weights": (d) => {
    d.tensors[1].offset = 64;
  },
  "a negative offset": (d) => {
    d.tensors[1].offset = -4;
  },
  "an odd offset": (d) => {
    d.tensors[2].offset = 2;
  },
  "a huge dimension": (d) => {
    d.tensors[1].shape = [1e9, 1e9];
  },
  "a dimension that is no number": (d) => {
    d.tensors[1].shape = ["3", 4];
  },
  "an unknown dtype": (d) => {
    d.tensors[1].dtype = "toString";
  },
  "a missing tensor": (d) => {
    d.tensors.splice(2, 1);
  },
  "a tensor twice": (d) => {
    d.tensors.push(d.tensors[0]);
  },
  "nodes out of order": (d) => {
    d.nodes.reverse();
  },
  "an undeclared output": (d) => {
    d.outputs.push("nothing");
  },
  "an input that is not listed": (d) => {
    d.inputs = [];
  },
  "a control character in a name": (d) => {
    d.nodes[0].name = "a\n#define b";
  },
  "a zero scale": (d) => {
    d.tensors[3].quantization.scale[1] = 0;
  },
  "too few scales": (d) => {
    d.tensors[3].quantization.scale.pop();
  },
  "a nested attribute": (d) => {
    d.nodes[2].attributes.shape = [[2, 2]];
  },
  "a wrong attribute": (d) => {
    d.nodes[2].attributes.shape = [3, 2];
  },
};

for (const [what, breakIt] of Object.entries(BROKEN))
  test(`refuses ${what}`, () => {
    const { json, weights } = serializeGraph(example());
    const document = JSON.parse(json);
    const changed = breakIt(document) ?? document;
    const read = () => parseGraph({ json: JSON.stringify(changed), weights }, NEURAL_OPERATORS);
    assert.throws(read, (error) => error instanceof UserError && error.code === "graph-invalid");
  });

test("damaged text and short weights are UserErrors or a graph, never anything else", () => {
  const { json, weights } = serializeGraph(example());
  const rng = makeRng(3);
  let refused = 0;
  for (let n = 0; n < 500; n++) {
    const at = rng.int(json.length);
    const text = json.slice(0, at) + String.fromCharCode(32 + rng.int(95)) + json.slice(at + 1);
    try {
      parseGraph({ json: n % 2 ? text : json.slice(0, at), weights }, NEURAL_OPERATORS);
    } catch (error) {
      assert.ok(error instanceof UserError, String(error));
      refused++;
    }
  }
  assert.ok(refused > 300);
  assert.throws(
    () => parseGraph({ json, weights: weights.subarray(0, 64) }, NEURAL_OPERATORS),
    UserError,
  );
});
