// Network files: the same network comes back, and every lie in a file is found out.
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../base/errors.ts";
import { makeNetwork, predict } from "./network.ts";
import { loadNetwork, saveNetwork } from "./network-file.ts";

const network = makeNetwork({
  inputShape: [6, 6, 1],
  outputs: ["yes", "no", "unknown"],
  layers: (x, layer) => {
    const conv = layer({ type: "conv2d", filters: 3, kernelSize: [3, 2] }, x);
    const norm = layer({ type: "batchNormalization" }, conv);
    const block = layer(
      { type: "residual", layers: [{ type: "conv2d", filters: 3, kernelSize: 1 }] },
      norm,
    );
    return layer({ type: "flatten" }, layer({ type: "add" }, norm, block));
  },
  seed: 9,
});
const file = saveNetwork(network);

test("a network comes back whole, and writes the same bytes again", () => {
  const loaded = loadNetwork(file);
  assert.deepEqual(loaded.model.parameters, network.model.parameters);
  assert.deepEqual(saveNetwork(loaded), file);
  const x = Float32Array.from({ length: 72 }, (_, i) => (i % 5) - 2);
  assert.deepEqual(predict(loaded, x), predict(network, x));
});

test("files that lie are refused by name", () => {
  const refused = (change: (document: Record<string, unknown>) => void, message: RegExp): void => {
    const document = JSON.parse(file.json);
    change(document);
    assert.throws(
      () => loadNetwork({ ...file, json: JSON.stringify(document) }),
      (error) => {
        assert.ok(error instanceof UserError, String(error));
        assert.match(error.message, message);
        return true;
      },
    );
  };
  const set = (key: string, value: unknown) => (document: Record<string, unknown>) => {
    document[key] = value;
  };
  refused(set("format", "other"), /"format" must be "tinsmith-network", got "other"/);
  refused(set("version", 2), /"version" must be 1/);
  refused(set("task", "ranking"), /"task" must be classification or regression/);
  refused(set("inputShape", [6, -6, 1]), /"inputShape\[1\]" must be a whole number/);
  refused(set("outputs", ["yes", 1, 2]), /"outputs\[1\]" must be a text/);
  refused(set("outputs", ["yes", "yes", "no"]), /different names/);
  refused(set("nodes", [{ layer: { type: "flatten" }, inputs: [1] }]), /"nodes\[0\].inputs\[0\]"/);
  refused(set("nodes", [{ layer: { type: "x" }, inputs: [0] }]), /"nodes\[0\].layer.type"/);
  refused(set("nodes", []), /must follow a flat input/);
  refused(set("nodes", [{ layer: { type: "flatten" }, inputs: [0] }]), /"parameters" must be/);
  refused(set("parameters", []), /"parameters" must be those of the layers/);
  assert.throws(() => loadNetwork({ ...file, json: "{" }), /"file" must be JSON/);
  assert.throws(() => loadNetwork({ ...file, json: "3" }), /"file" must be an object/);
  const short = file.weights.slice(0, -4);
  assert.throws(() => loadNetwork({ ...file, weights: short }), /"weights" must be \d+ bytes/);
  const broken = file.weights.slice();
  new DataView(broken.buffer).setFloat32(0, Number.NaN, true);
  assert.throws(() => loadNetwork({ ...file, weights: broken }), /conv2d1.weights" must be finite/);
});
