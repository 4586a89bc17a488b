/**
 * What the audio blocks share: their parameters, how a window is cut into frames, and the rules
 * that a mel filter bank must keep (signal-processing blocks, section 6, versions 3 and 4).
 */
import { isFftLength } from "../ir/routines/rfft.ts";
import type { BlockContext, Frames } from "./block.ts";
import { melEdges, melFilters } from "./mel.ts";
import {
  type Parameter,
  type ParameterValues,
  parameterError,
  parseParameters,
} from "./parameters.ts";

/** More frames than this are refused: features of that many are no longer small. */
const MAX_FRAMES = 500;
/** Longer transforms than this are longer than any frame of sound that makes sense. */
export const MAX_FFT_LENGTH = 16384;

/** The parameters of every audio block, with its own defaults. */
export function frameParameters(defaults: {
  readonly frameStride: number;
  readonly filters: number;
}): readonly Parameter[] {
  return [
    {
      name: "frame-length",
      title: "Frame length",
      type: "float",
      default: 0.02,
      help: "In seconds. What is beyond the FFT length is not looked at.",
    },
    {
      name: "frame-stride",
      title: "Frame stride",
      type: "float",
      default: defaults.frameStride,
      help: "Seconds from the start of one frame to the start of the next.",
    },
    {
      name: "num-filters",
      title: "Filter number",
      type: "int",
      default: defaults.filters,
      help: "Bands of the spectrum, at least 2; each must be at least one FFT bin wide.",
    },
    {
      name: "fft-length",
      title: "FFT length",
      type: "int",
      default: 256,
      help: `A power of two from 4 to ${MAX_FFT_LENGTH}; longer resolves finer frequencies.`,
    },
    {
      name: "low-frequency",
      title: "Low frequency",
      type: "float",
      default: 0,
      help: "The lowest frequency that is looked at, in hertz.",
    },
    {
      name: "high-frequency",
      title: "High frequency",
      type: "float",
      default: 0,
      help: "The highest frequency that is looked at, in hertz; 0 is half of the sampling rate.",
    },
    {
      name: "implementation-version",
      title: "Version",
      type: "int",
      default: 4,
      values: [3, 4],
      help: "4. Version 3 puts all filters into the lower half of the spectrum; for old projects.",
    },
  ];
}

/**
 * Checks the parameters of an audio block on their own. The published names, with underscores, are
 * taken too.
 */
export function parseFrameParameters(
  block: string,
  parameters: readonly Parameter[],
  params: unknown,
): ParameterValues {
  const dashed =
    typeof params === "object" && params !== null && !Array.isArray(params)
      ? Object.fromEntries(
          Object.entries(params).map(([name, value]) => [name.replaceAll("_", "-"), value]),
        )
      : params;
  const values = parseParameters(block, parameters, dashed);
  const fail = (rule: string, name: string): never => {
    throw parameterError(block, `"${name}" ${rule}`, values[name]);
  };
  const { "fft-length": fftLength } = values;
  for (const name of ["frame-length", "frame-stride"])
    if (!((values[name] as number) > 0)) fail("must be above 0 seconds", name);
  if ((values["num-filters"] as number) < 2) fail("must be at least 2", "num-filters");
  if (!isFftLength(fftLength as number) || (fftLength as number) > MAX_FFT_LENGTH)
    fail(`must be a power of two from 4 to ${MAX_FFT_LENGTH}`, "fft-length");
  for (const name of ["low-frequency", "high-frequency"])
    if ((values[name] as number) < 0) fail("must be at least 0 Hz", name);
  return values;
}

/** How a window is cut and which filters it meets, in samples and bins. */
export type FrameLayout = {
  readonly frames: number;
  readonly frameLength: number;
  readonly frameStride: number;
  readonly fftLength: number;
  /** See `melEdges`. */
  readonly edges: readonly number[];
};

/** Up to the next whole sample, unless only a rounding error lies above the one before. */
function samplesOf(value: number): number {
  const whole = Math.floor(value);
  return value - whole < 0.001 ? whole : whole + 1;
}

/**
 * The layout of a window.
 * @throws UserError `block-parameter` when the window has several axes, when it has no frame or
 * more than 500, and when a filter is narrower than one bin
 */
export function frameLayout(block: string, context: BlockContext): FrameLayout {
  const { axes, params, rows } = context;
  const of = (name: string): number => params[name] as number;
  if (axes.length !== 1)
    throw parameterError(
      block,
      "a window must have one axis",
      axes.join(", "),
      "Choose one of the axes for this block.",
    );
  const rateHz = Math.round(context.sampleRateHz);
  const frameLength = samplesOf(rateHz * of("frame-length"));
  const frameStride = samplesOf(rateHz * of("frame-stride"));
  if (frameLength < 1 || frameStride < 1)
    throw parameterError(
      block,
      `"frame-length" and "frame-stride" must reach from one sample to the next (${1 / rateHz} s)`,
      Math.min(of("frame-length"), of("frame-stride")),
    );
  const frames = Math.floor((rows - (frameLength - frameStride)) / frameStride);
  if (rows < frameLength || frames < 1)
    throw parameterError(
      block,
      `a window of ${rows} samples must hold one frame`,
      `${frameLength} samples`,
      "Choose longer windows or a shorter frame length.",
    );
  if (frames > MAX_FRAMES)
    throw parameterError(
      block,
      `a window must have at most ${MAX_FRAMES} frames`,
      frames,
      `Choose shorter windows, or a frame stride of at least ${rows / rateHz / MAX_FRAMES} s.`,
    );
  const fftLength = of("fft-length");
  return { frames, frameLength, frameStride, fftLength, edges: edgesOf(block, rateHz, params) };
}

function edgesOf(block: string, rateHz: number, params: ParameterValues): readonly number[] {
  const of = (name: string): number => params[name] as number;
  const [filters, fftLength, lowHz] = [of("num-filters"), of("fft-length"), of("low-frequency")];
  const highHz = of("high-frequency") || rateHz / 2;
  if (highHz > rateHz / 2)
    throw parameterError(
      block,
      `"high-frequency" must be at most half of the sampling rate (${rateHz / 2} Hz)`,
      highHz,
    );
  if (lowHz >= highHz)
    throw parameterError(block, `"low-frequency" must be below ${highHz} Hz`, lowHz);
  const span = of("implementation-version") === 3 ? fftLength / 2 + 1 : fftLength;
  const edges = melEdges(filters, span, rateHz, lowHz, highHz);
  if (melFilters(edges).some(({ weights }) => weights.length === 0))
    throw parameterError(
      block,
      `"num-filters" must leave each filter at least one bin of the FFT of ${fftLength}`,
      filters,
      `Choose ${Math.max(2, Math.floor((fftLength / 2 + 1) / 4))} filters, or a longer FFT.`,
    );
  return edges;
}

/** Names of the features, frame after frame. */
export function frameLabels(axis: string, { frames, columns }: Frames, what: string): string[] {
  return Array.from(
    { length: frames * columns },
    (_, i) => `${axis} frame ${Math.floor(i / columns)} ${what} ${i % columns}`,
  );
}
