/**
 * The training loop: mini-batches in a seeded order, one compiled step each, validation after each
 * epoch, and the weights of the best (or of the last) epoch at the end. Given the same model, data, options and
 * seed, losses and weights are the same to the bit on any machine.
 *
 * Every row counts once an epoch: the last batch is filled up with rows of weight 0.
 */
import { CancelledError, UserError } from "../base/errors.ts";
import { cos, PI } from "../base/math.ts";
import { makeRng } from "../base/rng.ts";
import { compile } from "../compiler/compile.ts";
import type { Program, ProgramTensor } from "../compiler/program.ts";
import { type Instance, wasmInstance } from "../engine/instance.ts";
import type { TypedArray } from "../tensor/tensor.ts";
import { ADAM_DEFAULTS, adamSchedule } from "./adam.ts";
import type { SpectrogramAugmentation } from "./augment-spectrogram.ts";
import {
  fingerprintOf,
  readCheckpoint,
  type TrainingState,
  writeCheckpoint,
} from "./checkpoint.ts";
import type { EpochReport } from "./epoch-report.ts";
import { type Optimizer, type Parameter, type TrainableModel, trainingGraphs } from "./step.ts";

export type { EpochReport };

export type TrainingData = {
  /** [N, ...inputShape], row after row. */
  readonly x: Float32Array;
  /** Class labels [N], or as Float32Array the targets [N, outputs] of a regression. */
  readonly y: Int32Array | Float32Array;
  /** Number of classes; the width of the targets for a regression. */
  readonly outputs: number;
  /** Row numbers to train on; at least one. */
  readonly train: ArrayLike<number>;
  /** Row numbers to validate on; without any, the last epoch counts as the best. */
  readonly validation: ArrayLike<number>;
};

export type FitOptions = {
  readonly epochs: number;
  readonly learningRate: number;
  /** `cosine` lets the rate fall to 0 by the last step, along half a wave. @default "constant" */
  readonly learningRateSchedule?: "constant" | "cosine";
  /**
   * Which epoch's parameters are given back: those of the lowest validation loss, or the last ones,
   * which are the better choice where the rate has fallen to 0 or validation rows are few; patience
   * then has no effect. @default "best"
   */
  readonly keep?: "best" | "last";
  /** @default 32 */
  readonly batchSize?: number;
  /** @default { name: "adam" } */
  readonly optimizer?: Optimizer;
  /** `auto` weighs class c by N / (classes * count of c), over the training rows. @default "none" */
  readonly classWeights?: "none" | "auto";
  /** Changes of the training examples, which are spectrograms, drawn anew each time. @default none */
  readonly augmentation?: SpectrogramAugmentation;
  /** Stop after so many epochs without a lower validation loss. @default never */
  readonly patience?: number;
  /** @default 3 */
  readonly seed?: number;
  /** @default wasmInstance */
  readonly engine?: (program: Program) => Instance;
  /** Saves where the training stands after every so many epochs; `save` is waited for. */
  readonly checkpoint?: {
    readonly every: number;
    readonly save: (bytes: Uint8Array) => Promise<void> | void;
  };
  /** A checkpoint to go on from, to the same bits as without the break. @default from the start */
  readonly resume?: Uint8Array;
};

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

/**
 * Trains a model.
 * @param control.signal stops within about 20 ms, with a `CancelledError`
 * @throws UserError `training-options`, `training-data`, `checkpoint` when what to resume is not of
 * this training, or `training-diverged` when no epoch ends with a finite loss
 */
