/**
 * Windows to features: compiles the graph of a block once and runs it over every window. What runs
 * here is the same graph that ships, so these are the features of the device, to the bit.
 */
import { CancelledError } from "../base/errors.ts";
import { compile } from "../compiler/compile.ts";
import { type Block, type BlockContext, blockGraph, type Frames } from "../dsp/block.ts";
import { blockOf } from "../dsp/registry.ts";
import { wasmInstance } from "../engine/instance.ts";
import type { Windows } from "../samples/windows.ts";
import { pause } from "./progress.ts";
import type { BlockRecipe } from "./recipe.ts";

/** A block with checked parameters, ready for windows of one layout. */
export type PreparedBlock = {
  readonly block: Block;
  readonly context: BlockContext;
  /** The name of each feature. */
  readonly labels: readonly string[];
  /** The features as rows over time, where the block has such; for raw data, the window. */
  readonly frames: Frames | undefined;
};

/**
 * @throws UserError `unknown-block`, `block-parameter`
 */
export function prepareBlock(
  recipe: BlockRecipe,
  layout: {
    readonly axes: readonly string[];
    readonly sampleRateHz: number;
    readonly rows: number;
  },
): PreparedBlock {
  const block = blockOf(recipe.type);
  const context = { ...layout, params: block.parse(recipe.params) };
  const frames =
    block.type === "raw"
      ? { frames: context.rows, columns: context.axes.length }
      : block.frames?.(context);
  return { block, context, labels: block.labels(context), frames };
}

/**
 * The features of all windows, float32 [windows, features].
 * @param onProgress receives the share that is done, 0 to 1
 * @throws CancelledError
 */
export async function extractFeatures(
  prepared: PreparedBlock,
  windows: Windows,
  options: { readonly signal?: AbortSignal; readonly onProgress?: (done: number) => void } = {},
): Promise<Float32Array<ArrayBuffer>> {
  const instance = wasmInstance(
    compile({ features: blockGraph(prepared.block, prepared.context) }),
  );
  const entry = instance.program.entries[0]!;
  const input = instance.view(entry.inputs[0]!);
  const output = instance.view(entry.outputs[0]!);
  const width = output.length;
  const size = windows.rows * windows.axes;
  const features = new Float32Array(windows.count * width);
  const breathe = pause(options.signal);
  for (let w = 0; w < windows.count; w++) {
    input.set(windows.values.subarray(w * size, (w + 1) * size));
    instance.run("features");
    features.set(output as Float32Array, w * width);
    if (await breathe()) options.onProgress?.((w + 1) / windows.count);
  }
  if (options.signal?.aborted) throw new CancelledError();
  return features;
}

/** Mean and inverse standard deviation of each feature, float32 [features]. */
export type Standardization = { readonly mean: Float32Array; readonly inverseStd: Float32Array };

/**
 * Fits the standardisation to training windows: population standard deviation, computed in float64
 * in two passes; a feature that does not vary keeps the factor 1.
 */
export function fitStandardization(
  features: Float32Array,
  width: number,
  rows: ArrayLike<number>,
): Standardization {
  const mean = new Float32Array(width);
  const inverseStd = new Float32Array(width).fill(1);
  for (let f = 0; f < width; f++) {
    let sum = 0;
    for (let r = 0; r < rows.length; r++) sum += features[rows[r]! * width + f]!;
    mean[f] = sum / rows.length;
    let squares = 0;
    for (let r = 0; r < rows.length; r++) {
      const d = features[rows[r]! * width + f]! - mean[f]!;
      squares += d * d;
    }
    const std = Math.sqrt(squares / rows.length);
    // What varies less than float32 can show at this mean is rounding, not signal.
    if (std > 1e-6 * Math.abs(mean[f]!) && std > 1e-30) inverseStd[f] = 1 / std;
  }
  return { mean, inverseStd };
}

/** Standardised copy, with the float32 operations of the operator `standardize`. */
export function standardizeAll(
  features: Float32Array,
  { mean, inverseStd }: Standardization,
): Float32Array<ArrayBuffer> {
  const width = mean.length;
  const result = new Float32Array(features.length);
  for (let i = 0; i < features.length; i++) {
    const f = i % width;
    result[i] = Math.fround(features[i]! - mean[f]!) * inverseStd[f]!;
  }
  return result;
}
