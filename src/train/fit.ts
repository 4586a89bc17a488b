/**
 * The training loop: mini-batches in a seeded order, one compiled step each, validation after each
 * epoch, and the weights of the best (or of the last) epoch at the end. Given the same model, data, options and
 * seed, losses and weights are the same to the bit on any machine.
 *
 * Every row counts once an epoch: the last batch is filled up with rows of weight 0.
 */
import { UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";
import { compileOnce } from "../compiler/compile-once.ts";
import type { ProgramTensor } from "../compiler/program.ts";
import { type Instance, wasmInstance } from "../engine/instance.ts";
import type { TypedArray } from "../tensor/tensor.ts";
import {
  fingerprintOf,
  readCheckpoint,
  type TrainingState,
  writeCheckpoint,
} from "./checkpoint.ts";
import type { EpochReport } from "./epoch-report.ts";
import { checkData, checkOptions, type FitOptions, type TrainingData } from "./fit-options.ts";
import { scheduleOf } from "./optimizers.ts";
import { pacer } from "./pacer.ts";
import { learningRateFactor } from "./schedules.ts";
import {
  type Parameter,
  type TrainableModel,
  type TrainingGraphs,
  trainingGraphs,
} from "./step.ts";

export type { EpochReport, FitOptions, TrainingData };

export type FitResult = {
  /** The parameters of the epoch that was kept, in the model's order. */
  readonly parameters: readonly Parameter[];
  /** The epoch that was kept. */
  readonly best: EpochReport;
  readonly history: readonly EpochReport[];
  readonly steps: number;
  /** Wall time, since it was resumed, for reports only. */
  readonly seconds: number;
  readonly stepsPerSecond: number;
};

export type FitControl = {
  readonly signal?: AbortSignal;
  readonly onEpoch?: (report: EpochReport) => void;
};

/**
 * Trains a model.
 * @param control.signal stops within about 20 ms, with a `CancelledError`
 * @throws UserError `training-options`, `training-data`, `out-of-memory`, `checkpoint` when what to resume is not of
 * this training, or `training-diverged` when no epoch ends with a finite loss
 */
export async function fit(
  model: TrainableModel,
  data: TrainingData,
  options: FitOptions,
  control: FitControl = {},
): Promise<FitResult> {
  const { batchSize = 32, optimizer = { name: "adam" }, engine = wasmInstance } = options;
  const { memoryLimitBytes } = options;
  checkOptions(options);
  checkData(model, data, options.loss);
  const graphs = trainingGraphs(model, data, batchSize, optimizer, options);
  const instance = engine(
    compileOnce({ ...graphs }, memoryLimitBytes === undefined ? {} : { memoryLimitBytes }),
  );
  try {
    return await fitOn(instance, graphs, model, data, options, control);
  } finally {
    instance.release?.();
  }
}

/** Trains on an instance that is ready. */
async function fitOn(
  instance: Instance,
  graphs: TrainingGraphs,
  model: TrainableModel,
  data: TrainingData,
  options: FitOptions,
  control: FitControl,
): Promise<FitResult> {
  const { epochs, learningRate, batchSize = 32, seed = 3 } = options;
  const { optimizer = { name: "adam" }, patience = epochs, keep = "best" } = options;
  const ports = portsOf(instance);
  const classWeights = classWeightsOf(data, options.classWeights ?? "none");
  const rng = makeRng(seed);
  const [shuffling, dropping] = [rng.fork("shuffle"), rng.fork("dropout")];
  const pause = pacer(control.signal);

  /** Sets indices and weights of a batch; returns its number of rows. */
  const fill = (rows: Int32Array, start: number, weightOf: (row: number) => number): number => {
    const count = Math.min(batchSize, rows.length - start);
    for (let i = 0; i < batchSize; i++) {
      // What fills the batch up counts for statistics of the batch, so it is rows of many kinds.
      const row = rows[i < count ? start + i : i % rows.length]!;
      ports.indices[i] = row;
      ports.weights[i] = i < count ? weightOf(row) : 0;
    }
    return count;
  };
  const order = Int32Array.from(data.train);
  const validation = Int32Array.from(data.validation);
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
      const count = Math.min(batchSize, order.length - start);
      fill(order, start, (row) => classWeights(row) / count);
      ports.seed[0] = dropping.u32();
      ports.schedule.set(nextSchedule());
      instance.run("step");
      sum += ports.stepLoss[0]! * count;
      await pause();
    }
    return sum / order.length;
  };
  const validate = async (): Promise<
    Pick<EpochReport, "validationLoss" | "validationAccuracy">
  > => {
    if (validation.length === 0) return { validationLoss: null, validationAccuracy: null };
    let loss = 0;
    let correct = 0;
    for (let start = 0; start < validation.length; start += batchSize) {
      fill(validation, start, () => 1);
      instance.run("evaluate");
      loss += ports.loss[0]!;
      correct += ports.correct?.[0] ?? 0;
      await pause();
    }
    return {
      validationLoss: loss / validation.length,
      validationAccuracy: ports.correct ? correct / validation.length : null,
    };
  };

  const began = performance.now();
  const history: EpochReport[] = [];
  let best: EpochReport | undefined;
  let lowest = Number.POSITIVE_INFINITY;
  const bestParameters = model.parameters.map((p) => ({ ...p, data: p.data.slice() }));
  /** Whether an epoch is the best so far. */
  const isBest = (report: EpochReport): boolean => {
    // Without a validation loss, or where the last epoch is wanted, later is better.
    const ranked = keep === "best" ? report.validationLoss : null;
    const score = ranked ?? (Number.isFinite(report.loss) ? -report.epoch : report.loss);
    if (!(score < lowest)) return false;
    lowest = score;
    best = report;
    return true;
  };
  const { checkpoint, resume, engine: _, memoryLimitBytes: __, ...rest } = options;
  const fingerprint =
    checkpoint || resume ? fingerprintOf(graphs.step, [order, validation], rest) : "";
  const state: TrainingState = {
    history,
    rngs: [shuffling, dropping],
    order,
    arrays: [...ports.changing, ...bestParameters.map(({ data: values }) => values)],
  };
  if (resume) {
    readCheckpoint(resume, fingerprint, state);
    history.forEach(isBest);
    while (step < history.length * stepsPerEpoch) nextSchedule();
  }
  const resumed = history.length;
  for (let epoch = resumed + 1; epoch <= epochs; epoch++) {
    if (epoch - 1 - (best?.epoch ?? 0) >= patience) break;
    const loss = await trainEpoch();
    const report = { epoch, loss, ...(await validate()) };
    history.push(report);
    if (isBest(report)) for (const { name, data: to } of bestParameters) to.set(ports.state(name));
    control.onEpoch?.(report);
    if (checkpoint && epoch % checkpoint.every === 0)
      await checkpoint.save(writeCheckpoint(fingerprint, state));
  }
  if (!best)
    throw new UserError(
      "training-diverged",
      `train: the loss must stay finite, got ${history.at(-1)!.loss}`,
      "use a lower learning rate, standardize the features, and look for values that are not finite",
    );
  const seconds = (performance.now() - began) / 1000;
  const steps = history.length * stepsPerEpoch;
  return {
    parameters: bestParameters,
    best,
    history,
    steps,
    seconds,
    stepsPerSecond: (steps - resumed * stepsPerEpoch) / seconds,
  };
}

