/**
 * The operators that a deployed network may consist of, by name: what `parseGraph` is given. A new
 * neural operator adds its line here; signal processing brings a table of its own.
 */
import type { Operator } from "../graph.ts";
import { add } from "./add.ts";
import { addBias } from "./add-bias.ts";
import { averagePool1d, averagePool2d } from "./average-pool.ts";
import { batchMatmul } from "./batch-matmul.ts";
import { batchNorm } from "./batch-norm.ts";
import { concat } from "./concat.ts";
import { convTranspose2d } from "./conv-transpose-2d.ts";
import { conv1d } from "./conv1d.ts";
import { conv2d } from "./conv2d.ts";
import { dense } from "./dense.ts";
import { depthwiseConv2d } from "./depthwise-conv2d.ts";
import { div } from "./div.ts";
import { elu } from "./elu.ts";
import { gelu } from "./gelu.ts";
import { globalAveragePool, globalMaxPool } from "./global-pool.ts";
import { hardSigmoid } from "./hard-sigmoid.ts";
import { hardSwish } from "./hard-swish.ts";
import { addInt8 } from "./int8/add.ts";
import { conv1dInt8 } from "./int8/conv1d.ts";
import { conv2dInt8 } from "./int8/conv2d.ts";
import { denseInt8 } from "./int8/dense.ts";
import { depthwiseConv2dInt8 } from "./int8/depthwise-conv2d.ts";
import { maxPool1dInt8 } from "./int8/max-pool-1d.ts";
import {
  averagePool1dInt8,
  averagePool2dInt8,
  globalAveragePoolInt8,
  globalMaxPoolInt8,
  maxPool2dInt8,
} from "./int8/pool.ts";
import { dequantize, quantize } from "./int8/quantize.ts";
import { reluInt8 } from "./int8/relu.ts";
import { relu6Int8 } from "./int8/relu6.ts";
import { softmaxInt8 } from "./int8/softmax.ts";
import { layerNorm } from "./layer-norm.ts";
import { leakyRelu } from "./leaky-relu.ts";
import { maxPool1d } from "./max-pool-1d.ts";
import { maxPool2d } from "./max-pool-2d.ts";
import { mul } from "./mul.ts";
import { permute } from "./permute.ts";
import { relu } from "./relu.ts";
import { relu6 } from "./relu6.ts";
import { flatten, reshape } from "./reshape.ts";
import { scale } from "./scale.ts";
import { sigmoid } from "./sigmoid.ts";
import { pad, slice } from "./slice.ts";
import { softmax } from "./softmax.ts";
import { softplus } from "./softplus.ts";
import { standardize } from "./standardize.ts";
import { sub } from "./sub.ts";
import { swish } from "./swish.ts";
import { tanh } from "./tanh.ts";
import { upsample2d } from "./upsample-2d.ts";

const ALL: readonly Operator[] = [
  add,
  addBias,
  averagePool1d,
  averagePool2d,
  batchMatmul,
  batchNorm,
  concat,
  conv1d,
  conv1dInt8,
  conv2d,
  convTranspose2d,
  dense,
  denseInt8,
  addInt8,
  averagePool1dInt8,
  averagePool2dInt8,
  conv2dInt8,
  depthwiseConv2dInt8,
  globalAveragePoolInt8,
  globalMaxPoolInt8,
  maxPool2dInt8,
  relu6Int8,
  depthwiseConv2d,
  dequantize,
  div,
  elu,
  flatten,
  gelu,
  globalAveragePool,
  globalMaxPool,
  hardSigmoid,
  hardSwish,
  layerNorm,
  leakyRelu,
  maxPool1d,
  maxPool1dInt8,
  maxPool2d,
  mul,
  pad,
  permute,
  quantize,
  relu,
  relu6,
  reluInt8,
  reshape,
  scale,
  sigmoid,
  slice,
  softmax,
  softmaxInt8,
  softplus,
  standardize,
  sub,
  swish,
  tanh,
  upsample2d,
];

export const NEURAL_OPERATORS: ReadonlyMap<string, Operator> = new Map(
  ALL.map((operator) => [operator.name, operator]),
);
