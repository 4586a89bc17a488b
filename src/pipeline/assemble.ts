/**
 * The whole pipeline of a project as one graph: window in; features, int8 result, probabilities
 * and anomaly score out. Signal processing, network and scoring share one memory plan.
 */
import { calibrate } from "../compress/calibrate.ts";
import {
  int8NameOf,
  type NetworkBounds,
  operatorsWithoutInt8,
  quantizeGraph,
  tensorsToCalibrate,
} from "../compress/quantize.ts";
import { buildGraph } from "../graph/build.ts";
import type { Graph } from "../graph/graph.ts";
import { asRow } from "../graph/operators/reshape.ts";
import { standardize } from "../graph/operators/standardize.ts";
import type { KMeans } from "../models/k-means.ts";
import { addKMeansScore } from "../models/k-means-score.ts";
import { addInference, type Model } from "../models/layers.ts";
import type { Parameter } from "../train/step.ts";
import type { PreparedBlock, Standardization } from "./features.ts";
import type { Task } from "./recipe.ts";

export type PipelineParts = {
  /** @default "classification" */
  readonly task?: Task;
  readonly block: PreparedBlock;
  readonly standardization: Standardization | undefined;
  readonly model: Model;
  /** Trained parameters, in the model's order. */
  readonly parameters: readonly Parameter[];
  /** Of a regression whose outputs differ in unit: takes standardized outputs back; see below. */
  readonly outputScale?: Standardization | undefined;
  readonly anomaly:
    | {
        readonly block: PreparedBlock;
        /** Indices of the scored features among the block's. */
        readonly axes: readonly number[];
        readonly kMeans: KMeans;
      }
    | undefined;
};

/** A graph with input `window` and the names of what it gives. */
export type Pipeline = {
  readonly graph: Graph;
  readonly input: string;
  readonly features: string;
  /** Where the network starts: standardised features [1, n]. */
  readonly networkInput: string;
  /** Where the network ends. */
  readonly networkOutput: string;
  /** Of a regression: the predicted numbers. */
  readonly probabilities: string;
  /** The output of the network in int8; absent in float32. */
  readonly quantized?: string;
  readonly anomaly?: string;
};

/** The pipeline in float32. */
export function assemblePipeline(parts: PipelineParts): Pipeline {
  const { task, block, standardization, model, parameters, anomaly } = parts;
  const { rows, axes } = block.context;
  const builder = buildGraph();
  const input = builder.input("window", "float32", [rows, axes.length]);
  const features = block.block.build(builder, input, block.context);
  const width = block.labels.length;
  const row = builder.one(asRow, [features]);
  let networkInput = row;
  if (standardization) {
    const mean = builder.constant("mean", "float32", [width], standardization.mean);
    const inverse = builder.constant("inverse_std", "float32", [width], standardization.inverseStd);
    networkInput = builder.one(standardize, [networkInput, mean, inverse]);
  }
  const networkOutput = addInference(builder, model, networkInput, parameters, task);
  let probabilities = networkOutput;
  if (parts.outputScale) {
    const { offset, factor } = backwards(parts.outputScale);
    const names = [
      builder.constant("output_offset", "float32", [offset.length], offset),
      builder.constant("output_factor", "float32", [factor.length], factor),
    ];
    probabilities = builder.one(standardize, [networkOutput, ...names]);
  }
  const outputs = [features, probabilities];
  let score: string | undefined;
  if (anomaly) {
    const same = isSameBlock(anomaly.block, block);
    const scored = same
      ? row
      : builder.one(asRow, [anomaly.block.block.build(builder, input, anomaly.block.context)]);
    score = addKMeansScore(builder, scored, anomaly.kMeans, anomaly.axes, "anomaly");
    outputs.push(score);
  }
  return {
    graph: builder.finish(outputs),
    input,
    features,
    networkInput,
    networkOutput,
    probabilities,
    ...(score === undefined ? {} : { anomaly: score }),
  };
}

export function isSameBlock(a: PreparedBlock, b: PreparedBlock): boolean {
  return (
    a.block === b.block && JSON.stringify(a.context.params) === JSON.stringify(b.context.params)
  );
}

/**
 * The pipeline with its network in int8.
 * @param windows representative windows, one after another: the training windows
 * @throws UserError `quantize-range` for values that are not finite, `quantize-operator` for layers
 * that have no int8 form; see `withoutInt8`
 */
export function quantizePipeline(pipeline: Pipeline, windows: Float32Array): Pipeline {
  const bounds = boundsOf(pipeline);
  const ranges = calibrate(pipeline.graph, tensorsToCalibrate(pipeline.graph, bounds), {
    [pipeline.input]: windows,
  });
  const quantized = int8NameOf(pipeline.networkOutput);
  const outputs = [pipeline.features, quantized, pipeline.probabilities];
  if (pipeline.anomaly !== undefined) outputs.push(pipeline.anomaly);
  return {
    ...pipeline,
    quantized,
    graph: quantizeGraph(pipeline.graph, ranges, { ...bounds, outputs }),
  };
}

/** The operators of the network that have no int8 form; where there are any, it ships in float32. */
export const withoutInt8 = (pipeline: Pipeline): readonly string[] =>
  operatorsWithoutInt8(pipeline.graph, boundsOf(pipeline));

const boundsOf = ({ networkInput, networkOutput }: Pipeline): NetworkBounds => ({
  from: networkInput,
  to: networkOutput,
});

/** Standardization that undoes one: y s + mean is (y - (-mean / s)) s. */
function backwards({ mean, inverseStd }: Standardization): {
  readonly offset: Float32Array;
  readonly factor: Float32Array;
} {
  return {
    offset: mean.map((value, o) => -value * inverseStd[o]!),
    factor: inverseStd.map((value) => 1 / value),
  };
}
