/**
 * brain.js, for information: it has no mini-batches and updates after every sample, with a squared
 * error, so it does not do the same work. One step here is one pass over the samples of the batch.
 */
import { batchOf, type Workload } from "../workloads.ts";
import { LEARNING_RATE, requirePeer, type Training } from "./training.ts";

export async function brain(workload: Workload): Promise<Training> {
  const { layers, inputShape, outputs, batch } = workload;
  const hiddenLayers = layers.map((layer) => {
    if (layer.type !== "dense") throw new Error(`no layer ${layer.type} in this peer`);
    return layer.units;
  });
  const { x, y } = batchOf(workload);
  const [width] = inputShape as [number];
  const samples = Array.from({ length: batch }, (_, i) => ({
    input: Array.from(x.subarray(i * width, (i + 1) * width)),
    output: Array.from({ length: outputs }, (_, n) => (y[i] === n ? 1 : 0)),
  }));
  const { NeuralNetwork } = requirePeer("brain.js");
  const network = new NeuralNetwork({
    hiddenLayers,
    activation: "relu",
    learningRate: LEARNING_RATE,
  });
  // It prepares its data anew in each call, so one call makes all the passes of a block.
  let passes = 0;
  return {
    version: `brain.js ${requirePeer("brain.js/package.json").version}`,
    step: () => passes++,
    sync: () => {
      network.train(samples, {
        iterations: passes,
        errorThresh: 1e-12,
        log: false,
        praxis: "adam",
      });
      passes = 0;
    },
  };
}
