/**
 * The MFCC block, version 4: mel-frequency cepstral coefficients over time, for speech (signal-
 * processing blocks, section 8). The scale of the samples moves coefficient 0 only, and nothing
 * where frames are normalized.
 */
import { frameLabels, frameLayout, frameParameters, parseFrameParameters } from "./audio-frames.ts";
import type { Block, BlockContext } from "./block.ts";
import { mfccFeatures } from "./operators/mfcc-features.ts";
import { slidingNormalization } from "./operators/sliding-normalization.ts";
import { type Parameter, parameterError } from "./parameters.ts";

const PARAMETERS: readonly Parameter[] = [
  {
    name: "num-cepstral",
    title: "Number of coefficients",
    type: "int",
    default: 13,
    help: "From 2 to the number of filters.",
  },
  ...frameParameters({ frameStride: 0.02, filters: 32 }),
  {
    name: "win-size",
    title: "Normalization window size",
    type: "int",
    default: 101,
    help: "In frames, an odd number; 0 leaves the coefficients as they are.",
  },
  {
    name: "pre-cof",
    title: "Pre-emphasis coefficient",
    type: "float",
    default: 0.98,
    help: "How much of the sample before is taken away; 0 takes nothing.",
  },
  {
    name: "pre-shift",
    title: "Pre-emphasis shift",
    type: "int",
    default: 1,
    help: "Which sample before: 1 is the one just before.",
  },
];

const framesOf = (context: BlockContext) => ({
  frames: frameLayout("mfcc", context).frames,
  columns: context.params["num-cepstral"] as number,
});

export const mfcc: Block = {
  type: "mfcc",
  title: "Audio (MFCC)",
  parameters: PARAMETERS,
  parse: (params) => {
    const values = parseFrameParameters("mfcc", PARAMETERS, params);
    const fail = (rule: string, name: string): never => {
      throw parameterError("mfcc", `"${name}" ${rule}`, values[name]);
    };
    const of = (name: string): number => values[name] as number;
    if (of("num-cepstral") < 2 || of("num-cepstral") > of("num-filters"))
      fail(`must be from 2 to the ${of("num-filters")} filters`, "num-cepstral");
    if (of("win-size") < 0 || (of("win-size") > 0 && of("win-size") % 2 === 0))
      fail("must be 0 or odd", "win-size");
    if (of("pre-shift") < 1) fail("must be at least 1", "pre-shift");
    return values;
  },
  labels: (context) => frameLabels(context.axes[0]!, framesOf(context), "coefficient"),
  frames: framesOf,
  build: (builder, input, context) => {
    const { params, rows } = context;
    const columns = params["num-cepstral"]!;
    const window = params["win-size"] as number;
    const preShift = params["pre-shift"] as number;
    const layout = frameLayout("mfcc", context);
    if (preShift >= rows)
      throw parameterError("mfcc", `"pre-shift" must be below the ${rows} samples`, preShift);
    const attributes = {
      ...layout,
      preEmphasis: params["pre-cof"]!,
      preShift,
      coefficients: columns,
    };
    const name = { name: "features" };
    if (window === 0) return builder.one(mfccFeatures, [input], attributes, name);
    const cepstrum = builder.one(mfccFeatures, [input], attributes, { name: "cepstrum" });
    return builder.one(slidingNormalization, [cepstrum], { columns, window }, name);
  },
};
