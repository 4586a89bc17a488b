/**
 * A training that keeps its checkpoints in a folder, to be killed at any moment: each is written
 * beside and renamed. Prints a line after each; goes on from the one there is.
 *
 *   node test/train/trainer.ts FOLDER
 */
import { existsSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makeRng } from "../../src/base/rng.ts";
import { type FitResult, fit, type TrainingData } from "../../src/train/fit.ts";
import { denseOf, dropQuarter, network, rectify } from "../../src/train/test-networks.ts";

const EPOCHS = 400;
const EVERY = 3;
/** Checkpoints of an uninterrupted training. */
export const SAVES: number = Math.floor(EPOCHS / EVERY);

/** @param folder where the checkpoint lies; without one, none is written */
export function train(folder?: string, onSave?: () => void): Promise<FitResult> {
  const model = network([3], [denseOf(3, 16), rectify, dropQuarter, denseOf(16, 2)]);
  const rng = makeRng(1);
  const rows = Array.from({ length: 240 }, (_, i) => i);
  const x = Float32Array.from({ length: 720 }, rng.normal);
  const y = Int32Array.from(rows, (i) => (x[3 * i]! * x[3 * i + 1]! > x[3 * i + 2]! ? 1 : 0));
  const data: TrainingData = {
    ...{ x, y, outputs: 2, train: rows.slice(0, 160), validation: rows.slice(160) },
  };
  const options = { epochs: EPOCHS, learningRate: 0.01, batchSize: 8 };
  if (folder === undefined) return fit(model, data, options);
  const file = join(folder, "checkpoint");
  const save = (bytes: Uint8Array): void => {
    writeFileSync(`${file}.new`, bytes);
    renameSync(`${file}.new`, file);
    onSave?.();
  };
  const resume = existsSync(file) ? { resume: new Uint8Array(readFileSync(file)) } : {};
  return fit(model, data, { ...options, checkpoint: { every: EVERY, save }, ...resume });
}

if (import.meta.main) await train(process.argv[2], () => writeSync(1, "saved\n"));
