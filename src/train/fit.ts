/**
 * The training loop: mini-batches in a seeded order, one compiled step each, validation after each
 * epoch, and the weights of the best (or of the last) epoch at the end. Given the same model, data,
 * options and seed, losses and weights are the same to the bit on any machine.
 *
 * Every row counts once an epoch: the last batch is filled up with rows of weight 0.
 */
import { UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";
import { compileOnce } from "../compiler/compile-once.ts";
import { type Instance, wasmInstance } from "../engine/instance.ts";
import { bestEpoch, hasFiniteLosses } from "./best-epoch.ts";
import { checkData } from "./check-data.ts";
import {
  fingerprintOf,
  readCheckpoint,
  type TrainingState,
  writeCheckpoint,
} from "./checkpoint.ts";
import { type Divergence, likelyCure } from "./divergence.ts";
import { checkMetrics, epochMetrics } from "./epoch-metrics.ts";
import type { EpochReport } from "./epoch-report.ts";
import { checkOptions, type FitOptions, type TrainingData } from "./fit-options.ts";
import { resolveLoss } from "./losses.ts";
import { rowsPerStep, scheduleOf } from "./optimizers.ts";
import { pacer } from "./pacer.ts";
import type { PauseSwitch } from "./pause-switch.ts";
import { rowWeights } from "./row-weights.ts";
import { learningRateFactor } from "./schedules.ts";
import { type RowSplit, splitRows } from "./split-rows.ts";
import {
  type Parameter,
  type TrainableModel,
  type TrainingGraphs,
  trainingGraphs,
} from "./step.ts";
import { portsOf } from "./training-ports.ts";

export type { Divergence, EpochReport, FitOptions, RowSplit, TrainingData };

export type FitResult = {
  /** The parameters of the epoch that was kept, in the model's order. */
  readonly parameters: readonly Parameter[];
  /** The epoch that was kept. */
  readonly best: EpochReport;
  readonly history: readonly EpochReport[];
  /** The rows that trained, in the data's order, and those that validated. */
  readonly rows: RowSplit;
  readonly steps: number;
  /** Wall time, since it was resumed and without pauses, for reports only. */
  readonly seconds: number;
  readonly stepsPerSecond: number;
  /** Why the training ended early, with the last good epoch kept; absent where it did not. */
  readonly diverged?: Divergence;
};

export type FitControl = {
  readonly signal?: AbortSignal;
  readonly pause?: PauseSwitch;
  readonly onEpoch?: (report: EpochReport) => void;
};

/**
 * Trains a model.
 * @param control.signal stops within about 20 ms, with a `CancelledError`
 * @param control.pause holds the training between two steps while it is paused
 * @throws UserError `training-options`, `training-data`, `out-of-memory`, `checkpoint` when what to
 * resume is not of this training, or `training-diverged` when no epoch ends with a finite loss
 */
export async function fit(
  model: TrainableModel,
  data: TrainingData,
  options: FitOptions,
  control: FitControl = {},
): Promise<FitResult> {
  const { optimizer = { name: "adam" }, metrics = [], seed = 3, engine = wasmInstance } = options;
  const { memoryLimitBytes } = options;
  checkOptions(options);
  checkData(model, data, options);
  const { definition } = resolveLoss(data.y, options.loss);
  checkMetrics(metrics, definition);
  const rows = rowsOf(data, options, seed);
  const batchSize = rowsPerStep(optimizer, options.batchSize ?? 32, rows.train.length);
  const givesOutputs = metrics.length > 0;
  const graphs = trainingGraphs(model, data, batchSize, optimizer, { ...options, givesOutputs });
  const instance = engine(
    compileOnce({ ...graphs }, memoryLimitBytes === undefined ? {} : { memoryLimitBytes }),
  );
  try {
    return await fitOn(instance, { graphs, rows, batchSize, model, data, options, control });
  } finally {
    instance.release?.();
  }
}

/** Trains on an instance that is ready. */
async function fitOn(
  instance: Instance,
  setup: {
    readonly graphs: TrainingGraphs;
    readonly rows: RowSplit;
    readonly batchSize: number;
    readonly model: TrainableModel;
    readonly data: TrainingData;
    readonly options: FitOptions;
    readonly control: FitControl;
  },
): Promise<FitResult> {
  const { graphs, rows, batchSize, model, data, options, control } = setup;
  const { epochs, learningRate, seed = 3 } = options;
  const { optimizer = { name: "adam" }, metrics = [] } = options;
  const { definition } = resolveLoss(data.y, options.loss);
  const { validation } = rows;
  const order = rows.train.slice();
  const givesOutputs = metrics.length > 0;
  const ports = portsOf(instance, {
    labels: definition.targets === "labels",
    outputs: givesOutputs,
  });
  const weightOf = rowWeights(data, rows.train, options.classWeights ?? "none");
  const rng = makeRng(seed);
  const [shuffling, dropping] = [rng.fork("shuffle"), rng.fork("dropout")];
  const pause = pacer(control.signal, control.pause);

  /** Sets indices and weights of a batch; returns its number of rows. */
  const fill = (rows: Int32Array, start: number, isTraining: boolean): number => {
    const count = Math.min(batchSize, rows.length - start);
    for (let i = 0; i < batchSize; i++) {
      // What fills the batch up counts for statistics of the batch, so it is rows of many kinds.
      const row = rows[i < count ? start + i : i % rows.length]!;
      ports.indices[i] = row;
      const weight = isTraining ? weightOf(row) / count : 1;
      ports.weights[i] = i < count ? weight : 0;
    }
    return count;
  };
  const stepsPerEpoch = Math.ceil(order.length / batchSize);
  const schedule = scheduleOf(optimizer, learningRate);
  const factorAt = learningRateFactor(
    options.learningRateSchedule ?? "constant",
    epochs * stepsPerEpoch,
  );
  let step = 0;
  const nextSchedule = (): readonly number[] => schedule(factorAt(step++));

  const trainEpoch = async (): Promise<number> => {
    shuffling.shuffle(order);
    let sum = 0;
    for (let start = 0; start < order.length; start += batchSize) {
      const count = fill(order, start, true);
      ports.seed[0] = dropping.u32();
      ports.schedule.set(nextSchedule());
      instance.run("step");
      sum += ports.stepLoss[0]! * count;
      // Nothing comes back from there.
      if (!Number.isFinite(sum)) return sum;
      const turn = pause();
      if (turn) await turn;
    }
    return sum / order.length;
  };
  const outputs = new Float32Array(givesOutputs ? validation.length * data.outputs : 0);
  const validate = async (): Promise<Omit<EpochReport, "epoch" | "loss">> => {
    if (validation.length === 0) return { validationLoss: null, validationAccuracy: null };
    let loss = 0;
    let correct = 0;
    for (let start = 0; start < validation.length; start += batchSize) {
      const count = fill(validation, start, false);
      instance.run("evaluate");
      loss += ports.loss[0]!;
      correct += ports.correct?.[0] ?? 0;
      const given = ports.outputs?.subarray(0, count * data.outputs);
      if (given) outputs.set(given, start * data.outputs);
      await pause();
    }
    return {
      validationLoss: loss / validation.length,
      validationAccuracy: ports.correct ? correct / validation.length : null,
      ...(givesOutputs
        ? { metrics: epochMetrics(metrics, definition, outputs, targets, data.outputs) }
        : {}),
    };
  };
  const targets = targetsOf(data, validation);

  const began = performance.now() - (control.pause?.pausedMs ?? 0);
  const history: EpochReport[] = [];
  const ranking = bestEpoch(options);
  const bestParameters = model.parameters.map((p) => ({ ...p, data: p.data.slice() }));
  const { checkpoint, resume, engine: _, memoryLimitBytes: __, ...rest } = options;
  const weights = data.sampleWeights && Array.from(data.sampleWeights);
  const fingerprint =
    checkpoint || resume
      ? fingerprintOf(graphs.step, [order, validation], { ...rest, sampleWeights: weights })
      : "";
  const state: TrainingState = {
    history,
    rngs: [shuffling, dropping],
    order,
    arrays: [...ports.changing, ...bestParameters.map(({ data: values }) => values)],
  };
  if (resume) {
    readCheckpoint(resume, fingerprint, state);
    history.forEach(ranking.offer);
    while (step < history.length * stepsPerEpoch) nextSchedule();
  }
  const resumedSteps = step;
  let diverged: Divergence | undefined;
  for (let epoch = history.length + 1; epoch <= epochs; epoch++) {
    if (ranking.isOver(epoch - 1)) break;
    const loss = await trainEpoch();
    const report = { epoch, loss, ...(await validate()) };
    history.push(report);
    if (ranking.offer(report))
      for (const { name, data: to } of bestParameters) to.set(ports.state(name));
    control.onEpoch?.(report);
    if (!hasFiniteLosses(report)) {
      const cure = likelyCure(model, data, rows.train, options);
      diverged = { epoch, loss: Number.isFinite(loss) ? report.validationLoss! : loss, cure };
      break;
    }
    if (checkpoint && epoch % checkpoint.every === 0)
      await checkpoint.save(writeCheckpoint(fingerprint, state));
  }
  const best = ranking.best();
  if (!best)
    throw new UserError(
      "training-diverged",
      `train: the loss must stay finite, got ${diverged?.loss} in epoch ${diverged?.epoch}`,
      diverged?.cure,
    );
  const seconds = (performance.now() - began - (control.pause?.pausedMs ?? 0)) / 1000;
  return {
    parameters: bestParameters,
    best,
    history,
    rows,
    steps: step,
    seconds,
    stepsPerSecond: (step - resumedSteps) / seconds,
    ...(diverged ? { diverged } : {}),
  };
}

/** As given, or as `validationShare` splits the training rows. */
function rowsOf(
  { y, train, validation, groups }: TrainingData,
  { validationShare: share, stratify = true }: FitOptions,
  seed: number,
): RowSplit {
  if (share === undefined)
    return { train: Int32Array.from(train), validation: Int32Array.from(validation) };
  return splitRows(train, {
    share,
    seed,
    ...(stratify && y instanceof Int32Array ? { classes: y } : {}),
    ...(groups ? { groups } : {}),
  });
}

/** Labels, or numbers, of some rows. */
function targetsOf({ y, outputs }: TrainingData, rows: Int32Array): Int32Array | Float32Array {
  if (y instanceof Int32Array) return rows.map((row) => y[row]!);
  const targets = new Float32Array(rows.length * outputs);
  rows.forEach((row, i) => {
    targets.set(y.subarray(row * outputs, (row + 1) * outputs), i * outputs);
  });
  return targets;
}
