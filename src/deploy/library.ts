/**
 * What a packager must know beside the program: names, units, labels, and which tensor plays which
 * part. `describeLibrary` checks it against the program once and gives all packagers and figures
 * the same view of what the C library will hold.
 */
import { utf8 } from "../base/bytes.ts";
import { assert, UserError } from "../base/errors.ts";
import { type CSource, emitC } from "../compiler/emit/c/emit-c.ts";
import { identifier, makeScope } from "../compiler/emit/c/names.ts";
import type { Program, ProgramTensor } from "../compiler/program.ts";
import { type DType, sizeOf } from "../tensor/tensor.ts";

/** What one window must give, to the bit. */
export type ExpectedOutputs = {
  readonly features: Float32Array;
  /** Absent where the network is in float32. */
  readonly quantized?: Int8Array;
  readonly probabilities: Float32Array;
  /** Absent where the program has no anomaly score. */
  readonly anomaly?: number;
};

export type GoldenWindow = { readonly window: Float32Array; readonly expected: ExpectedOutputs };

export type LibraryInfo = {
  /** Name of the project; every name in the library starts with it. */
  readonly project: string;
  /** @default "classification" */
  readonly task?: "classification" | "regression";
  /** Of the outputs: labels, or names of the numbers that a regression predicts. */
  readonly labels: readonly string[];
  /** The columns of a window. `units` may be empty. */
  readonly axes: readonly { readonly name: string; readonly units: string }[];
  /** Time steps of one window. */
  readonly rows: number;
  /** Between two time steps. */
  readonly intervalMs: number;
  /** Names of the tensors of the entry "run" that play these parts. */
  readonly tensors: {
    readonly input: string;
    readonly features: string;
    /** int8, one for each label: what a quantised network gives before it becomes a probability. */
    readonly quantized?: string;
    /** float32, one for each label; of a regression the predicted numbers. */
    readonly probabilities: string;
    readonly anomaly?: string;
  };
  /** Scores above it are unlike the training data. */
  readonly anomalyThreshold?: number;
  /** Multiply-accumulates of one run, for the figures. */
  readonly macs: number;
  /** Windows that ship as a self-test, at least one, few. */
  readonly golden: readonly GoldenWindow[];
};

export type Library = {
  readonly info: LibraryInfo;
  readonly program: Program;
  readonly source: CSource;
  /** C identifier that starts every exported name: `gestures`. */
  readonly prefix: string;
  /** The same in capitals, for macros and enumerators. */
  readonly macro: string;
  /** What the outputs are called, in C and in words. */
  readonly outputs: OutputNames;
  /** Enumerator of each label, without the prefix: `LABEL_IDLE`. */
  readonly enumerators: readonly string[];
  /** Characters of a label's text with its final zero, the longest of all. */
  readonly labelWidth: number;
  readonly input: ProgramTensor;
  readonly features: ProgramTensor;
  readonly quantized: ProgramTensor | undefined;
  readonly probabilities: ProgramTensor;
  readonly anomaly: ProgramTensor | undefined;
};

/** The field and the macro of the results, and the enumerators of their indices. */
export type OutputNames = {
  readonly isRegression: boolean;
  /** Field of the result: `probabilities`, `values`. */
  readonly field: string;
  /** Macro of their number and prefix of their enumerators: `LABEL`, `TARGET`. */
  readonly noun: "LABEL" | "TARGET";
};

export const outputNames = ({ task }: Pick<LibraryInfo, "task">): OutputNames =>
  task === "regression"
    ? { isRegression: true, field: "values", noun: "TARGET" }
    : { isRegression: false, field: "probabilities", noun: "LABEL" };

/** What the files of a library declare beside the generated functions, after the prefix. */
const EXPORTED = [
  "input",
  "run",
  "classify",
  "result",
  "status",
  "label",
  "label_names",
  "target",
  "target_names",
];

/** The C identifier made of a project's name, lower case: "My gestures" gives `my_gestures`. */
export function cPrefix(project: string): string {
  return identifier(project.normalize("NFKD").toLowerCase());
}

/**
 * @throws UserError `library-tensor` when the program has no such tensor or it has another type
 * @throws UserError `library-window` when the window of `info` is not the program's input
 */
export function describeLibrary(program: Program, info: LibraryInfo): Library {
  const entry = program.entries.find(({ name }) => name === "run");
  if (!entry) throw new Error('library: the program must have an entry "run"');
  const find = (role: keyof LibraryInfo["tensors"], dtype: DType, size?: number): ProgramTensor => {
    const name = info.tensors[role];
    const tensors = role === "input" ? entry.inputs : entry.outputs;
    const tensor = tensors.find((candidate) => candidate.name === name);
    const fits = tensor?.dtype === dtype && (size === undefined || sizeOf(tensor.shape) === size);
    if (tensor && fits) return tensor;
    const rule = `${role} must be ${dtype}${size === undefined ? "" : `[${size}]`}`;
    const got = tensor ? `${tensor.dtype} [${tensor.shape.join(", ")}]` : `no tensor "${name}"`;
    throw new UserError("library-tensor", `package ${info.project}: ${rule}, got ${got}`);
  };
  const input = find("input", "float32");
  const values = info.rows * info.axes.length;
  if (sizeOf(input.shape) !== values)
    throw new UserError(
      "library-window",
      `package ${info.project}: the window must have ${sizeOf(input.shape)} values, got ${info.rows} rows of ${info.axes.length} axes`,
    );
  assert(info.golden.length > 0, "library: the self-test needs a golden window");
  const prefix = cPrefix(info.project);
  const scope = makeScope();
  const outputs = outputNames(info);
  return {
    info,
    program,
    source: emitC(program, { prefix, exported: EXPORTED }),
    prefix,
    macro: prefix.toUpperCase(),
    outputs,
    enumerators: info.labels.map((label) =>
      scope.name(`${outputs.noun}_${identifier(label.normalize("NFKD")).toUpperCase()}`),
    ),
    labelWidth: Math.max(...info.labels.map((label) => utf8(label).length)) + 1,
    input,
    features: find("features", "float32"),
    quantized:
      info.tensors.quantized === undefined
        ? undefined
        : find("quantized", "int8", info.labels.length),
    probabilities: find("probabilities", "float32", info.labels.length),
    anomaly: info.tensors.anomaly === undefined ? undefined : find("anomaly", "float32", 1),
  };
}

/** Read-only bytes of the library: the struct of constants and the texts of the labels. */
export function constantBytesOf(library: Library): number {
  return library.source.data.bytes + library.info.labels.length * library.labelWidth;
}
