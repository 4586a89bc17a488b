/** The layers that a network may be written with, as data: what a recipe holds. */
import type { Shape } from "../tensor/tensor.ts";
import type { Activation } from "./activations.ts";
import type { Biased, ImageLayer } from "./image-layers.ts";
import type { RecurrentLayer } from "./recurrent-layers.ts";

export type Padding = "same" | "valid";

export type Layer =
  | (Biased & {
      readonly type: "dense";
      readonly units: number;
      readonly activation?: Activation;
    })
  | (Biased & {
      readonly type: "conv1d";
      readonly filters: number;
      readonly kernelSize: number;
      /** @default 1 */
      readonly stride?: number;
      /** @default 1 */
      readonly dilation?: number;
      /** Must divide the channels and the filters. @default 1 */
      readonly groups?: number;
      /** With "causal" no output sees a later input. @default "same" */
      readonly padding?: Padding | "causal";
      readonly activation?: Activation;
    })
  | {
      readonly type: "maxPool1d";
      /** @default 2 */
      readonly size?: number;
      /** @default size */
      readonly stride?: number;
      /** @default "same" */
      readonly padding?: Padding;
    }
  | { readonly type: "activation"; readonly activation: Activation }
  | {
      readonly type: "batchNormalization";
      /** Share of the old running statistics that a step keeps. @default 0.99 */
      readonly momentum?: number;
      /** @default 0.001 */
      readonly epsilon?: number;
      /**
       * Keeps the statistics as they are and uses them in training too, as transfer learning wants;
       * scale and shift still learn. @default false
       */
      readonly frozen?: boolean;
    }
  | {
      readonly type: "layerNormalization";
      /** @default 0.001 */
      readonly epsilon?: number;
    }
  | { readonly type: "dropout"; readonly rate: number }
  /** Drops whole channels. */
  | { readonly type: "spatialDropout1d" | "spatialDropout2d"; readonly rate: number }
  | { readonly type: "gaussianNoise"; readonly standardDeviation: number }
  /** Of one sample, without the batch dimension. */
  | { readonly type: "reshape"; readonly shape: Shape }
  | { readonly type: "flatten" }
  /** Axes of one sample in a new order, counted from 1: [2, 1] transposes. */
  | { readonly type: "permute"; readonly axes: readonly number[] }
  /** The sum of two branches over one input: `layers`, and `shortcut`, by default the input itself. */
  | {
      readonly type: "residual";
      readonly layers: readonly Layer[];
      readonly shortcut?: readonly Layer[];
      readonly activation?: Activation;
    }
  | ImageLayer
  | RecurrentLayer;
