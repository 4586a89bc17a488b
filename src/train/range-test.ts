/**
 * The learning-rate range test (Smith 2017): one short training whose rate grows by the same factor
 * each step, until the loss explodes. Where the loss falls most steeply, the rate is at work; a third
 * of that is a rate to train with. It costs about a hundred steps and changes nothing.
 */
import { UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";
import { compileOnce } from "../compiler/compile-once.ts";
import { type Instance, wasmInstance } from "../engine/instance.ts";
import { checkData } from "./check-data.ts";
import type { FitOptions, TrainingData } from "./fit-options.ts";
import { rowsPerStep, scheduleOf } from "./optimizers.ts";
import { pacer } from "./pacer.ts";
import { type TrainableModel, trainingGraphs } from "./step.ts";

export type RangeTestOptions = Pick<
  FitOptions,
  | "batchSize"
  | "optimizer"
  | "loss"
  | "clipNorm"
  | "weightDecay"
  | "augmentation"
  | "seed"
  | "engine"
> & {
  /** The rate of the first step. @default 1e-5 */
  readonly from?: number;
  /** By which the rate grows each step, above 1. @default 1.1 */
  readonly factor?: number;
  /** At most so many, at least 3. @default 100 */
  readonly steps?: number;
};

export type RangeTest = {
  /** One entry a step: the rate, the loss before its update, and the mean of the losses so far. */
  readonly curve: readonly {
    readonly rate: number;
    readonly loss: number;
    readonly smoothed: number;
  }[];
  /** A third of the rate of the steepest fall; null when the loss fell by less than 2 %. */
  readonly suggestedRate: number | null;
  /** Whether the smoothed loss exceeded four times its lowest value, which ended the test. */
  readonly exploded: boolean;
};

/** Share of the past in the exponential mean of the losses. */
const PAST = 0.9;
const EXPLODED = 4;
const FELL = 0.98;

/**
 * Sweeps the learning rate over the training rows, in a seeded order.
 * @param control.signal stops within about 20 ms, with a `CancelledError`
 * @throws UserError `training-options` or `training-data`
 */
export async function rangeTest(
  model: TrainableModel,
  data: TrainingData,
  options: RangeTestOptions = {},
  control: { readonly signal?: AbortSignal } = {},
): Promise<RangeTest> {
  const { optimizer = { name: "adam" }, engine = wasmInstance } = options;
  const { from = 1e-5, factor = 1.1, steps = 100 } = options;
  checkSweep(from, factor, steps);
  checkData(model, data, options);
  const batchSize = rowsPerStep(optimizer, options.batchSize ?? 32, data.train.length);
  const { step } = trainingGraphs(model, data, batchSize, optimizer, options);
  const instance = engine(compileOnce({ step }));
  try {
    return await sweepOn(instance, batchSize, data, options, control);
  } finally {
    instance.release?.();
  }
}

async function sweepOn(
  instance: Instance,
  batchSize: number,
  data: TrainingData,
  options: RangeTestOptions,
  control: { readonly signal?: AbortSignal },
): Promise<RangeTest> {
  const { optimizer = { name: "adam" }, seed = 3 } = options;
  const { from = 1e-5, factor = 1.1, steps = 100 } = options;
  const [entry] = instance.program.entries;
  const input = (name: string) => instance.view(entry!.inputs.find((t) => t.name === name)!);
  const [indices, weights, dropoutSeed] = [input("indices"), input("weights"), input("seed")];
  const [schedule, stepLoss] = [input("schedule"), instance.view(entry!.outputs[0]!)];
  const scheduleAt = scheduleOf(optimizer, 1);
  const rng = makeRng(seed);
  const [shuffling, dropping] = [rng.fork("shuffle"), rng.fork("dropout")];
  const order = Int32Array.from(data.train);
  const pause = pacer(control.signal);

  const curve: { rate: number; loss: number; smoothed: number }[] = [];
  let rate = from;
  let mean = 0;
  let weight = 0;
  let lowest = Number.POSITIVE_INFINITY;
  let exploded = false;
  let start = order.length;
  while (curve.length < steps && !exploded) {
    if (start >= order.length) {
      shuffling.shuffle(order);
      start = 0;
    }
    const count = Math.min(batchSize, order.length - start);
    for (let i = 0; i < batchSize; i++) {
      indices[i] = order[i < count ? start + i : i % order.length]!;
      weights[i] = i < count ? 1 / count : 0;
    }
    start += count;
    dropoutSeed[0] = dropping.u32();
    schedule.set(scheduleAt(rate));
    instance.run("step");
    const loss = stepLoss[0]!;
    mean = PAST * mean + (1 - PAST) * loss;
    weight = PAST * weight + (1 - PAST);
    const smoothed = mean / weight;
    exploded = !(smoothed <= EXPLODED * lowest);
    // A loss that is no number has no place on a curve.
    if (Number.isFinite(smoothed)) curve.push({ rate, loss, smoothed });
    lowest = Math.min(lowest, smoothed);
    rate *= factor;
    await pause();
  }
  return { curve, suggestedRate: suggestedRate(curve), exploded };
}

function suggestedRate(curve: RangeTest["curve"]): number | null {
  const first = curve[0]?.smoothed ?? 0;
  if (!curve.some(({ smoothed }) => smoothed < FELL * first)) return null;
  let steepest = 0;
  let found = 0;
  for (let i = 1; i + 1 < curve.length; i++) {
    const fall = curve[i - 1]!.smoothed - curve[i + 1]!.smoothed;
    if (fall > steepest) [steepest, found] = [fall, curve[i]!.rate];
  }
  return found > 0 ? found / 3 : null;
}

function checkSweep(from: number, factor: number, steps: number): void {
  const rule = (holds: boolean, text: string, got: number): void => {
    if (!holds) throw new UserError("training-options", `range test: ${text}, got ${got}`);
  };
  rule(Number.isFinite(from) && from > 0, "from must be a positive number", from);
  rule(Number.isFinite(factor) && factor > 1, "factor must be a number above 1", factor);
  rule(Number.isInteger(steps) && steps >= 3, "steps must be a whole number of at least 3", steps);
}
