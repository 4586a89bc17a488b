/**
 * A network that is no list of layers: small images go through two branches that meet again, with
 * shortcuts around convolutions. Training can be stopped at any time, and goes on from a checkpoint.
 *
 *   node --conditions=tinsmith-source examples/branches.ts     in a checkout
 */
import {
  type AddLayer,
  CancelledError,
  evaluate,
  makeNetwork,
  makeRng,
  trainNetwork,
  type Value,
} from "tinsmith";

/** 12x12 pictures of bars that lie or stand, under noise. */
function bars(count: number, seed: number) {
  const rng = makeRng(seed);
  const x = Float32Array.from({ length: count * 144 }, () => 0.5 * rng.normal());
  const y = Array.from({ length: count }, (_, i) => (i % 2 === 0 ? "lying" : "standing"));
  for (let i = 0; i < count; i++) {
    const at = rng.int(12);
    for (let k = 0; k < 12; k++) x[i * 144 + (i % 2 === 0 ? at * 12 + k : k * 12 + at)]! += 1.2;
  }
  return { x, y };
}

function block(layer: AddLayer, x: Value, filters: number): Value {
  const first = layer({ type: "conv2d", filters, kernelSize: 3 }, x);
  const normal = layer({ type: "batchNormalization" }, first);
  const active = layer({ type: "activation", activation: "relu" }, normal);
  const second = layer({ type: "conv2d", filters, kernelSize: 3 }, active);
  const around = layer({ type: "conv2d", filters, kernelSize: 1 }, x);
  return layer({ type: "add" }, second, around);
}

const network = makeNetwork({
  inputShape: [12, 12, 1],
  outputs: ["lying", "standing"],
  layers: (image, layer) => {
    const deep = layer({ type: "globalMaxPool" }, block(layer, image, 4));
    const wide = layer({ type: "conv2d", filters: 4, kernelSize: [1, 7], padding: "valid" }, image);
    const flat = layer({ type: "globalMaxPool" }, wide);
    return layer({ type: "concatenate" }, deep, flat);
  },
});

// Stops after five epochs as a person might, and goes on from what was saved last.
const stop = new AbortController();
let saved: Uint8Array | undefined;
const options = {
  epochs: 15,
  learningRate: 0.01,
  checkpoint: {
    every: 1,
    save: (bytes: Uint8Array) => {
      saved = bytes;
    },
  },
};
const examples = bars(200, 1);
try {
  await trainNetwork(network, examples, options, {
    signal: stop.signal,
    onEpoch: ({ epoch }) => epoch === 5 && stop.abort(),
  });
} catch (error) {
  if (!(error instanceof CancelledError)) throw error;
  console.log(`stopped: ${error.message}`);
}
if (!saved) throw new Error("nothing was saved");
const { network: trained, result } = await trainNetwork(network, examples, {
  ...options,
  resume: saved,
});
console.log(`trained for ${result.history.length} epochs`);
const score = evaluate(trained, bars(100, 2));
if (score.task === "classification") console.log(`test accuracy ${score.accuracy}`);
