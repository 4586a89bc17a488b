/** What an accuracy that has to be reached is: data, a network, a training, a score. */
import type { Program } from "../../src/compiler/program.ts";
import type { Instance } from "../../src/engine/instance.ts";
import {
  type Examples,
  evaluate,
  type Network,
  type TrainOptions,
  trainNetwork,
} from "../../src/library/network.ts";
import type { EpochReport } from "../../src/train/fit.ts";

export type Run = {
  readonly seed: number;
  readonly engine: (program: Program) => Instance;
  readonly onEpoch: (report: EpochReport) => void;
};

export type Task = {
  readonly name: string;
  readonly title: string;
  /** The least that counts as reached. */
  readonly must: number;
  /** Trains on the training part of a set under `shared` and scores on its test part. */
  readonly run: (shared: string, run: Run) => Promise<number>;
};

/** The accuracy on `test` after a training on `train`. */
export async function trainAndScore(
  network: Network,
  train: Examples,
  test: Examples,
  options: TrainOptions,
  { seed, engine, onEpoch }: Run,
): Promise<number> {
  const all = { ...options, seed, engine };
  const { network: trained } = await trainNetwork(network, train, all, { onEpoch });
  const score = evaluate(trained, test);
  return score.task === "classification" ? score.accuracy : score.r2;
}
