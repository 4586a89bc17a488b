/**
 * Checks a packaged library against the engine that trained it: compiles the files with the
 * machine's C compiler, streams windows through, and compares every output bit by bit.
 */
import { cPrefix, type ExpectedOutputs, type LibraryInfo, outputNames } from "./library.ts";
import { runTool, type ToolHost, versionOf, withFiles } from "./tool-host.ts";

export type ParityFigures = {
  /** What the compiler says of itself. */
  readonly compiler: string;
  readonly windows: number;
  /** int8 outputs that differ. */
  readonly int8Mismatches: number;
  /** The largest distance of two probabilities, or predicted numbers, in units in the last place. */
  readonly float32MaxUlp: number;
  readonly featureMaxUlp: number;
  readonly anomalyMaxUlp: number;
};

/** C compilers by preference. */
const COMPILERS = ["cc", "gcc", "clang"];

type Files = readonly { readonly path: string; readonly text: string }[];

/**
 * A program that reads windows (float32 in the machine's order) with `harness_read`, until it gives
 * 0, and hands features, int8 outputs, probabilities and anomaly of each to `harness_write`.
 */
export function harnessText(info: Pick<LibraryInfo, "project" | "tensors" | "task">): string {
  const prefix = cPrefix(info.project);
  const macro = prefix.toUpperCase();
  const anomaly = info.tensors.anomaly !== undefined;
  const quantized = info.tensors.quantized !== undefined;
  const { field, noun } = outputNames(info);
  return `#include "${prefix}.h"

int harness_read(void *to, unsigned bytes);
void harness_write(const void *from, unsigned bytes);
int harness_run(void);

int harness_run(void) {
  ${prefix}_result result;
  while (harness_read(${prefix}_input(), ${macro}_WINDOW_VALUES * sizeof(float))) {
    if (${prefix}_run(&result) != ${macro}_OK) return 1;
    harness_write(result.features, ${macro}_FEATURES * sizeof(float));
${quantized ? `    harness_write(result.quantized, ${macro}_${noun}S);\n` : ""}    harness_write(result.${field}, sizeof result.${field});
${anomaly ? "    harness_write(&result.anomaly, sizeof result.anomaly);\n" : ""}  }
  return 0;
}
`;
}

const STDIO = `#include <stdio.h>
#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#endif

int harness_read(void *to, unsigned bytes);
void harness_write(const void *from, unsigned bytes);
int harness_run(void);

int harness_read(void *to, unsigned bytes) { return fread(to, 1, bytes, stdin) == bytes; }
void harness_write(const void *from, unsigned bytes) { fwrite(from, 1, bytes, stdout); }
int main(void) {
#ifdef _WIN32
  _setmode(_fileno(stdin), _O_BINARY);
  _setmode(_fileno(stdout), _O_BINARY);
#endif
  return harness_run();
}
`;

/**
 * Runs every window through the compiled library.
 * @param files as `packC99` gives them
 * @param expected what each window must give
 * @param command the compiler with its options; default: `cc`, `gcc` or `clang`, `-std=c99 -O2`
 * @returns undefined where there is no C compiler
 * @throws Error when the compiler or the compiled program fails
 */
export async function runParity(
  host: ToolHost,
  info: LibraryInfo,
  files: Files,
  windows: readonly Float32Array[],
  expected: readonly ExpectedOutputs[],
  command?: readonly string[],
): Promise<ParityFigures | undefined> {
  const found = command?.[0] ?? (await firstCompiler(host));
  const version = found === undefined ? undefined : await versionOf(host, found);
  if (found === undefined || version === undefined) return undefined;
  const options = command?.slice(1) ?? ["-std=c99", "-O2"];
  const own = files.filter(({ path }) => /^[^/]+\.[ch]$/.test(path));
  const harness = [
    { path: "harness.c", text: harnessText(info) },
    { path: "harness_stdio.c", text: STDIO },
  ];
  const all = [...own, ...harness];
  return withFiles(host, all, async (directory) => {
    const sources = all.filter(({ path }) => path.endsWith(".c")).map(({ path }) => path);
    await runTool(host, directory, found, [...options, "-o", "parity", ...sources]);
    const { exitCode, stdout } = await host.run({
      command: `${directory}/parity`,
      args: [],
      directory,
      input: joinWindows(windows),
    });
    if (exitCode !== 0) throw new Error(`parity: the library must run, got exit code ${exitCode}`);
    return { compiler: version, ...compareOutputs(stdout, expected) };
  });
}

async function firstCompiler(host: ToolHost): Promise<string | undefined> {
  for (const name of COMPILERS) if ((await versionOf(host, name)) !== undefined) return name;
  return undefined;
}

/** The windows one after the other, as bytes. */
export function joinWindows(windows: readonly Float32Array[]): Uint8Array {
  const all = new Float32Array(windows.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const window of windows) {
    all.set(window, at);
    at += window.length;
  }
  return new Uint8Array(all.buffer);
}

/** The int8 output of a float32 network. */
const NONE = new Int8Array(0);

/**
 * Compares what the harness wrote with what it should have.
 * @throws Error when the length is not that of all outputs
 */
export function compareOutputs(
  output: Uint8Array,
  expected: readonly ExpectedOutputs[],
): Omit<ParityFigures, "compiler"> {
  const whole = new Uint8Array(output);
  let at = 0;
  const take = (bytes: number): Uint8Array<ArrayBuffer> => {
    at += bytes;
    return whole.slice(at - bytes, at);
  };
  const takeFloats = (count: number) => new Float32Array(take(4 * count).buffer);
  let int8Mismatches = 0;
  let [float32MaxUlp, featureMaxUlp, anomalyMaxUlp] = [0, 0, 0];
  const bytes = expected.reduce(
    (sum, { features, quantized = NONE, probabilities, anomaly }) =>
      sum +
      4 * (features.length + probabilities.length + Number(anomaly !== undefined)) +
      quantized.length,
    0,
  );
  if (output.length !== bytes)
    throw new Error(`parity: the library must write ${bytes} bytes, got ${output.length}`);
  for (const { features, quantized = NONE, probabilities, anomaly } of expected) {
    featureMaxUlp = Math.max(featureMaxUlp, maxUlp(takeFloats(features.length), features));
    const int8 = new Int8Array(take(quantized.length).buffer);
    int8Mismatches += int8.filter((value, i) => value !== quantized[i]).length;
    float32MaxUlp = Math.max(
      float32MaxUlp,
      maxUlp(takeFloats(probabilities.length), probabilities),
    );
    if (anomaly !== undefined)
      anomalyMaxUlp = Math.max(anomalyMaxUlp, maxUlp(takeFloats(1), Float32Array.of(anomaly)));
  }
  return { windows: expected.length, int8Mismatches, float32MaxUlp, featureMaxUlp, anomalyMaxUlp };
}

/** The largest number of float32 values from one value to the other; NaNs are equal. */
function maxUlp(got: Float32Array, expected: Float32Array): number {
  const [a, b] = [new Int32Array(got.buffer), new Int32Array(expected.slice().buffer)];
  let max = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] === b[i] || (Number.isNaN(got[i]) && Number.isNaN(expected[i]))) continue;
    if (Number.isNaN(got[i]) || Number.isNaN(expected[i])) return 4294967295;
    max = Math.max(max, Math.abs(ordinal(a[i]!) - ordinal(b[i]!)));
  }
  return max;
}

/** The place of a bit pattern among all float32 values; -0 lies just below 0. */
const ordinal = (bits: number): number => (bits < 0 ? -2147483649 - bits : bits);
