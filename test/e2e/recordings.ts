/**
 * Recordings for end-to-end tests, made by the simulation of the bundled example and written as the
 * formats that a person may bring; a recipe that is quick to run on them; archives, also such as no
 * honest program writes.
 */
import { encode } from "cborg";
import type { Recipe } from "../../src/pipeline/recipe.ts";
import { rowsOf, type Sample } from "../../src/samples/sample.ts";
import { simulateGestures } from "../../src/samples/simulate-gestures.ts";
import type { Files } from "./cli.ts";

/** Simulated gestures: `perLabel` recordings of each label (`shake` has one). */
export function gestures(perLabel = 6): Sample[] {
  const counts = new Map<string, number>();
  return simulateGestures(7).filter(({ label = "" }) => {
    counts.set(label, (counts.get(label) ?? 0) + 1);
    return counts.get(label)! <= perLabel;
  });
}

/** A table with a column of timestamps in milliseconds. */
export function csvOf(sample: Sample): string {
  const { axes, values, intervalMs } = sample;
  const rows = Array.from({ length: rowsOf(sample) }, (_, row) => {
    const cells = values.subarray(row * axes.length, (row + 1) * axes.length);
    return [row * intervalMs, ...cells].join(",");
  });
  return `${["timestamp", ...axes.map(({ name }) => name)].join(",")}\n${rows.join("\n")}\n`;
}

/** The data acquisition format as an object; its parts can be replaced to make it wrong. */
export function acquisitionOf(
  sample: Sample,
  payload: object = {},
  root: object = {},
): { readonly [key: string]: unknown } {
  const { axes, values, intervalMs } = sample;
  const rows = Array.from({ length: rowsOf(sample) }, (_, row) => [
    ...values.subarray(row * axes.length, (row + 1) * axes.length),
  ]);
  return {
    protected: { ver: "v1", alg: "none" },
    signature: "0".repeat(64),
    payload: {
      device_type: "SIMULATION",
      interval_ms: intervalMs,
      sensors: axes,
      values: rows,
      ...payload,
    },
    ...root,
  };
}

export function cborOf(sample: Sample, payload: object = {}, root: object = {}): Uint8Array {
  return encode(acquisitionOf(sample, payload, root));
}

/** Names such as `wave.1.csv`, which carry the label. */
export function filesOf(
  samples: readonly Sample[],
  extension: "csv" | "cbor" = "csv",
): { [path: string]: Uint8Array | string } {
  const write = extension === "csv" ? csvOf : cborOf;
  return Object.fromEntries(
    samples.map((sample) => [`${sample.name}.${extension}`, write(sample)]),
  );
}

/** A recipe that trains within a moment. */
export const QUICK: Recipe = {
  tinsmith: 1,
  name: "quick gestures",
  source: "recordings",
  seed: 1,
  reading: {},
  task: "classification",
  targets: [],
  input: { windowMs: 1000, strideMs: 200, labelRule: "majority" },
  split: { testFraction: 0.25, validationFraction: 0.25 },
  block: { type: "flatten", params: {} },
  standardize: true,
  layers: [{ type: "dense", units: 8, activation: "relu" }],
  training: {
    epochs: 3,
    learningRate: 0.01,
    learningRateSchedule: "constant",
    batchSize: 32,
    patience: 0,
    keep: "best",
    classWeights: "none",
    augmentation: null,
  },
  anomaly: {
    type: "k-means",
    block: { type: "flatten", params: {} },
    features: ["accX RMS", "accY RMS", "accZ RMS"],
    clusters: 8,
    percentile: 99,
  },
};

/** A tar archive (USTAR) of files under any names. */
export function tarOf(files: Files): Uint8Array {
  const blocks: Buffer[] = [];
  for (const [name, text] of Object.entries(files)) {
    const content = Buffer.from(text as string);
    const header = Buffer.alloc(512);
    header.write(name, 0, 100);
    header.write("0000644\0", 100);
    header.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write("        ", 148);
    header.write("0", 156);
    header.write("ustar\x0000", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    blocks.push(header, content, Buffer.alloc((512 - (content.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
