/** The memory of a compiled training that its loop reads and writes. */
import type { ProgramTensor } from "../compiler/program.ts";
import type { Instance } from "../engine/instance.ts";
import type { TypedArray } from "../tensor/tensor.ts";

export type TrainingPorts = {
  readonly indices: TypedArray;
  readonly weights: TypedArray;
  readonly seed: TypedArray;
  readonly schedule: TypedArray;
  readonly stepLoss: TypedArray;
  readonly loss: TypedArray;
  /** Rows that are right, of class labels. */
  readonly correct: TypedArray | undefined;
  /** The model's outputs [B, outputs], where the evaluation gives them. */
  readonly outputs: TypedArray | undefined;
  readonly state: (name: string) => TypedArray;
  /** All states but the data. */
  readonly changing: readonly TypedArray[];
};

/** @param instance of the entries that `trainingGraphs` makes */
export function portsOf(
  instance: Instance,
  gives: { readonly labels: boolean; readonly outputs: boolean },
): TrainingPorts {
  const { program } = instance;
  const find = (tensors: readonly ProgramTensor[], name: string): TypedArray => {
    const tensor = tensors.find((t) => t.name === name);
    if (!tensor) throw new Error(`fit: the program has no "${name}"`);
    return instance.view(tensor);
  };
  const step = program.entries.find((entry) => entry.name === "step")!;
  const evaluate = program.entries.find((entry) => entry.name === "evaluate")!;
  return {
    indices: find(step.inputs, "indices"),
    weights: find(step.inputs, "weights"),
    seed: find(step.inputs, "seed"),
    schedule: find(step.inputs, "schedule"),
    stepLoss: instance.view(step.outputs[0]!),
    loss: instance.view(evaluate.outputs[0]!),
    correct: gives.labels ? instance.view(evaluate.outputs[1]!) : undefined,
    outputs: gives.outputs ? instance.view(evaluate.outputs.at(-1)!) : undefined,
    state: (name) => find(program.states, name),
    changing: program.states
      .filter(({ name }) => !name.startsWith("data/"))
      .map((tensor) => instance.view(tensor)),
  };
}
