/**
 * Ten words, other words and silence in clips of a second, learned from some 560 of them. Each clip
 * is heard many times over: faster and slower, earlier and later, with the noise of silent clips
 * and white noise under it. What is varied comes from the training clips alone.
 */
import { readFileSync } from "node:fs";
import { makeRng, type Rng } from "../../src/base/rng.ts";
import { openArchive } from "../../src/host/archives.ts";
import { makeNetwork, type Network } from "../../src/library/network.ts";
import type { Layer } from "../../src/models/layer.ts";
import { extractFeatures, prepareBlock } from "../../src/pipeline/features.ts";
import { readWav } from "../../src/samples/formats/wav.ts";
import { type Task, trainAndScore } from "./task.ts";

const RATE_HZ = 16_000;
const LABELS = "down go left no off on right silence stop unknown up yes".split(" ");
/** Each clip as it is, and so many others made of it. */
const VARIANTS = 63;
/** Root of the mean square of a clip, of a full scale of 32,768. */
const LOUDNESS = 2000;

type Clip = { readonly label: string; readonly values: Float32Array };
type Clips = { readonly train: readonly Clip[]; readonly test: readonly Clip[] };

async function readClips(shared: string): Promise<Clips> {
  const path = `${shared}/data/speech-commands-1k/speech-commands.tar.gz`;
  const found: { [part: string]: Clip[] } = { train: [], test: [] };
  for (const file of await openArchive(readFileSync(path), path)) {
    const [, part, label] = /(train|test)\/(\w+)\./.exec(file.path) ?? [];
    if (part === undefined) continue;
    const [sample] = readWav(file.path, file.bytes);
    found[part]!.push({ label: label!, values: leveled(Float32Array.from(sample!.values)) });
  }
  return { train: found["train"]!, test: found["test"]! };
}

/** To the same loudness, for nobody knows how far away the speaker was. */
function leveled(values: Float32Array): Float32Array {
  let squares = 0;
  for (const v of values) squares += v * v;
  const gain = LOUDNESS / (Math.sqrt(squares / values.length) + 1);
  return values.map((v) => Math.max(-32768, Math.min(32767, v * gain)));
}

/** A clip as somebody else might have said it somewhere else. */
function varied(clip: Clip, noises: readonly Clip[], white: Float32Array, rng: Rng): Float32Array {
  const speed = rng.uniform(0.82, 1.2);
  const shift = rng.uniform(-0.12, 0.12) * RATE_HZ;
  const noise = noises[rng.int(noises.length)]!.values;
  const noiseShift = rng.int(RATE_HZ);
  const noiseGain = rng.float() < 0.2 ? 0 : rng.uniform(0, 0.5);
  const whiteGain = rng.float() < 0.7 ? 0 : rng.uniform(0, 0.15 * LOUDNESS);
  const values = new Float32Array(RATE_HZ);
  for (let i = 0; i < RATE_HZ; i++) {
    const at = (i - RATE_HZ / 2) * speed + RATE_HZ / 2 + shift;
    const left = Math.floor(at);
    const share = at - left;
    const isInside = left >= 0 && left + 1 < RATE_HZ;
    const word = isInside ? clip.values[left]! * (1 - share) + clip.values[left + 1]! * share : 0;
    const hiss = white[(i * 7 + noiseShift) % white.length]!;
    values[i] = word + noiseGain * noise[(i + noiseShift) % RATE_HZ]! + whiteGain * hiss;
  }
  return leveled(values);
}

function withVariants(clips: readonly Clip[], seed: number): readonly Clip[] {
  const rng = makeRng(seed).fork("variants");
  const white = Float32Array.from({ length: 16_411 }, () => rng.normal());
  const noises = clips.filter(({ label }) => label === "silence");
  return clips.flatMap((clip) => [
    clip,
    ...Array.from({ length: VARIANTS }, () => ({
      label: clip.label,
      values: varied(clip, noises, white, rng),
    })),
  ]);
}

const MFE = {
  type: "mfe",
  params: {
    "frame-length": 0.032,
    "frame-stride": 0.02,
    "fft-length": 512,
    "num-filters": 40,
    "low-frequency": 60,
    "noise-floor-db": -70,
  },
} as const;

async function featuresOf(clips: readonly Clip[]) {
  const layout = { axes: ["audio"], sampleRateHz: RATE_HZ, rows: RATE_HZ };
  const block = prepareBlock(MFE, layout);
  const count = clips.length;
  const values = new Float32Array(count * RATE_HZ);
  clips.forEach((clip, i) => {
    values.set(clip.values.subarray(0, RATE_HZ), i * RATE_HZ);
  });
  const none = new Int32Array(count);
  const windows = {
    count,
    rows: RATE_HZ,
    axes: 1,
    values,
    partOf: none,
    startRows: none,
    parts: [],
  };
  return { x: await extractFeatures(block, windows), ...block.frames! };
}

/** By the mean and deviation of all training features together. */
function standardizer(training: Float32Array): (x: Float32Array) => Float32Array {
  let [sum, squares] = [0, 0];
  for (const v of training) {
    sum += v;
    squares += v * v;
  }
  const mean = sum / training.length;
  const scale = 1 / Math.sqrt(squares / training.length - mean * mean);
  return (x) => x.map((v) => (v - mean) * scale);
}

const conv = (filters: number, kernelSize: number | [number, number]): readonly Layer[] => [
  { type: "conv2d", filters, kernelSize, useBias: false },
  { type: "batchNormalization", momentum: 0.95 },
  { type: "activation", activation: "relu" },
];
const pool: Layer = { type: "maxPool2d" };

/**
 * Convolutions over time and frequency: voices differ in pitch, which moves a word along both, and
 * few recordings do not teach a network that by themselves.
 */
function speechNetwork(frames: number, columns: number, seed: number): Network {
  return makeNetwork({
    inputShape: [frames * columns],
    outputs: LABELS,
    layers: [
      { type: "reshape", shape: [frames, columns, 1] },
      ...conv(16, 5),
      pool,
      ...conv(32, 3),
      pool,
      ...conv(64, 3),
      pool,
      { type: "dropout", rate: 0.2 },
      ...conv(96, [3, 5]),
      { type: "globalMaxPool" },
      { type: "dropout", rate: 0.5 },
    ],
    seed,
  });
}

function speechOptions(frames: number, columns: number) {
  return {
    epochs: 12,
    learningRate: 0.004,
    learningRateSchedule: "cosine",
    keep: "last",
    optimizer: { name: "adamW", weightDecay: 0.01 },
    loss: { name: "softmaxCrossEntropy", labelSmoothing: 0.1 },
    augmentation: {
      frames,
      columns,
      noise: 0.15,
      timeShift: 3,
      timeWarp: 5,
      timeMasks: { count: 2, width: 5 },
      frequencyMasks: { count: 2, width: 4 },
    },
  } as const;
}

export const speech: Task = {
  name: "speech",
  title: "speech-commands-1k, 10 words, unknown, silence",
  must: 0.85,
  run: async (shared, run) => {
    const { train, test } = await readClips(shared);
    const heard = withVariants(train, run.seed);
    const { x, frames, columns } = await featuresOf(heard);
    const standardize = standardizer(x);
    const asked = await featuresOf(test);
    return trainAndScore(
      speechNetwork(frames, columns, run.seed),
      { x: standardize(x), y: heard.map(({ label }) => label) },
      { x: standardize(asked.x), y: test.map(({ label }) => label) },
      speechOptions(frames, columns),
      run,
    );
  },
};
