/** Runs an assembled pipeline over windows and scores what it says. */
import { CancelledError } from "../base/errors.ts";
import { compile } from "../compiler/compile.ts";
import type { Program } from "../compiler/program.ts";
import { type Instance, wasmInstance } from "../engine/instance.ts";
import { sizeOf, type TypedArray } from "../tensor/tensor.ts";
import { accuracyOf, argmax, confusionMatrix, logLoss, weightedScore } from "../train/metrics.ts";
import type { Pipeline } from "./assemble.ts";
import { pause } from "./progress.ts";
import type { Scores } from "./report.ts";

/** The outputs of all windows, row after row. */
export type Evaluation = {
  readonly count: number;
  readonly features: Float32Array;
  /** Empty for a float32 pipeline. */
  readonly quantized: Int8Array;
  readonly probabilities: Float32Array;
  /** Empty without an anomaly score. */
  readonly anomaly: Float32Array;
};

/**
 * @param windows one after another
 * @param engine what runs the pipeline; the same bits come from any
 */
export async function evaluatePipeline(
  pipeline: Pipeline,
  windows: Float32Array,
  options: {
    readonly signal?: AbortSignal;
    readonly engine?: (program: Program) => Instance;
  } = {},
): Promise<Evaluation> {
  const { signal, engine = wasmInstance } = options;
  const instance = engine(compile({ run: pipeline.graph }));
  const entry = instance.program.entries[0]!;
  const input = entry.inputs[0]!;
  const size = sizeOf(input.shape);
  const count = windows.length / size;
  const collect = <T extends TypedArray>(name: string | undefined, make: (n: number) => T) => {
    const tensor = entry.outputs.find((output) => output.name === name);
    if (!tensor) return { all: make(0), take: () => {} };
    const view = instance.view(tensor);
    const all = make(count * view.length);
    return { all, take: (w: number) => all.set(view, w * view.length) };
  };
  const float = (n: number): Float32Array => new Float32Array(n);
  const features = collect(pipeline.features, float);
  const quantized = collect(pipeline.quantized, (n): Int8Array => new Int8Array(n));
  const probabilities = collect(pipeline.probabilities, float);
  const anomaly = collect(pipeline.anomaly, float);
  const inputView = instance.view(input);
  const breathe = pause(signal);
  for (let w = 0; w < count; w++) {
    inputView.set(windows.subarray(w * size, (w + 1) * size));
    instance.run("run");
    for (const output of [features, quantized, probabilities, anomaly]) output.take(w);
    await breathe();
  }
  if (signal?.aborted) throw new CancelledError();
  return {
    count,
    features: features.all,
    quantized: quantized.all,
    probabilities: probabilities.all,
    anomaly: anomaly.all,
  };
}

/** @param labels the true label of each window */
export function scoresOf(
  evaluation: Evaluation,
  labels: ArrayLike<number>,
  classes: number,
): Scores {
  const predicted = Int32Array.from({ length: evaluation.count }, (_, w) =>
    argmax(evaluation.probabilities, w * classes, classes),
  );
  const confusion = confusionMatrix(labels, predicted, classes);
  return {
    accuracy: accuracyOf(confusion),
    loss: logLoss(evaluation.probabilities, labels, classes),
    f1: weightedScore(confusion).f1,
    confusion,
  };
}
