/**
 * Programs that come again: the folds of a cross-validation, the trials of a tuner and a second
 * run train the same network on other numbers. They get the program of the first one, with first
 * contents of their own; an engine that knows the entries knows their machine code too.
 */
import type { Graph } from "../graph/graph.ts";
import { graphStructure } from "../graph/structure.ts";
import type { TypedArray } from "../tensor/tensor.ts";
import { type CompileOptions, compile } from "./compile.ts";
import type { Program } from "./program.ts";

/** Kept programs, the one used last at the end. */
const kept = new Map<string, Program>();
const MOST_KEPT = 8;
/** Constants of more bytes are not kept alive. */
const MOST_CONSTANT_BYTES = 1 << 20;

/**
 * As `compile`, but graphs that differ in the first contents of their states only share their
 * entries, kernels and constants.
 */
export function compileOnce(
  graphs: { readonly [entry: string]: Graph },
  options: CompileOptions = {},
): Program {
  const { alignment, fuse, inPlace, memoryLimitBytes } = options;
  const key = [
    JSON.stringify([alignment, fuse, inPlace, memoryLimitBytes, Object.keys(graphs)]),
    ...Object.values(graphs).map(graphStructure),
  ].join("\n\n");
  const known = kept.get(key);
  if (known) {
    kept.delete(key);
    kept.set(key, known);
    return withStates(known, graphs);
  }
  const program = compile(graphs, options);
  if (program.constantBytes <= MOST_CONSTANT_BYTES) {
    const none = new Uint8Array(0);
    kept.set(key, {
      ...program,
      states: program.states.map((state) => ({ ...state, initial: none })),
    });
    for (const oldest of kept.keys()) if (kept.size > MOST_KEPT) kept.delete(oldest);
  }
  return program;
}

function withStates(program: Program, graphs: { readonly [entry: string]: Graph }): Program {
  const contents = new Map<string, TypedArray>();
  for (const { tensors } of Object.values(graphs))
    for (const { name, kind, data } of tensors.values())
      if (kind === "state" && !contents.has(name)) contents.set(name, data!);
  return {
    ...program,
    states: program.states.map((state) => ({ ...state, initial: contents.get(state.name)! })),
  };
}
