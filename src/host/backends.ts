/**
 * What this machine can train with. WebAssembly is the default and gives the same bits everywhere;
 * the interpreter gives them too, slowly; native code is built by the C compiler of the machine and
 * differs in the last bits.
 */
import { type Instance, interpretInstance, wasmInstance } from "../engine/instance.ts";
import { nativeInstance } from "../engine/native.ts";
import { nativeCompiler } from "./native.ts";

export type BackendName = "wasm" | "native" | "interpreter";

type Engine = (program: Instance["program"]) => Instance;

export const BACKENDS: readonly {
  readonly name: BackendName;
  /** Makes it ready. @throws UserError `native-compiler-missing` */
  readonly open: () => Engine;
}[] = [
  { name: "wasm", open: () => wasmInstance },
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
