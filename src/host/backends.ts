/**
 * What this machine can train with. WebAssembly is the default and gives the same bits everywhere;
 * the interpreter gives them too, slowly. Two differ in the last bits: native code, built by the C
 * compiler of the machine, and relaxed SIMD, which may round a product together with its sum.
 */
import { type Instance, interpretInstance, wasmInstance } from "../engine/instance.ts";
import { nativeInstance } from "../engine/native.ts";
import { requireRelaxedSimd } from "../engine/relaxed-simd.ts";
import { nativeCompiler } from "./native.ts";

export type BackendName = "wasm" | "wasm-relaxed" | "native" | "interpreter";

type Engine = (program: Instance["program"]) => Instance;

export const BACKENDS: readonly {
  readonly name: BackendName;
  /** Makes it ready. @throws UserError `native-compiler-missing`, `relaxed-simd` */
  readonly open: () => Engine;
}[] = [
  { name: "wasm", open: () => wasmInstance },
  {
    name: "wasm-relaxed",
    open: () => {
      requireRelaxedSimd();
      return (program) => wasmInstance(program, { relaxed: true });
    },
  },
  {
    name: "native",
    open: () => {
      const compiler = nativeCompiler();
      return (program) => nativeInstance(program, compiler);
    },
  },
  { name: "interpreter", open: () => interpretInstance },
];

/** A back end ready to train, with its name for the report. */
export function openBackend(name: BackendName): {
  readonly name: BackendName;
  readonly engine: Engine;
} {
  return { name, engine: BACKENDS.find((backend) => backend.name === name)!.open() };
}
