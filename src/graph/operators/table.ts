/**
 * The operators that a deployed network may consist of, by name: what `parseGraph` is given. A new
 * neural operator adds its line here; signal processing brings a table of its own.
 */
import type { Operator } from "../graph.ts";
import { add } from "./add.ts";
import { conv1d } from "./conv1d.ts";
import { conv2d } from "./conv2d.ts";
import { dense } from "./dense.ts";
import { depthwiseConv2d } from "./depthwise-conv2d.ts";
import { conv1dInt8 } from "./int8/conv1d.ts";
import { denseInt8 } from "./int8/dense.ts";
import { maxPool1dInt8 } from "./int8/max-pool-1d.ts";
import { dequantize, quantize } from "./int8/quantize.ts";
import { reluInt8 } from "./int8/relu.ts";
import { softmaxInt8 } from "./int8/softmax.ts";
import { maxPool1d } from "./max-pool-1d.ts";
import { mul } from "./mul.ts";
import { relu } from "./relu.ts";
import { flatten, reshape } from "./reshape.ts";
import { scale } from "./scale.ts";
import { softmax } from "./softmax.ts";
import { standardize } from "./standardize.ts";

const ALL: readonly Operator[] = [
  add,
  conv1d,
  conv1dInt8,
  conv2d,
  dense,
  denseInt8,
  depthwiseConv2d,
  dequantize,
  flatten,
  maxPool1d,
  maxPool1dInt8,
  mul,
  quantize,
  relu,
  reluInt8,
  reshape,
  scale,
  softmax,
  softmaxInt8,
  standardize,
];

export const NEURAL_OPERATORS: ReadonlyMap<string, Operator> = new Map(
  ALL.map((operator) => [operator.name, operator]),
);
