/** Parts of the report that follow from what a run has at hand. */
import type { FileProblem } from "../samples/formats/read-files.ts";
import type { Layout } from "../samples/layout.ts";
import { secondsOf, wholeOf } from "../samples/part.ts";
import type { Sample } from "../samples/sample.ts";
import { labelsOf } from "../samples/segments.ts";
import type { Split } from "../samples/split.ts";
import { type Diagnosis, diagnose } from "../train/diagnose.ts";
import type { MetricName } from "../train/epoch-metrics.ts";
import type { EpochReport, FitResult, TrainingData } from "../train/fit.ts";
import { scoreRows } from "../train/score-rows.ts";
import type { TrainableModel } from "../train/step.ts";
import type { AnomalyModel } from "./anomaly.ts";
import { isSameBlock } from "./assemble.ts";
import type { PreparedBlock } from "./features.ts";
import { pause } from "./progress.ts";
import type { ProjectWindows } from "./project-windows.ts";
import type { Report } from "./report.ts";

export type RunInput = {
  readonly name: string;
  readonly samples: readonly Sample[];
  readonly problems?: readonly FileProblem[];
  readonly notes?: readonly string[];
};

export function trainingOf(result: FitResult, backend: string): Report["training"] {
  return {
    backend,
    epochs: result.history.length,
    steps: result.steps,
    seconds: result.seconds,
    stepsPerSecond: result.stepsPerSecond,
    best: {
      epoch: result.best.epoch,
      validationLoss: result.best.validationLoss,
      validationAccuracy: result.best.validationAccuracy,
    },
    ...metricsOf(result.history),
  };
}

/** Each measure that was asked for, epoch by epoch. */
function metricsOf(history: readonly EpochReport[]): Pick<Report["training"], "metrics"> {
  const names = Object.keys(history[0]?.metrics ?? {}) as MetricName[];
  if (names.length === 0) return {};
  const finite = (value: number | undefined): number | null =>
    Number.isFinite(value) ? value! : null;
  const valuesOf = (name: MetricName) => history.map(({ metrics }) => finite(metrics?.[name]));
  return { metrics: Object.fromEntries(names.map((name) => [name, valuesOf(name)])) };
}

/** Judges a finished training by its curves, its training rows as they score now, and the test. */
export async function diagnosisOf(
  result: FitResult,
  trained: { readonly model: TrainableModel; readonly data: TrainingData },
  test: Report["test"],
  control: { readonly signal?: AbortSignal },
): Promise<Diagnosis> {
  const { data } = trained;
  const model = { ...trained.model, parameters: result.parameters };
  const classes = new Array<number>(data.outputs).fill(0);
  const isNumeric = data.y instanceof Float32Array;
  if (!isNumeric) for (let i = 0; i < data.train.length; i++) classes[data.y[data.train[i]!]!]!++;
  return diagnose(result.history, {
    classes: isNumeric ? [] : classes,
    validationRows: data.validation.length,
    keptEpoch: result.best.epoch,
    training: await scoreRows(model, data, data.train, { pause: pause(control.signal) }),
    ...(test.float32
      ? {
          test: {
            labels: test.labels,
            float32: test.float32.accuracy,
            int8: (test.int8 ?? test.float32).accuracy,
            confusion: test.float32.confusion,
          },
        }
      : {}),
  });
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
  notes: readonly string[] = [],
): Report["data"] {
  const labels: { [label: string]: number } = {};
  const { targets, outputs } = windows.dataset;
  for (const sample of targets ? [] : input.samples)
    for (const label of labelsOf(sample)) labels[label] = (labels[label] ?? 0) + 1;
  const ordered = Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    samples: input.samples.length,
    seconds: secondsOf(input.samples.map(wholeOf)),
    labels: ordered,
    ...(targets ? { targets: rangesOf(targets, outputs, split.labels) } : {}),
    windows: {
      train: windows.train.length,
      validation: windows.validation.length,
      test: windows.test.length,
    },
    notes: [...(input.notes ?? []), ...layout.notes, ...split.notes, ...notes],
    problems: input.problems ?? [],
  };
}

/** Extremes and mean of each number to predict. */
function rangesOf(
  targets: Float32Array,
  outputs: number,
  names: readonly string[],
): NonNullable<Report["data"]["targets"]> {
  return names.map((name, output) => {
    const values = targets.filter((_, i) => i % outputs === output);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const min = values.reduce((a, b) => Math.min(a, b));
    return { name, min, max: values.reduce((a, b) => Math.max(a, b)), mean };
  });
}
