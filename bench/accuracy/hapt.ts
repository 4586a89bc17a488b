/**
 * Six activities from a phone at the waist: users 1 to 18 train, 19 to 24 test. Windows of 2.56 s,
 * every 1.28 s, of raw acceleration and rotation, whose rows all have one label.
 */
import { readFileSync } from "node:fs";
import { openArchive } from "../../src/host/archives.ts";
import { makeNetwork } from "../../src/library/network.ts";
import { type Task, trainAndScore } from "./task.ts";

const LABELS = ["walking", "upstairs", "downstairs", "sitting", "standing", "laying"];
const ROWS = 128;
const STRIDE = 64;
const AXES = 6;

/** The content of a .npy file after its header. */
function npy(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return bytes.slice(10 + view.getUint16(8, true));
}

async function windows(path: string, isWanted: (user: number) => boolean) {
  const files = new Map<string, Uint8Array>();
  for (const file of await openArchive(readFileSync(path), path))
    files.set(file.path, npy(file.bytes));
  const signal = new Int16Array(files.get("signal.npy")!.buffer);
  const label = files.get("label.npy")!;
  const experiments = new Int32Array(files.get("experiments.npy")!.buffer);
  const x: number[] = [];
  const y: number[] = [];
  for (let e = 0; e < experiments.length; e += 4) {
    const [, user, first, rows] = experiments.subarray(e, e + 4) as unknown as number[];
    if (!isWanted(user!)) continue;
    for (let start = first!; start + ROWS <= first! + rows!; start += STRIDE) {
      const own = label[start]!;
      if (own < 1 || own > LABELS.length) continue;
      if (!label.subarray(start, start + ROWS).every((l) => l === own)) continue;
      for (let i = start * AXES; i < (start + ROWS) * AXES; i++)
        x.push(signal[i]! / (i % AXES < 3 ? 10_000 : 2_500));
      y.push(own - 1);
    }
  }
  return { x: Float32Array.from(x), y };
}

export const hapt: Task = {
  name: "hapt",
  title: "HAPT, 6 activities, unseen users",
  must: 0.9,
  run: async (shared, run) => {
    const path = `${shared}/data/hapt/hapt.npz`;
    const network = makeNetwork({
      inputShape: [ROWS, AXES],
      outputs: LABELS,
      layers: [
        { type: "conv1d", filters: 16, kernelSize: 7, stride: 2 },
        { type: "batchNormalization", momentum: 0.9 },
        { type: "activation", activation: "relu" },
        { type: "conv1d", filters: 32, kernelSize: 5, stride: 2 },
        { type: "batchNormalization", momentum: 0.9 },
        { type: "activation", activation: "relu" },
        { type: "conv1d", filters: 32, kernelSize: 3, activation: "relu" },
        { type: "globalAveragePool" },
        { type: "dropout", rate: 0.3 },
      ],
      seed: run.seed,
    });
    const train = await windows(path, (user) => user <= 18);
    const test = await windows(path, (user) => user >= 19);
    const options = {
      epochs: 15,
      learningRate: 0.003,
      learningRateSchedule: "cosine",
      keep: "last",
    } as const;
    return trainAndScore(network, train, test, options, run);
  },
};
