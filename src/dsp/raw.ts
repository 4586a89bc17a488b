/** The raw block: the values of the window, scaled, are the features. */
import type { Block } from "./block.ts";
import { rawFeatures } from "./operators/raw-features.ts";
import { type Parameter, parseParameters, SCALE_AXES } from "./parameters.ts";

const PARAMETERS: readonly Parameter[] = [SCALE_AXES];

export const raw: Block = {
  type: "raw",
  title: "Raw data",
  parameters: PARAMETERS,
  parse: (params) => parseParameters("raw", PARAMETERS, params),
  labels: ({ axes, rows }) =>
    Array.from({ length: rows }, (_, row) => axes.map((axis) => `${axis} ${row}`)).flat(),
  build: (builder, input, { params }) =>
    builder.one(rawFeatures, [input], { scale: params["scale-axes"]! }, { name: "features" }),
};
