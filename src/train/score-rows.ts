/**
 * Loss and accuracy of a network over given rows as it stands: without dropout, augmentation and
 * class weights, in the arithmetic of the training. The figures that a training loop gathers in
 * passing are of changing parameters and disturbed inputs; these can be compared with validation.
 */
import { compileOnce } from "../compiler/compile-once.ts";
import type { Program } from "../compiler/program.ts";
import { type Instance, wasmInstance } from "../engine/instance.ts";
import type { TrainingData } from "./fit.ts";
import { type TrainableModel, trainingGraphs } from "./step.ts";

export type RowScore = {
  /** Mean over the rows. */
  readonly loss: number;
  /** Share of rows classified right; null for a regression. */
  readonly accuracy: number | null;
};

/**
 * @param rows row numbers, at least one
 * @param options.pause awaited after each batch, so that a caller can let others run or stop
 */
export async function scoreRows(
  model: TrainableModel,
  data: Pick<TrainingData, "x" | "y" | "outputs">,
  rows: ArrayLike<number>,
  options: {
    readonly batchSize?: number;
    readonly engine?: (program: Program) => Instance;
    readonly pause?: () => unknown;
  } = {},
): Promise<RowScore> {
  const { batchSize = 32, engine = wasmInstance, pause } = options;
  const { evaluate } = trainingGraphs(model, data, batchSize, { name: "sgd" });
  const instance = engine(compileOnce({ evaluate }));
  try {
    return await scoreOn(instance, rows, batchSize, pause);
  } finally {
    instance.release?.();
  }
}

async function scoreOn(
  instance: Instance,
  rows: ArrayLike<number>,
  batchSize: number,
  pause: (() => unknown) | undefined,
): Promise<RowScore> {
  const [entry] = instance.program.entries;
  const input = (name: string) => instance.view(entry!.inputs.find((t) => t.name === name)!);
  const [indices, weights] = [input("indices"), input("weights")];
  const [loss, correct] = entry!.outputs.map((output) => instance.view(output));
  let lossSum = 0;
  let correctSum = 0;
  for (let start = 0; start < rows.length; start += batchSize) {
    for (let i = 0; i < batchSize; i++) {
      const inside = start + i < rows.length;
      indices[i] = rows[inside ? start + i : start]!;
      weights[i] = inside ? 1 : 0;
    }
    instance.run("evaluate");
    lossSum += loss![0]!;
    correctSum += correct?.[0] ?? 0;
    await pause?.();
  }
  return {
    loss: lossSum / rows.length,
    accuracy: correct ? correctSum / rows.length : null,
  };
}
