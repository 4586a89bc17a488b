/**
 * The C library of a run: compiles the pipeline for the device, picks golden windows, packs
 * the files, and knows how to link and verify them.
 */
import { compile } from "../compiler/compile.ts";
import { type PackedFile, packC99 } from "../deploy/c99.ts";
import { type DeviceFigures, figuresOf, linkedFigures } from "../deploy/figures.ts";
import { describeLibrary, type ExpectedOutputs, type LibraryInfo } from "../deploy/library.ts";
import { type ParityFigures, runParity } from "../deploy/parity.ts";
import type { Host } from "../engine/host.ts";
import type { Graph } from "../graph/graph.ts";
import { tensorOf } from "../graph/graph.ts";
import type { Layout } from "../samples/layout.ts";
import type { Pipeline } from "./assemble.ts";
import type { Evaluation } from "./evaluate.ts";
import type { Task } from "./recipe.ts";

export type GenerateInput = {
  readonly project: string;
  readonly layout: Layout;
  readonly labels: readonly string[];
  readonly rows: number;
  readonly task: Task;
  /** What ships, unless the network has no int8 form. */
  readonly int8: Evaluated | undefined;
  /** The same before quantization: its bits are checked too, but it does not ship beside int8. */
  readonly float32: Evaluated;
  readonly anomalyThreshold: number | undefined;
  /** Test windows one after another, and their labels; all 0 for a regression. */
  readonly windows: Float32Array;
  readonly windowLabels: ArrayLike<number>;
};

/** A pipeline and what it says of the test windows. */
export type Evaluated = { readonly pipeline: Pipeline; readonly evaluation: Evaluation };

export type GeneratedLibrary = {
  readonly files: readonly PackedFile[];
  readonly computed: DeviceFigures;
  /** Figures of a build for the device; undefined where there is no compiler for it. */
  readonly link: (host: Host) => Promise<DeviceFigures | undefined>;
  /** Every test window through the compiled library; undefined where there is no C compiler. */
  readonly verify: (host: Host) => Promise<ParityFigures | undefined>;
};

/** Windows of each label that ship as a self-test, and of numbers. */
const GOLDEN_PER_LABEL = 2;
const GOLDEN_NUMBERS = 5;

export function generateLibrary(input: GenerateInput): GeneratedLibrary {
  const { program, info } = libraryOf(input, input.int8 ?? input.float32);
  const files = packC99(program, info);
  return {
    files,
    computed: figuresOf(describeLibrary(program, info)),
    link: (host) => linkedFigures(host, info, files),
    verify: (host) => verifyLibraries(host, input, info, files),
  };
}

/** The program and description of a pipeline as a library. */
function libraryOf(input: GenerateInput, { pipeline, evaluation }: Evaluated) {
  const { layout, anomalyThreshold, task } = input;
  const info: LibraryInfo = {
    project: input.project,
    task,
    labels: input.labels,
    axes: layout.axes,
    rows: input.rows,
    intervalMs: layout.isTable ? 0 : 1000 / layout.sampleRateHz,
    tensors: {
      input: pipeline.input,
      features: pipeline.features,
      ...(pipeline.quantized === undefined ? {} : { quantized: pipeline.quantized }),
      probabilities: pipeline.probabilities,
      ...(pipeline.anomaly === undefined ? {} : { anomaly: pipeline.anomaly }),
    },
    ...(anomalyThreshold === undefined ? {} : { anomalyThreshold }),
    macs: macsOf(pipeline.graph),
    golden: goldenRows(input).map((w) => ({
      window: windowAt(input, w),
      expected: expectedAt(evaluation, w),
    })),
  };
  return { program: compile({ run: pipeline.graph }, { alignment: 4 }), info };
}

/**
 * Runs every test window through the compiled library, and through the float32 form of it, which
 * shows that inference before quantisation agrees as well.
 */
async function verifyLibraries(
  host: Host,
  input: GenerateInput,
  info: LibraryInfo,
  files: readonly PackedFile[],
): Promise<ParityFigures | undefined> {
  const rows = Array.from({ length: input.float32.evaluation.count }, (_, w) => w);
  const windows = rows.map((w) => windowAt(input, w));
  const expected = ({ evaluation }: Evaluated): ExpectedOutputs[] =>
    rows.map((w) => expectedAt(evaluation, w));
  if (!input.int8) return runParity(host, info, files, windows, expected(input.float32));
  const float32 = libraryOf(input, input.float32);
  const [shipped, reference] = await Promise.all([
    runParity(host, info, files, windows, expected(input.int8)),
    runParity(
      host,
      float32.info,
      packC99(float32.program, float32.info),
      windows,
      expected(input.float32),
    ),
  ]);
  if (!shipped || !reference) return undefined;
  const larger = (of: (figures: ParityFigures) => number): number =>
    Math.max(of(shipped), of(reference));
  return {
    ...shipped,
    float32MaxUlp: larger((figures) => figures.float32MaxUlp),
    featureMaxUlp: larger((figures) => figures.featureMaxUlp),
    anomalyMaxUlp: larger((figures) => figures.anomalyMaxUlp),
  };
}

function windowAt(input: GenerateInput, w: number): Float32Array {
  const size = input.rows * input.layout.axes.length;
  return input.windows.slice(w * size, (w + 1) * size);
}

/** The first windows of each label, spread over its test windows. */
function goldenRows({ task, labels: names, windowLabels: labels }: GenerateInput): number[] {
  const rows: number[] = [];
  const isNumeric = task === "regression";
  const most = isNumeric ? GOLDEN_NUMBERS : GOLDEN_PER_LABEL;
  for (let label = 0; label < (isNumeric ? 1 : names.length); label++) {
    const own = Array.from({ length: labels.length }, (_, w) => w).filter(
      (w) => labels[w] === label,
    );
    const take = Math.min(most, own.length);
    for (let i = 0; i < take; i++) rows.push(own[Math.floor(((i + 0.5) * own.length) / take)]!);
  }
  return rows;
}

/** What window `w` gives. */
function expectedAt(evaluation: Evaluation, w: number): ExpectedOutputs {
  const row = <T extends Float32Array | Int8Array>(values: T): T => {
    const width = values.length / evaluation.count;
    return values.slice(w * width, (w + 1) * width) as T;
  };
  return {
    features: row(evaluation.features),
    ...(evaluation.quantized.length > 0 ? { quantized: row(evaluation.quantized) } : {}),
    probabilities: row(evaluation.probabilities),
    ...(evaluation.anomaly.length > 0 ? { anomaly: evaluation.anomaly[w]! } : {}),
  };
}

/** Multiply-accumulates of one run of a graph. */
export function macsOf(graph: Graph): number {
  return graph.nodes.reduce(
    (sum, node) =>
      sum +
      (node.operator.macs?.({
        attributes: node.attributes,
        inputs: node.inputs.map((name) => tensorOf(graph, name)),
        outputs: node.outputs.map((name) => tensorOf(graph, name)),
      }) ?? 0),
    0,
  );
}
