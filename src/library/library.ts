/**
 * The library: `import { makeNetwork, trainNetwork } from "tinsmith"`. Runs in Node and in a
 * browser. docs/library.md tells how.
 */
export { CancelledError, UserError } from "../base/errors.ts";
export { makeRng, type Rng } from "../base/rng.ts";
export type { Layer } from "../models/layer.ts";
export { LAYER_FIELDS, type LayerField } from "../models/layer-fields.ts";
export type { AddLayer, LayerNode, Merge, Value } from "../models/layer-graph.ts";
export type { EpochReport, FitOptions, FitResult } from "../train/fit.ts";
export { makePauseSwitch, type PauseSwitch } from "../train/pause-switch.ts";
export {
  type Examples,
  evaluate,
  makeNetwork,
  type Network,
  type NetworkDesign,
  type NetworkOptions,
  type NetworkScore,
  predict,
  type Task,
  type Trained,
  type TrainOptions,
  trainNetwork,
} from "./network.ts";
export { loadNetwork, type NetworkFile, saveNetwork } from "./network-file.ts";
