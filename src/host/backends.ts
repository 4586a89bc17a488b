/**
 * What this machine can train with. WebAssembly is the default and gives the same bits everywhere;
 * the interpreter gives them too, slowly. Two differ in the last bits: native code, built by the C
 * compiler of the machine, and relaxed SIMD, which may round a product together with its sum.
 *
 * WebAssembly uses several threads where a network is worth them, with the same bits as on one.
 */
import { availableParallelism } from "node:os";
import { UserError } from "../base/errors.ts";
import { type Instance, interpretInstance } from "../engine/instance.ts";
import { nativeInstance } from "../engine/native.ts";
import { requireRelaxedSimd } from "../engine/relaxed-simd.ts";
import { threadedEngine } from "../engine/threads.ts";
import { nativeCompiler } from "./native.ts";
import { startThreads } from "./threads.ts";

export type BackendName = "wasm" | "wasm-relaxed" | "native" | "interpreter";

/** @param onWait told what takes some seconds before the instance is there, if anything does */
type Engine = (program: Instance["program"], onWait?: (what: string) => void) => Instance;

export const BACKENDS: readonly {
  readonly name: BackendName;
  /** Whether it runs on more than one thread. */
  readonly threads: boolean;
  /**
   * Makes it ready.
   * @param threads by default so many as a program is worth
   * @throws UserError `native-compiler-missing`, `relaxed-simd`
   */
  readonly open: (threads?: number) => Engine;
}[] = [
  { name: "wasm", threads: true, open: (threads) => onThreads(threads) },
  {
    name: "wasm-relaxed",
    threads: true,
    open: (threads) => {
      requireRelaxedSimd();
      return onThreads(threads, { relaxed: true });
    },
  },
  {
    name: "native",
    threads: false,
    open: openNative,
  },
  { name: "interpreter", threads: false, open: () => (program) => interpretInstance(program) },
];

function openNative(): Engine {
  let tell: ((what: string) => void) | undefined;
  const port = nativeCompiler({
    onModule: ({ isCached, compiler }) => {
      if (!isCached) tell?.(`compiling the training step with ${compiler} …`);
    },
  });
  return (program, onWait) => {
    tell = onWait;
    return nativeInstance(program, port);
  };
}

/** Threads are started with the first program that is worth them, and end with the process. */
function onThreads(
  threads: number | undefined,
  options: { readonly relaxed?: boolean } = {},
): Engine {
  const count = threads ?? { cores: availableParallelism() };
  return threadedEngine(count, startThreads, options).engine;
}

/**
 * A back end ready to train, with its name for the report.
 * @param threads by default so many as a network is worth
 * @throws UserError `threads` where the back end has only one
 */
export function openBackend(
  name: BackendName,
  threads?: number,
): {
  readonly name: BackendName;
  readonly engine: Engine;
} {
  const backend = BACKENDS.find((one) => one.name === name)!;
  if (threads !== undefined && threads > 1 && !backend.threads)
    throw new UserError(
      "threads",
      `backend: ${name} must have one thread, got ${threads}`,
      "leave out --threads, or use the backend wasm",
    );
  return { name, engine: backend.open(threads) };
}
