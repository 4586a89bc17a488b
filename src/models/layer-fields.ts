/**
 * What each kind of layer may be given, as data: readers of recipes and files check by it, and an
 * editor of layers is drawn from it.
 */
import { ACTIVATION_NAMES } from "./activations.ts";
import type { Layer } from "./layer.ts";

/** The kind of a setting; `fallback` is what stands for an absent one, absent where it must be given. */
export type LayerField =
  /** A whole number of at least 1. */
  | { readonly kind: "count"; readonly fallback?: number }
  /** As `count`, or two of them: down and across. */
  | { readonly kind: "size"; readonly fallback?: number | "size" }
  /** At least 0 and below 1. */
  | { readonly kind: "share"; readonly fallback?: number }
  /** At least 0. */
  | { readonly kind: "amount"; readonly fallback?: number }
  | { readonly kind: "flag"; readonly fallback?: boolean }
  | { readonly kind: "choice"; readonly choices: readonly string[]; readonly fallback?: string }
  /** Whole numbers of at least 1. */
  | { readonly kind: "shape" }
  /** Layers within the layer. */
  | { readonly kind: "layers"; readonly fallback?: readonly Layer[] };

export type LayerFields = { readonly [setting: string]: LayerField };

const count: LayerField = { kind: "count" };
const size: LayerField = { kind: "size" };
const one: LayerField = { kind: "size", fallback: 1 };
const activation: LayerField = { kind: "choice", choices: ACTIVATION_NAMES, fallback: "linear" };
const padding: LayerField = { kind: "choice", choices: ["same", "valid"], fallback: "same" };
const epsilon: LayerField = { kind: "amount", fallback: 0.001 };
const useBias: LayerField = { kind: "flag", fallback: true };
const rate: LayerField = { kind: "share" };
const pool1d: LayerFields = {
  size: { kind: "count", fallback: 2 },
  stride: { kind: "size", fallback: "size" },
  padding,
};
const pool2d: LayerFields = { ...pool1d, size: { kind: "size", fallback: 2 } };
const recurrent: LayerFields = {
  units: count,
  returnSequences: { kind: "flag", fallback: false },
};

/** By type, in the order in which an editor offers them. */
export const LAYER_FIELDS: { readonly [T in Layer["type"]]: LayerFields } = {
  dense: { units: count, useBias, activation },
  conv1d: {
    filters: count,
    kernelSize: count,
    stride: { kind: "count", fallback: 1 },
    dilation: { kind: "count", fallback: 1 },
    groups: { kind: "count", fallback: 1 },
    padding: { kind: "choice", choices: ["same", "valid", "causal"], fallback: "same" },
    useBias,
    activation,
  },
  maxPool1d: pool1d,
  averagePool1d: pool1d,
  conv2d: {
    filters: count,
    kernelSize: size,
    stride: one,
    dilation: one,
    groups: { kind: "count", fallback: 1 },
    padding,
    useBias,
    activation,
  },
  conv2dTranspose: {
    filters: count,
    kernelSize: size,
    stride: one,
    padding,
    useBias,
    activation,
  },
  depthwiseConv2d: {
    kernelSize: size,
    multiplier: { kind: "count", fallback: 1 },
    stride: one,
    dilation: one,
    padding,
    useBias,
    activation,
  },
  maxPool2d: pool2d,
  averagePool2d: pool2d,
  globalAveragePool: {},
  globalMaxPool: {},
  upsample2d: { factor: { kind: "size", fallback: 2 } },
  lstm: recurrent,
  gru: recurrent,
  batchNormalization: {
    momentum: { kind: "share", fallback: 0.99 },
    epsilon,
    frozen: { kind: "flag", fallback: false },
  },
  layerNormalization: { epsilon },
  activation: { activation: { kind: "choice", choices: ACTIVATION_NAMES } },
  dropout: { rate },
  spatialDropout1d: { rate },
  spatialDropout2d: { rate },
  gaussianNoise: { standardDeviation: { kind: "amount" } },
  reshape: { shape: { kind: "shape" } },
  flatten: {},
  permute: { axes: { kind: "shape" } },
  residual: {
    layers: { kind: "layers" },
    shortcut: { kind: "layers", fallback: [] },
    activation,
  },
};