export async function fit(
  model: TrainableModel,
  data: TrainingData,
  options: FitOptions,
  control: {
    readonly signal?: AbortSignal;
    readonly onEpoch?: (report: EpochReport) => void;
  } = {},
): Promise<FitResult> {
  const { epochs, learningRate, batchSize = 32, seed = 3, engine = wasmInstance } = options;
  const { optimizer = { name: "adam" }, patience = epochs, keep = "best" } = options;
  checkOptions(options);
  checkData(model, data);
  const graphs = trainingGraphs(model, data, batchSize, optimizer, options.augmentation);
  const instance = engine(compile({ ...graphs }));
  const ports = portsOf(instance);
  const classWeights = classWeightsOf(data, options.classWeights ?? "none");
  const schedule =
    optimizer.name === "adam"
      ? adamSchedule(learningRate, { ...ADAM_DEFAULTS, ...optimizer })
      : () => [learningRate];
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
  const rateOf = rateFactor(options, epochs * stepsPerEpoch);
  const nextSchedule = (): readonly number[] => {
    const [stepSize, ...rest] = schedule();
    return [stepSize! * rateOf(), ...rest];
  };

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
  const { checkpoint, resume, engine: _, ...rest } = options;
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
    for (let step = history.length * stepsPerEpoch; step > 0; step--) nextSchedule();
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

/** The factors of the learning rate of steps 1, 2, …, out of `steps`. */
function rateFactor({ learningRateSchedule }: FitOptions, steps: number): () => number {
  let step = 0;
  return learningRateSchedule === "cosine" ? () => (1 + cos((PI * step++) / steps)) / 2 : () => 1;
}

function classWeightsOf(data: TrainingData, mode: "none" | "auto"): (row: number) => number {
  const { y, outputs, train } = data;
  if (mode === "none" || y instanceof Float32Array) return () => 1;
  const counts = new Array<number>(outputs).fill(0);
  for (let i = 0; i < train.length; i++) counts[y[train[i]!]!]!++;
  const weights = counts.map((count) => (count > 0 ? train.length / (outputs * count) : 0));
  return (row) => weights[y[row]!]!;
}

/**
 * Lets the event loop run when 20 ms have passed since it last did, and stops when asked to. A
 * message to oneself comes back at once, where a timer would idle for a millisecond or more.
 */
function pacer(signal: AbortSignal | undefined): () => Promise<void> | undefined {
  const check = (): void => {
    if (signal?.aborted) throw new CancelledError();
  };
  check();
  let last = performance.now();
  return () => {
    if (performance.now() - last < 20) return undefined;
    return new Promise<void>((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.addEventListener("message", () => {
        port1.close();
        resolve();
      });
      port1.start();
      port2.postMessage(null);
    }).then(() => {
      last = performance.now();
      check();
    });
  };
}

function checkOptions(options: FitOptions): void {
  const { epochs, batchSize = 32, learningRate, patience = 1, checkpoint } = options;
  const rule = (holds: boolean, text: string, got: unknown): void => {
    if (!holds) throw new UserError("training-options", `train: ${text}, got ${got}`);
  };
  const isCount = (n: number): boolean => Number.isInteger(n) && n >= 1;
  rule(isCount(epochs), "epochs must be a whole number of at least 1", epochs);
  rule(isCount(batchSize), "batchSize must be a whole number of at least 1", batchSize);
  rule(isCount(patience), "patience must be a whole number of at least 1", patience);
  const every = checkpoint?.every ?? 1;
  rule(isCount(every), "checkpoint.every must be a whole number of at least 1", every);
  rule(
    Number.isFinite(learningRate) && learningRate > 0,
    "learningRate must be a positive number",
    learningRate,
  );
}

function checkData(model: TrainableModel, data: TrainingData): void {
  const { x, y, outputs, train, validation } = data;
  const rule = (holds: boolean, text: string, got: unknown): void => {
    if (!holds) throw new UserError("training-data", `train: ${text}, got ${got}`);
  };
  const sampleSize = model.inputShape.reduce((product, n) => product * n, 1);
  const samples = y instanceof Int32Array ? y.length : y.length / outputs;
  rule(
    x.length === samples * sampleSize,
    `${samples} samples of [${model.inputShape}] need ${samples * sampleSize} values`,
    x.length,
  );
  rule(train.length > 0, "there must be at least one training row", train.length);
  const allFinite = (values: Float32Array): boolean => values.every((v) => Number.isFinite(v));
  const checkRow = (row: number): void => {
    const isRow = Number.isInteger(row) && row >= 0 && row < samples;
    rule(isRow, `row numbers must be from 0 to ${samples - 1}`, row);
    const features = x.subarray(row * sampleSize, (row + 1) * sampleSize);
    rule(allFinite(features), `row ${row} must hold finite values`, "NaN or infinity");
    if (y instanceof Float32Array) {
      const targets = y.subarray(row * outputs, (row + 1) * outputs);
      rule(allFinite(targets), `the targets of row ${row} must be finite`, "NaN or infinity");
    } else {
      const label = y[row]!;
      rule(label >= 0 && label < outputs, `labels must be from 0 to ${outputs - 1}`, label);
    }
  };
  for (const rows of [train, validation]) for (let i = 0; i < rows.length; i++) checkRow(rows[i]!);
}
