/**
 * What a signal-processing block is: named parameters, and the graph from a window of samples to
 * a flat vector of features. Blocks live one in a file, `registry.ts` lists them, and everything
 * outside reads this interface only (signal-processing blocks, sections 1.1 and 1.2).
 */
import { UserError } from "../base/errors.ts";
import { buildGraph } from "../graph/build.ts";
import type { Graph, GraphBuilder } from "../graph/graph.ts";
import type { Parameter, ParameterValues } from "./parameters.ts";

/** What a block is applied to. */
export type BlockContext = {
  /** As the block's `parse` gives them. */
  readonly params: ParameterValues;
  /** Names of the columns of the window, at least one. */
  readonly axes: readonly string[];
  readonly sampleRateHz: number;
  /** Time steps of one window, at least 1. */
  readonly rows: number;
};

/** The features of a block as a picture: row after row, one row for each frame of time. */
export type Frames = { readonly frames: number; readonly columns: number };

export type Block = {
  /** Stable, for recipes: `spectral`. */
  readonly type: string;
  /** For people: `Spectral analysis`. */
  readonly title: string;
  readonly parameters: readonly Parameter[];
  /**
   * Checks parameters from outside and fills in the defaults.
   * @param params an object; `undefined` stands for no parameters
   * @throws UserError `block-parameter`
   */
  readonly parse: (params: unknown) => ParameterValues;
  /**
   * The name of each feature, in order, with the axis first: `x RMS`.
   * @throws UserError `block-parameter` where the parameters do not fit the window
   */
  readonly labels: (context: BlockContext) => readonly string[];
  /**
   * Given by blocks whose features are frames of `columns` features each, in time order: what a
   * convolution over time may slide along. frames * columns is the number of features.
   * @throws UserError as `labels`
   */
  readonly frames?: (context: BlockContext) => Frames;
  /**
   * Adds the nodes of the block.
   * @param input float32 [rows, axes]: one window, interleaved
   * @returns the features, float32 [labels(context).length]
   * @throws UserError as `labels`, also for a filter that the rate does not allow
   */
  readonly build: (builder: GraphBuilder, input: string, context: BlockContext) => string;
};

/** Number of features of one window. */
export function blockWidth(block: Block, context: BlockContext): number {
  return block.labels(context).length;
}

/** A block alone, as a graph from input `window` [rows, axes] to output `features`. */
export function blockGraph(block: Block, context: BlockContext): Graph {
  const { axes, rows, sampleRateHz } = context;
  if (axes.length === 0 || !Number.isInteger(rows) || rows < 1 || !(sampleRateHz > 0))
    throw new UserError(
      "block-window",
      `${block.type}: a window must have values at a known rate, got ${rows} rows of ${axes.length} axes at ${sampleRateHz} Hz`,
    );
  const builder = buildGraph();
  const input = builder.input("window", "float32", [rows, axes.length]);
  return builder.finish([block.build(builder, input, context)]);
}
