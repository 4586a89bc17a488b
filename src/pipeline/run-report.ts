/** Parts of the report that follow from what a run has at hand. */
import type { FileProblem } from "../samples/formats/read-files.ts";
import type { Layout } from "../samples/layout.ts";
import { secondsOf, wholeOf } from "../samples/part.ts";
import type { Sample } from "../samples/sample.ts";
import { labelsOf } from "../samples/segments.ts";
import type { Split } from "../samples/split.ts";
import type { FitResult } from "../train/fit.ts";
import type { AnomalyModel } from "./anomaly.ts";
import { isSameBlock } from "./assemble.ts";
import type { PreparedBlock } from "./features.ts";
import type { ProjectWindows } from "./project-windows.ts";
import type { Report } from "./report.ts";

export type RunInput = {
  readonly name: string;
  readonly samples: readonly Sample[];
  readonly problems?: readonly FileProblem[];
  readonly notes?: readonly string[];
};

export function trainingOf(result: FitResult): Report["training"] {
  return {
    backend: "wasm",
    epochs: result.history.length,
    steps: result.steps,
    seconds: result.seconds,
    stepsPerSecond: result.stepsPerSecond,
    best: {
      epoch: result.best.epoch,
      validationLoss: result.best.validationLoss,
      validationAccuracy: result.best.validationAccuracy,
    },
  };
}

export function blocksOf(
  block: PreparedBlock,
  anomaly: AnomalyModel | undefined,
): Report["features"]["blocks"] {
  const own = { type: block.block.type, width: block.labels.length };
  if (!anomaly || isSameBlock(anomaly.block, block)) return [own];
  return [own, { type: anomaly.block.block.type, width: anomaly.block.labels.length }];
}

export function dataOf(
  input: RunInput,
  split: Split,
  layout: Layout,
  windows: ProjectWindows,
): Report["data"] {
  const labels: { [label: string]: number } = {};
  for (const sample of input.samples)
    for (const label of labelsOf(sample)) labels[label] = (labels[label] ?? 0) + 1;
  const ordered = Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    samples: input.samples.length,
    seconds: secondsOf(input.samples.map(wholeOf)),
    labels: ordered,
    windows: {
      train: windows.train.length,
      validation: windows.validation.length,
      test: windows.test.length,
    },
    notes: [...(input.notes ?? []), ...layout.notes, ...split.notes],
    problems: input.problems ?? [],
  };
}
