/** LeNet-5 on 6,000 digits, asked for 1,000 others. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { makeNetwork } from "../../src/library/network.ts";
import { type Task, trainAndScore } from "./task.ts";

/** Pixels of an IDX file as 0 to 1, or its labels. */
function idx(path: string): Uint8Array {
  const bytes = gunzipSync(readFileSync(path));
  return bytes.subarray(4 + 4 * bytes[3]!);
}

const SIZE = 28 * 28;

function digits(folder: string, part: string) {
  const pixels = idx(`${folder}/${part}-images-idx3-ubyte.gz`);
  const y = idx(`${folder}/${part}-labels-idx1-ubyte.gz`);
  return { x: Float32Array.from(pixels, (v) => v / 255), y };
}

export const mnist: Task = {
  name: "mnist",
  title: "MNIST-7k, LeNet-5",
  must: 0.975,
  run: (shared, run) => {
    const folder = `${shared}/data/mnist-7k`;
    const network = makeNetwork({
      inputShape: [SIZE],
      outputs: 10,
      layers: [
        { type: "reshape", shape: [28, 28, 1] },
        { type: "conv2d", filters: 6, kernelSize: 5, activation: "relu" },
        { type: "maxPool2d" },
        { type: "conv2d", filters: 16, kernelSize: 5, padding: "valid", activation: "relu" },
        { type: "maxPool2d" },
        { type: "flatten" },
        { type: "dropout", rate: 0.25 },
        { type: "dense", units: 120, activation: "relu" },
        { type: "dropout", rate: 0.25 },
        { type: "dense", units: 84, activation: "relu" },
      ],
      seed: run.seed,
    });
    const options = {
      epochs: 40,
      learningRate: 0.002,
      learningRateSchedule: "cosine",
      keep: "last",
    } as const;
    return trainAndScore(network, digits(folder, "train"), digits(folder, "t10k"), options, run);
  },
};
