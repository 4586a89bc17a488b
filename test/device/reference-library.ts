/**
 * A small pipeline with random weights, assembled as the runner does it: window, features,
 * standardisation, int8 network, probabilities and k-means score. Tests package it and run it
 * everywhere; `scripts/measure-code.mjs` measures variations of it.
 */
import { makeRng } from "../../src/base/rng.ts";
import { compile } from "../../src/compiler/compile.ts";
import type { Program } from "../../src/compiler/program.ts";
import { calibrate } from "../../src/compress/calibrate.ts";
import { int8NameOf, quantizeGraph, tensorsToCalibrate } from "../../src/compress/quantize.ts";
import type { ExpectedOutputs, LibraryInfo } from "../../src/deploy/library.ts";
import { joinWindows } from "../../src/deploy/parity.ts";
import { interpretInstance, wasmInstance } from "../../src/engine/instance.ts";
import { fitKMeans, selectAxes } from "../../src/models/k-means.ts";
import { type Layer, makeModel } from "../../src/models/layers.ts";
import { assemblePipeline } from "../../src/pipeline/assemble.ts";
import { prepareBlock } from "../../src/pipeline/features.ts";

export type ReferenceOptions = {
  readonly project?: string;
  readonly block?: string;
  readonly params?: { readonly [name: string]: number | string | boolean };
  readonly axes?: readonly string[];
  readonly rows?: number;
  readonly sampleRateHz?: number;
  readonly layers?: readonly Layer[];
  readonly labels?: readonly string[];
  readonly perChannel?: boolean;
  readonly standardized?: boolean;
  /** Whose features are scored; the block itself where it is absent. */
  readonly anomalyBlock?: string;
  readonly clusters?: number;
  readonly golden?: number;
};

export type Reference = { readonly program: Program; readonly info: LibraryInfo };

/** @param options.clusters of the anomaly score; 0 leaves it out */
export function referenceLibrary(options: ReferenceOptions = {}): Reference {
  const {
    project = "Reference",
    block = "spectral",
    params = { "fft-length": 32 },
    axes = ["accX", "accY", "accZ"],
    rows = 100,
    sampleRateHz = 50,
    layers = [
      { type: "dense", units: 12, activation: "relu" },
      { type: "dense", units: 8, activation: "relu" },
    ],
    labels = ["idle", "wave", "circle \u00fc"],
    perChannel = true,
    standardized = true,
    anomalyBlock,
    clusters = 8,
    golden = 3,
  } = options;
  const rng = makeRng(7);
  const random = (size: number) => Float32Array.from({ length: size }, () => rng.normal());
  const layout = { axes, sampleRateHz, rows };
  const prepared = prepareBlock({ type: block, params }, layout);
  const scoredBlock = prepareBlock(
    { type: anomalyBlock ?? block, params: anomalyBlock ? {} : params },
    layout,
  );
  const [width, scoredWidth] = [prepared.labels.length, scoredBlock.labels.length];
  const scored = [...new Set([0, Math.min(3, scoredWidth - 1), scoredWidth - 1])];
  const points = selectAxes(random(scoredWidth * 40), scoredWidth, scored);
  const model = makeModel(layers, [width], labels.length, 3);
  const pipeline = assemblePipeline({
    block: prepared,
    standardization: standardized ? { mean: random(width), inverseStd: random(width) } : undefined,
    model,
    parameters: model.parameters,
    anomaly:
      clusters > 0
        ? { block: scoredBlock, axes: scored, kMeans: fitKMeans(points, { clusters, seed: 1 }) }
        : undefined,
  });
  const windows = randomWindows(rows * axes.length, Math.max(golden, 4));
  const bounds = { from: pipeline.networkInput, to: pipeline.probabilities };
  const ranges = calibrate(pipeline.graph, tensorsToCalibrate(pipeline.graph, bounds), {
    [pipeline.input]: new Float32Array(joinWindows(windows).buffer as ArrayBuffer),
  });
  const { input, features, probabilities, anomaly } = pipeline;
  const quantized = int8NameOf(probabilities);
  const outputs = [features, quantized, probabilities, ...(anomaly === undefined ? [] : [anomaly])];
  const graph = quantizeGraph(pipeline.graph, ranges, { ...bounds, perChannel, outputs });
  const program = compile({ run: graph }, { alignment: 4 });
  const info: LibraryInfo = {
    project,
    labels,
    axes: axes.map((name) => ({ name, units: "m/s2" })),
    rows,
    intervalMs: 1000 / sampleRateHz,
    tensors: {
      input,
      features,
      quantized,
      probabilities,
      ...(anomaly === undefined ? {} : { anomaly }),
    },
    ...(clusters > 0 ? { anomalyThreshold: 1.25 } : {}),
    macs: 1234,
    golden: [],
  };
  const shown = windows.slice(0, golden);
  const expected = expectedOutputs({ program, info }, shown);
  return {
    program,
    info: { ...info, golden: shown.map((window, i) => ({ window, expected: expected[i]! })) },
  };
}

/** Noise on slow waves, with offsets, silence and one spike. */
export function randomWindows(values: number, count: number, seed = 1): Float32Array[] {
  const rng = makeRng(seed);
  return Array.from({ length: count }, (_, w) => {
    const amplitude = w % 5 === 4 ? 0 : 10 * rng.float();
    const offset = rng.normal();
    const window = Float32Array.from({ length: values }, (_, i) => {
      const wave = ((i * (w + 1)) % 23) / 23;
      return offset + amplitude * (wave + 0.3 * rng.normal());
    });
    window[rng.int(values)]! *= 3;
    return window;
  });
}

/** What the program gives for each window, computed in this process. */
export function expectedOutputs(
  { program, info }: Reference,
  windows: readonly Float32Array[],
  engine: "wasm" | "interpreter" = "wasm",
): ExpectedOutputs[] {
  const instance = engine === "wasm" ? wasmInstance(program) : interpretInstance(program);
  const entry = program.entries[0]!;
  const copy = (name: string) => {
    const tensor = entry.outputs.find((output) => output.name === name)!;
    return instance.view(tensor).slice();
  };
  return windows.map((window) => {
    instance.view(entry.inputs[0]!).set(window);
    instance.run("run");
    const { features, quantized, probabilities, anomaly } = info.tensors;
    return {
      features: copy(features) as Float32Array,
      ...(quantized === undefined ? {} : { quantized: copy(quantized) as Int8Array }),
      probabilities: copy(probabilities) as Float32Array,
      ...(anomaly === undefined ? {} : { anomaly: copy(anomaly)[0]! }),
    };
  });
}
