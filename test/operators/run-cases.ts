/** Runs cases of the table on the interpreter and on compiled engines, and compares. */
import { compile } from "../../src/compiler/compile.ts";
import type { Program } from "../../src/compiler/program.ts";
import type { Instance } from "../../src/engine/instance.ts";
import { interpretGraph } from "../../src/graph/interpret-graph.ts";
import type { TypedArray } from "../../src/tensor/tensor.ts";
import { type BuiltCase, buildCase, type Case } from "./place.ts";

export type Values = ReadonlyMap<string, ArrayLike<number>>;

/** Node by node on the interpreter: the outputs of the graph and the states that it updates. */
export function reference({ graph, contents }: BuiltCase): Values {
  const all = interpretGraph(graph, contents);
  const states = [...graph.tensors.values()].filter(({ kind }) => kind === "state");
  return new Map(
    [...new Set([...graph.outputs, ...states.map(({ name }) => name)])].map((name) => [
      name,
      all.get(name)!,
    ]),
  );
}

/** Many cases as the entries of one program. */
export type CaseProgram = { readonly cases: readonly BuiltCase[]; readonly program: Program };

export function compileCases(cases: readonly Case[], seed: number, most: number): CaseProgram {
  const built = cases.map((one, i) => buildCase(one, seed, most, `c${i}_`));
  const graphs = Object.fromEntries(built.map(({ graph }, i) => [`c${i}`, graph]));
  return { cases: built, program: compile(graphs) };
}

/** What an engine makes of each case, in order. */
export function runCases(
  { cases, program }: CaseProgram,
  engine: (program: Program) => Instance,
): readonly Values[] {
  const instance = engine(program);
  try {
    return cases.map(({ graph, contents }, i) => {
      const entry = program.entries.find(({ name }) => name === `c${i}`)!;
      for (const input of entry.inputs) instance.view(input).set(contents.get(input.name)!);
      instance.run(entry.name);
      const states = program.states.filter(({ name }) => graph.tensors.has(name));
      const copy = (values: TypedArray): TypedArray => values.slice();
      return new Map([
        ...entry.outputs.map(
          (output, n) => [graph.outputs[n]!, copy(instance.view(output))] as const,
        ),
        ...states.map((state) => [state.name, copy(instance.view(state))] as const),
      ]);
    });
  } finally {
    instance.release?.();
  }
}

/** The first place where two runs differ in a bit, `undefined` where they are the same. */
export function firstDifference(actual: Values, expected: Values): string | undefined {
  for (const [name, values] of expected) {
    const got = actual.get(name);
    if (got?.length !== values.length) return `${name}: ${got?.length} values of ${values.length}`;
    for (let i = 0; i < values.length; i++)
      if (!Object.is(got[i], values[i])) return `${name}[${i}]: ${got[i]}, not ${values[i]}`;
  }
  return undefined;
}

/** The largest |actual - expected| over the norm of what is expected of a tensor, and its name. */
export function largestDistance(
  actual: Values,
  expected: Values,
): { readonly worst: number; readonly where: string } {
  let result = { worst: 0, where: "" };
  for (const [name, values] of expected) {
    let [distance, size] = [0, 0];
    for (let i = 0; i < values.length; i++) {
      const gap = Object.is(actual.get(name)![i], values[i])
        ? 0
        : actual.get(name)![i]! - values[i]!;
      distance += gap * gap;
      size += values[i]! * values[i]!;
    }
    const worst = distance === 0 ? 0 : Math.sqrt(distance / Math.max(size, 1e-30));
    if (!(worst <= result.worst)) result = { worst, where: name };
  }
  return result;
}
