/**
 * The flatten block: seven statistics of each axis, each of which can be left out. For slowly
 * changing signals, whose level and spread say more than their shape.
 */
import { scale } from "../graph/operators/scale.ts";
import type { Block } from "./block.ts";
import { flattenStatistics, STATISTICS, type Statistic } from "./operators/flatten-statistics.ts";
import {
  type Parameter,
  type ParameterValues,
  parameterError,
  parseParameters,
  SCALE_AXES,
} from "./parameters.ts";

/** Title and what it tells, for each statistic. */
const DESCRIPTIONS: { readonly [S in Statistic]: readonly [string, string] } = {
  average: ["Average", "The mean of the axis."],
  minimum: ["Minimum", "The smallest value."],
  maximum: ["Maximum", "The largest value."],
  rms: ["RMS", "The root of the mean square: the energy, offset included."],
  stdev: ["Standard deviation", "The spread around the average."],
  skewness: ["Skewness", "How unevenly the values lie around the average."],
  kurtosis: ["Kurtosis", "How much of the spread comes from rare, large values."],
};

const PARAMETERS: readonly Parameter[] = [
  SCALE_AXES,
  ...STATISTICS.map((name): Parameter => {
    const [title, help] = DESCRIPTIONS[name];
    return { name, title, type: "boolean", default: true, help };
  }),
  {
    name: "moving-avg-num-windows",
    title: "Moving average",
    type: "int",
    default: 0,
    values: [0],
    help: "Averages over several windows are not available yet: leave it at 0.",
  },
];

const chosen = (params: ParameterValues): readonly Statistic[] =>
  STATISTICS.filter((name) => params[name] === true);

export const flatten: Block = {
  type: "flatten",
  title: "Flatten",
  parameters: PARAMETERS,
  parse: (params) => {
    const values = parseParameters("flatten", PARAMETERS, params);
    if (chosen(values).length === 0)
      throw parameterError("flatten", "at least one statistic must be on", "none");
    return values;
  },
  labels: ({ axes, params }) =>
    axes.flatMap((axis) => chosen(params).map((name) => `${axis} ${DESCRIPTIONS[name][0]}`)),
  build: (builder, input, { params }) => {
    const factor = params["scale-axes"]!;
    const signal = factor === 1 ? input : builder.one(scale, [input], { factor });
    const statistics = chosen(params);
    return builder.one(flattenStatistics, [signal], { statistics }, { name: "features" });
  },
};
