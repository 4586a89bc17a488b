/**
 * The spectral block, version 4 with FFT: statistics and max-hold power spectrum of each axis, for
 * motion and vibration (signal-processing blocks, section 5). In order: scale, filter from a state
 * of zero, subtract the mean, features. A filter that starts on an offset rings; that is part of
 * the definition.
 */
import type { GraphBuilder } from "../graph/graph.ts";
import { scale } from "../graph/operators/scale.ts";
import { type Biquad, largestPole } from "../ir/routines/biquad.ts";
import { isFftLength } from "../ir/routines/rfft.ts";
import type { Block, BlockContext } from "./block.ts";
import { butterworth } from "./butterworth.ts";
import { biquadFilter, coefficientsOf } from "./operators/biquad-filter.ts";
import { spectralFeatures } from "./operators/spectral-features.ts";
import {
  type Parameter,
  type ParameterValues,
  parameterError,
  parseParameters,
  SCALE_AXES,
} from "./parameters.ts";

const PARAMETERS: readonly Parameter[] = [
  SCALE_AXES,
  {
    name: "input-decimation-ratio",
    title: "Input decimation ratio",
    type: "select",
    default: "1",
    values: ["1"],
    help: "Decimation is not available yet: leave it at 1.",
  },
  {
    name: "filter-type",
    title: "Filter type",
    type: "select",
    default: "none",
    values: ["none", "low", "high"],
    help: "Keeps what lies below (low) or above (high) the cutoff, or everything (none).",
  },
  {
    name: "filter-cutoff",
    title: "Cutoff frequency",
    type: "float",
    default: 3,
    help: "In hertz, above 0 and below half of the sampling rate.",
  },
  {
    name: "filter-order",
    title: "Filter order",
    type: "int",
    default: 6,
    values: [0, 2, 4, 6, 8],
    help: "A higher order is steeper; 0 leaves the signal as it is and only drops the bins beyond the cutoff.",
  },
  {
    name: "analysis-type",
    title: "Analysis type",
    type: "select",
    default: "FFT",
    values: ["FFT"],
    help: "Wavelet analysis is not available yet: leave it at FFT.",
  },
  {
    name: "fft-length",
    title: "FFT length",
    type: "int",
    default: 16,
    help: "A power of two from 4 to 65536; longer resolves finer frequencies and gives more features.",
  },
  {
    name: "do-log",
    title: "Logarithm of spectrum",
    type: "boolean",
    default: true,
    help: "Takes log10 of the spectral powers.",
  },
  {
    name: "do-fft-overlap",
    title: "Overlap FFT frames",
    type: "boolean",
    default: true,
    help: "Lets every frame begin in the middle of the one before.",
  },
  {
    name: "wavelet-level",
    title: "Wavelet decomposition level",
    type: "int",
    default: 1,
    values: [1],
    help: "Wavelet analysis is not available yet: leave it at 1.",
  },
  {
    name: "wavelet",
    title: "Wavelet",
    type: "select",
    default: "db4",
    values: ["db4"],
    help: "Wavelet analysis is not available yet: leave it at db4.",
  },
  {
    name: "extra-low-freq",
    title: "Improve low frequency resolution",
    type: "boolean",
    default: false,
    values: [false],
    help: "A second spectrum at a tenth of the rate is not available yet: leave it off.",
  },
];

const STATISTICS = ["RMS", "Skewness", "Kurtosis", "Spectral Skewness", "Spectral Kurtosis"];

/** Parameters under their meaning. */
function read(params: ParameterValues) {
  return {
    factor: params["scale-axes"] as number,
    filterType: params["filter-type"] as "none" | "low" | "high",
    cutoffHz: params["filter-cutoff"] as number,
    order: params["filter-order"] as number,
    fftLength: params["fft-length"] as number,
    log: params["do-log"] as boolean,
    overlap: params["do-fft-overlap"] as boolean,
  };
}

/** First and last bin that the cutoff leaves; direct current is never among them. */
function binRange({ params, sampleRateHz }: BlockContext): readonly [number, number] {
  const { filterType, cutoffHz, fftLength } = read(params);
  const cutoffBin = (Math.min(cutoffHz, sampleRateHz / 2) * fftLength) / sampleRateHz;
  const first = filterType === "high" ? Math.max(1, Math.trunc(cutoffBin - 0.5) + 1) : 1;
  const last = filterType === "low" ? Math.trunc(cutoffBin + 0.5) : fftLength / 2;
  if (last < first)
    throw parameterError(
      "spectral",
      `"filter-cutoff" must leave at least one FFT bin (they are ${sampleRateHz / fftLength} Hz apart)`,
      cutoffHz,
      "Choose a higher cutoff or a longer FFT.",
    );
  return [first, last];
}

/** The filter of the signal; none of order 0. */
function filterOf({ params, sampleRateHz }: BlockContext): readonly Biquad[] {
  const { filterType, cutoffHz, order } = read(params);
  if (filterType === "none" || order === 0) return [];
  if (cutoffHz >= sampleRateHz / 2)
    throw parameterError(
      "spectral",
      `"filter-cutoff" must be below half of the sampling rate (${sampleRateHz / 2} Hz)`,
      cutoffHz,
      "Choose a lower cutoff, or no filter.",
    );
  const sections = butterworth(filterType, order, cutoffHz, sampleRateHz);
  if (!sections.every((section) => largestPole(section) < 1))
    throw parameterError(
      "spectral",
      `"filter-cutoff" must give a stable filter of order ${order} in float32`,
      cutoffHz,
      "Move the cutoff away from 0 and from half of the sampling rate, or choose a lower order.",
    );
  return sections;
}

function addFilter(builder: GraphBuilder, input: string, sections: readonly Biquad[]): string {
  if (sections.length === 0) return input;
  return builder.one(biquadFilter, [input], { coefficients: coefficientsOf(sections) });
}

export const spectral: Block = {
  type: "spectral",
  title: "Spectral analysis",
  parameters: PARAMETERS,
  parse: (params) => {
    const values = parseParameters("spectral", PARAMETERS, params);
    const { fftLength, filterType, cutoffHz } = read(values);
    if (!isFftLength(fftLength))
      throw parameterError(
        "spectral",
        '"fft-length" must be a power of two from 4 to 65536',
        fftLength,
      );
    if (filterType !== "none" && cutoffHz <= 0)
      throw parameterError("spectral", '"filter-cutoff" must be above 0 Hz', cutoffHz);
    return values;
  },
  labels: (context) => {
    const { fftLength } = read(context.params);
    const [first, last] = binRange(context);
    const spacing = context.sampleRateHz / fftLength;
    const edge = (bin: number): number => Number((bin * spacing).toFixed(2));
    const bins = Array.from({ length: last - first + 1 }, (_, i) => {
      const bin = first + i;
      return `Spectral Power ${edge(bin - 0.5)} - ${edge(bin + 0.5)} Hz`;
    });
    return context.axes.flatMap((axis) =>
      [...STATISTICS, ...bins].map((name) => `${axis} ${name}`),
    );
  },
  build: (builder, input, context) => {
    const { factor, fftLength, log, overlap } = read(context.params);
    const [firstBin, lastBin] = binRange(context);
    const sections = filterOf(context);
    const scaled = factor === 1 ? input : builder.one(scale, [input], { factor });
    const signal = addFilter(builder, scaled, sections);
    const hop = overlap ? fftLength / 2 : fftLength;
    return builder.one(
      spectralFeatures,
      [signal],
      { fftLength, hop, log, firstBin, lastBin },
      { name: "features" },
    );
  },
};
