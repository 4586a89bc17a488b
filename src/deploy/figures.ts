/**
 * What a library costs on a Cortex-M4F. Computed figures need no compiler: memory follows from the
 * layout rules of C exactly, code comes from a table of measured functions. Linked figures are what
 * a build of the packaged files gives.
 */
import type { Kernel, Routine } from "../ir/kernel.ts";
import { ARM_GCC, buildForArm, deepestStack, sumSections } from "./arm-gcc.ts";
import { CODE_TABLE } from "./code-table.generated.ts";
import { countsOf, fingerprint, routinesOf } from "./fingerprint.ts";
import {
  constantBytesOf,
  cPrefix,
  type Library,
  type LibraryInfo,
  type OutputNames,
  outputNames,
} from "./library.ts";
import { type ToolHost, versionOf } from "./tool-host.ts";

export type DeviceFigures = {
  readonly target: string;
  readonly basis: "computed" | "linked";
  /** Static memory: the arena with window, states and results. */
  readonly ramBytes: number;
  readonly constantBytes: number;
  /** Without the compiler's own helpers. */
  readonly codeBytes: number;
  /** The deepest stack of one run. */
  readonly stackBytes: number | null;
  /** Multiply-accumulates of one run. */
  readonly macs: number;
  /** Linked only: helpers that the compiler adds, such as `__aeabi_*`. */
  readonly helperBytes?: number;
};

export const TARGET = "Cortex-M4F, gcc -O2";

/** The figures of a library before any build. */
export function figuresOf(library: Library): DeviceFigures {
  const { program, source, info } = library;
  const routines = routinesOf(program.kernels);
  const bytes = (unit: Kernel | Routine): number => measured(unit)?.[0] ?? modelled(unit);
  const stack = (unit: Kernel | Routine): number => measured(unit)?.[1] ?? LARGEST_FRAME;
  const functions = [...program.kernels, ...routines];
  const deepest = Math.max(0, ...program.kernels.map(stack));
  const routineStack = Math.max(0, ...routines.map(stack));
  return {
    target: TARGET,
    basis: "computed",
    ramBytes: source.arenaBytes,
    constantBytes: constantBytesOf(library),
    codeBytes: functions.reduce((sum, unit) => sum + bytes(unit), 0) + callBytes(library),
    stackBytes: CODE_TABLE.runStack + deepest + routineStack,
    macs: info.macs,
  };
}

/** Whether the code table has a function of this structure. */
export function isMeasured(unit: Kernel | Routine): boolean {
  return measured(unit) !== undefined;
}

const TABLE: ReadonlyMap<string, readonly [number, number]> = new Map(CODE_TABLE.functions);

const LARGEST_FRAME = Math.max(0, ...CODE_TABLE.functions.map(([, [, frame]]) => frame));

function measured(unit: Kernel | Routine): readonly [number, number] | undefined {
  return TABLE.get(fingerprint(unit));
}

/** Functions are multiples of 4 bytes long, and none is empty. */
function modelled(unit: Kernel | Routine): number {
  const estimate = dot(CODE_TABLE.perCount, countsOf(unit));
  return Math.max(4, 4 * Math.round(estimate / 4));
}

/** Code of the functions that are not kernels. */
function callBytes(library: Library): number {
  return Math.round(dot(CODE_TABLE.perCall, callCountsOf(library)));
}

/** What decides the size of `<prefix>_run`: calls, their pointers, results. */
export function callCountsOf({ program, anomaly }: Library): readonly number[] {
  const { calls } = program.entries.find(({ name }) => name === "run")!;
  const places = calls.flatMap((call) => call.places);
  const onStack = calls.reduce((sum, call) => sum + Math.max(0, call.places.length - 4), 0);
  const arena = places.filter(({ region }) => region === "arena").length;
  return [1, calls.length, arena, places.length - arena, onStack, anomaly ? 1 : 0];
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

/** A program that uses the whole interface of the library and nothing else. */
export function minimalMain(
  prefix: string,
  macro: string,
  { isRegression }: Pick<OutputNames, "isRegression"> = { isRegression: false },
): string {
  return `#include "${prefix}.h"
extern volatile char sink;
volatile char sink;
int main(void) {
  ${prefix}_result result;
  float *window = ${prefix}_input();
  for (int i = 0; i < ${macro}_WINDOW_VALUES; i++) window[i] = 0.0f;
  if (${prefix}_run(&result) != ${macro}_OK) return 1;
  ${isRegression ? `sink = result.values[0] > 0.0f ? ${prefix}_target_names[0][0] : 0;` : `sink = ${prefix}_label_names[result.label][0];`}
  return ${prefix}_classify(window, &result) != ${macro}_OK;
}
`;
}

/**
 * The linker's figures of packaged files.
 * @returns undefined where there is no `arm-none-eabi-gcc`
 * @throws Error when the build fails
 */
export async function linkedFigures(
  host: ToolHost,
  info: Pick<LibraryInfo, "project" | "macs" | "task">,
  files: readonly { readonly path: string; readonly text: string }[],
): Promise<DeviceFigures | undefined> {
  if ((await versionOf(host, ARM_GCC)) === undefined) return undefined;
  const prefix = cPrefix(info.project);
  const build = await buildForArm(
    host,
    files,
    minimalMain(prefix, prefix.toUpperCase(), outputNames(info)),
  );
  return {
    target: TARGET,
    basis: "linked",
    ramBytes: sumSections(build, ".bss", ".data", "COMMON"),
    constantBytes: sumSections(build, ".rodata"),
    codeBytes: sumSections(build, ".text"),
    stackBytes: deepestStack(build, `${prefix}_classify`),
    macs: info.macs,
    helperBytes: build.helperBytes,
  };
}
