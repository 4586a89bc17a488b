/**
 * The MFE block, version 4: the energies of mel filters over time in decibels, for sounds of any
 * kind (signal-processing blocks, section 7). Samples have the range of 16-bit integers.
 */
import { frameLabels, frameLayout, frameParameters, parseFrameParameters } from "./audio-frames.ts";
import type { Block, BlockContext } from "./block.ts";
import { HEADROOM_DB, mfeFeatures } from "./operators/mfe-features.ts";
import { type Parameter, parameterError } from "./parameters.ts";

const PARAMETERS: readonly Parameter[] = [
  ...frameParameters({ frameStride: 0.01, filters: 40 }),
  {
    name: "noise-floor-db",
    title: "Noise floor",
    type: "float",
    default: -52,
    help: "In decibels of full scale; what is quieter counts as silence.",
  },
];

/** The samples of speech and most sounds fall by 6 dB an octave; this levels them. */
const PRE_EMPHASIS = { preEmphasis: 0.98, preShift: 1 };

const framesOf = (context: BlockContext) => ({
  frames: frameLayout("mfe", context).frames,
  columns: context.params["num-filters"] as number,
});

export const mfe: Block = {
  type: "mfe",
  title: "Audio (MFE)",
  parameters: PARAMETERS,
  parse: (params) => {
    const values = parseFrameParameters("mfe", PARAMETERS, params);
    const floorDb = values["noise-floor-db"] as number;
    if (floorDb >= HEADROOM_DB)
      throw parameterError("mfe", `"noise-floor-db" must be below ${HEADROOM_DB} dB`, floorDb);
    return values;
  },
  labels: (context) => frameLabels(context.axes[0]!, framesOf(context), "filter"),
  frames: framesOf,
  build: (builder, input, context) =>
    builder.one(
      mfeFeatures,
      [input],
      {
        ...frameLayout("mfe", context),
        ...PRE_EMPHASIS,
        noiseFloorDb: context.params["noise-floor-db"]!,
      },
      { name: "features" },
    ),
};