/** The memory that the loop reads and writes. */
function portsOf(instance: Instance) {
  const { program } = instance;
  const find = (tensors: readonly ProgramTensor[], name: string): TypedArray => {
    const tensor = tensors.find((t) => t.name === name);
    if (!tensor) throw new Error(`fit: the program has no "${name}"`);
    return instance.view(tensor);
  };
  const step = program.entries.find((entry) => entry.name === "step")!;
  const evaluate = program.entries.find((entry) => entry.name === "evaluate")!;
  const correct = evaluate.outputs[1];
  return {
    indices: find(step.inputs, "indices"),
    weights: find(step.inputs, "weights"),
    seed: find(step.inputs, "seed"),
    schedule: find(step.inputs, "schedule"),
    stepLoss: instance.view(step.outputs[0]!),
    loss: instance.view(evaluate.outputs[0]!),
    correct: correct && instance.view(correct),
    state: (name: string): TypedArray => find(program.states, name),
    /** All states but the data. */
    changing: program.states
      .filter(({ name }) => !name.startsWith("data/"))
      .map((tensor) => instance.view(tensor)),
  };
}

function classWeightsOf(data: TrainingData, mode: "none" | "auto"): (row: number) => number {
  const { y, outputs, train } = data;
  if (mode === "none" || y instanceof Float32Array) return () => 1;
  const counts = new Array<number>(outputs).fill(0);
  for (let i = 0; i < train.length; i++) counts[y[train[i]!]!]!++;
  const weights = counts.map((count) => (count > 0 ? train.length / (outputs * count) : 0));
  return (row) => weights[y[row]!]!;
}
