/** Who takes part in the training benchmark, and how the process of each is started. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Contender } from "./alternate.ts";
import { WORKLOADS } from "./workloads.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Those whose best is the peer of a row, in JavaScript. */
export const JS_PEERS: readonly string[] = [
  "tfjs minimize",
  "tfjs trainOnBatch",
  "tfjs by hand",
  "jax-js",
  "jax-js by hand",
];

/** Does other work than a mini-batch step (see peers/brain.ts), so it is listed and never counts. */
export const FOR_INFORMATION = "brain.js";

export const oursOn = (backend: string, threads: number): string =>
  threads === 1 ? `tinsmith ${backend}` : `tinsmith ${backend} x${threads}`;

/** Ours, in a process of its own. */
export const inTinsmith = (backend: string, threads: number, workload: string): Contender => ({
  name: oursOn(backend, threads),
  command: process.execPath,
  args: [here("serve.ts"), oursOn(backend, 1), workload, String(threads)],
});

/** A peer in JavaScript; all of them have one thread. */
export const inNode = (name: string, workload: string): Contender => ({
  name,
  command: process.execPath,
  args: [here("serve.ts"), name, workload],
});

/** Is there any use in asking this peer? Some modes differ for convolutions only. */
export function takesPart(name: string, workload: string): boolean {
  const types = JSON.stringify(WORKLOADS[workload]!.layers);
  if (name === "tfjs by hand") return types.includes("conv");
  if (name === "jax-js by hand" || name === "torch channels_last") return types.includes("conv2d");
  if (name === FOR_INFORMATION) return !types.includes("conv");
  return true;
}

/** How a Python that was named trains: "keras function", "torch eager", … */
export type PythonMode = { readonly name: string; readonly version: string };

/**
 * The modes that `python` has packages for.
 * @throws Error when it does not run, or has neither Keras nor PyTorch
 */
export function pythonModes(python: string): readonly PythonMode[] {
  const { status, stdout, stderr, error } = spawnSync(
    python,
    [here("python/serve.py"), "--modes"],
    {
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new Error(`${python} must run, got ${error?.message ?? stderr.trim()}`);
  const modes = JSON.parse(stdout) as PythonMode[];
  if (modes.length === 0) throw new Error(`${python} must have keras and tensorflow, or torch`);
  return modes;
}

export const inPython = (
  python: string,
  name: string,
  workload: string,
  threads: number,
): Contender => ({
  name,
  command: python,
  args: [
    here("python/serve.py"),
    ...["--mode", name, "--threads", String(threads)],
    ...["--workload", JSON.stringify(WORKLOADS[workload]!)],
  ],
  env: { OMP_NUM_THREADS: String(threads), TF_CPP_MIN_LOG_LEVEL: "3", CUDA_VISIBLE_DEVICES: "" },
});
