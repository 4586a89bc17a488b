/** Our own training step as a contender: the compiled step gathers its batch as `fit` does. */
import { compile } from "../src/compiler/compile.ts";
import type { Program } from "../src/compiler/program.ts";
import { type Instance, wasmInstance } from "../src/engine/instance.ts";
import { nativeInstance } from "../src/engine/native.ts";
import { threadPool } from "../src/engine/threads.ts";
import { nativeCompiler } from "../src/host/native.ts";
import { startThreads } from "../src/host/threads.ts";
import { makeModel } from "../src/models/layers.ts";
import { adamSchedule } from "../src/train/adam.ts";
import { trainingGraphs } from "../src/train/step.ts";
import { LEARNING_RATE, type Training } from "./peers/training.ts";
import { batchOf, type Workload } from "./workloads.ts";

/** How the step is run, by the value of `--backend`. */
export type Backend = "wasm" | "wasm-relaxed" | "native";
export const BACKENDS: { readonly [B in Backend]: (program: Program) => Instance } = {
  wasm: wasmInstance,
  "wasm-relaxed": (program) => wasmInstance(program, { relaxed: true }),
  native: (program) => nativeInstance(program, nativeCompiler()),
};

/** How it is run on several threads; native code has one. */
function threaded(backend: Backend, threads: number): (program: Program) => Instance {
  if (backend === "native") throw new Error(`native code has one thread, got ${threads}`);
  return threadPool(startThreads(threads - 1), { relaxed: backend === "wasm-relaxed" }).instance;
}

export function ours(workload: Workload, backend: Backend, threads: number): Training {
  const { layers, inputShape, outputs, batch } = workload;
  const model = makeModel(layers, inputShape, outputs, 1);
  const { step } = trainingGraphs(model, batchOf(workload), batch, { name: "adam" });
  const engine = threads === 1 ? BACKENDS[backend] : threaded(backend, threads);
  const instance = engine(compile({ step }));
  const entry = instance.program.entries[0]!;
  const input = (name: string) =>
    instance.view(entry.inputs.find((tensor) => tensor.name === name)!);
  const [indices, weights, seed, schedule] = ["indices", "weights", "seed", "schedule"].map(input);
  const loss = instance.view(entry.outputs[0]!);
  const rows = Int32Array.from({ length: batch }, (_, i) => i);
  const equal = new Float32Array(batch).fill(1 / batch);
  const next = adamSchedule(LEARNING_RATE);
  let count = 0;
  return {
    version: backend,
    step: () => {
      indices!.set(rows);
      weights!.set(equal);
      seed![0] = count++;
      schedule!.set(next());
      instance.run("step");
    },
    sync: () => loss[0],
  };
}
