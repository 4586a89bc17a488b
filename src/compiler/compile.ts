/**
 * Graphs to a program: lower, fuse, run in place, plan one arena, share constants and kernels by
 * content, schedule. The order of the steps is the order of the nodes.
 */
import { type Graph, type GraphTensor, tensorOf } from "../graph/graph.ts";
import type { Kernel } from "../ir/kernel.ts";
import { BYTES_PER_ELEMENT, bytesOf } from "../tensor/tensor.ts";
import { fuseSteps } from "./fuse.ts";
import { canRunInPlace, mergeBuffers } from "./in-place.ts";
import { checkMemory } from "./memory-limit.ts";
import { type Block, planMemory } from "./plan.ts";
import { constantPool, kernelPool } from "./pools.ts";
import type { Call, Entry, Place, Program, ProgramTensor } from "./program.ts";
import { scheduleKernel } from "./schedule.ts";
import { lowerGraph, makeLowering, type Step } from "./steps.ts";

export type CompileOptions = {
  /** Of every offset in the arena: 16 for vectors of four, 4 for devices. @default 16 */
  readonly alignment?: 4 | 16;
  /** Merge elementwise consumers into their producers. @default true */
  readonly fuse?: boolean;
  /** Let steps run in the memory of a dying input. @default true */
  readonly inPlace?: boolean;
  /** The most that constants and arena together may take. @default 4 GiB, all that WebAssembly has */
  readonly memoryLimitBytes?: number;
};

type BlockOf = { bytes: number; from: number; to: number };

/**
 * Compiles one or more graphs into one program. Tensors of the same name that are inputs or states
 * in more than one of them are the same memory. An input that only one entry reads is memory of
 * that entry and may be overwritten once it has been read: fill it before every run.
 * @throws UserError `out-of-memory` when it would need more than `memoryLimitBytes`
 */
export function compile(
  graphs: { readonly [entry: string]: Graph },
  options: CompileOptions = {},
): Program {
  const { alignment = 16, fuse = true, inPlace = true, memoryLimitBytes } = options;
  const names = Object.keys(graphs);
  checkMemory(graphs, undefined, memoryLimitBytes);
  const uses = new Map<string, number>();
  for (const name of names)
    for (const input of graphs[name]!.inputs) uses.set(input, (uses.get(input) ?? 0) + 1);

  // Steps of all entries on one time line, so that one plan serves them all.
  const blocks: BlockOf[] = [];
  const sharedBlockOf = new Map<string, number>();
  const blockOf = new Map(names.map((name) => [name, new Map<string, number>()]));
  const steps: { entry: string; step: Step; scratch: (number | undefined)[] }[] = [];
  const END = Number.MAX_SAFE_INTEGER;
  const lowering = makeLowering();
  const inPlaceForm = inPlaceForms();
  const aliasesOf = new Map(names.map((name) => [name, updatesOf(graphs[name]!)]));
  const isShared = (t: GraphTensor): boolean =>
    t.kind === "state" || (t.kind === "input" && (uses.get(t.name) ?? 0) > 1);
  /** The blocks by name among which that of a tensor is. */
  const blocksWith = (entry: string, tensor: GraphTensor): Map<string, number> =>
    isShared(tensor) ? sharedBlockOf : blockOf.get(entry)!;

  for (const entry of names) {
    const graph = graphs[entry]!;
    const aliases = aliasesOf.get(entry)!;
    const keep = new Set([...graph.outputs, ...aliases.keys()]);
    const lowered = lowerGraph(graph, lowering);
    const list = fuse ? fuseSteps(lowered, keep) : lowered;
    const start = steps.length;
    const end = start + list.length - 1;

    const blockFor = (name: string, at: number): number => {
      const tensor = tensorOf(graph, aliases.get(name) ?? name);
      const known = blocksWith(entry, tensor);
      let block = known.get(tensor.name);
      if (block === undefined) {
        const bytes = bytesOf(tensor.dtype, tensor.shape);
        const from = isShared(tensor) ? 0 : tensor.kind === "input" ? start : at;
        block = blocks.push({ bytes, from, to: isShared(tensor) ? END : at }) - 1;
        known.set(tensor.name, block);
      }
      const held = blocks[block]!;
      held.to = Math.max(held.to, at);
      return block;
    };
    for (const input of graph.inputs) blockFor(input, start);
    for (const tensor of graph.tensors.values())
      if (tensor.kind === "state") blockFor(tensor.name, start);

    const lastRead = new Map<string, number>();
    list.forEach((step, i) => {
      step.tensors.forEach((t) => {
        if (t !== undefined) lastRead.set(t, i);
      });
    });
    list.forEach((original, i) => {
      const at = start + i;
      const step = inPlace ? runInPlace(original, i) : original;
      step.tensors.forEach((name) => {
        if (name !== undefined && tensorOf(graph, name).kind !== "constant") blockFor(name, at);
      });
      const scratch = step.kernel.buffers.map((b) =>
        b.role === "scratch"
          ? blocks.push({ bytes: b.length * BYTES_PER_ELEMENT[b.dtype], from: at, to: at }) - 1
          : undefined,
      );
      steps.push({ entry, step, scratch });
    });
    for (const output of graph.outputs) {
      const tensor = tensorOf(graph, aliases.get(output) ?? output);
      const block = blocksWith(entry, tensor).get(tensor.name);
      if (block !== undefined) blocks[block]!.to = Math.max(blocks[block]!.to, end);
    }

    /** Merges an output with an input that nothing reads afterwards, and their blocks with it. */
    function runInPlace(step: Step, i: number): Step {
      for (let o = 0; o < step.kernel.buffers.length; o++) {
        const output = step.tensors[o];
        if (step.kernel.buffers[o]!.role !== "output" || output === undefined) continue;
        if (aliases.has(output)) continue;
        for (let n = 0; n < step.kernel.buffers.length; n++) {
          const input = step.tensors[n];
          if (input === undefined || lastRead.get(input) !== i) continue;
          const tensor = tensorOf(graph, input);
          const dies = tensor.kind === "value" || (tensor.kind === "input" && !isShared(tensor));
          if (!dies || keep.has(input)) continue;
          if (step.tensors.filter((t) => t === input).length > 1) continue;
          const kernel = inPlaceForm(step.kernel, n, o);
          if (!kernel) continue;
          blocksWith(entry, tensorOf(graph, output)).set(output, blockFor(input, start + i));
          return {
            ...step,
            kernel,
            tensors: step.tensors.filter((_, k) => k !== n),
          };
        }
      }
      return step;
    }
  }

  const plan = planMemory(blocks satisfies readonly Block[], alignment);
  const constants = constantPool();
  const kernels = kernelPool();
  const placeOf = (entry: string, name: string): Place => {
    const graph = graphs[entry]!;
    const tensor = tensorOf(graph, aliasesOf.get(entry)!.get(name) ?? name);
    if (tensor.kind === "constant")
      return constants.add(tensor.name, tensor.dtype, tensor.data!, tensor.shape);
    const block = blocksWith(entry, tensor).get(tensor.name);
    if (block === undefined) throw new Error(`compile: nothing computes tensor "${name}"`);
    return { region: "arena", offset: plan.offsets[block]! };
  };

  const calls = steps.map(({ entry, step, scratch }): Call => {
    const places = step.kernel.buffers.map((buffer, i): Place => {
      const tensor = step.tensors[i];
      if (tensor !== undefined) return placeOf(entry, tensor);
      if (buffer.data) return constants.add(buffer.name, buffer.dtype, buffer.data);
      return { region: "arena", offset: plan.offsets[scratch[i]!]! };
    });
    return { kernel: kernels.add(step.kernel), places, node: step.node };
  });

  const tensorAt = (entry: string, name: string): ProgramTensor => {
    const { dtype, shape, quantization } = tensorOf(graphs[entry]!, name);
    const place = placeOf(entry, name);
    return { ...place, name, dtype, shape, ...(quantization ? { quantization } : {}) };
  };
  const entries = names.map(
    (name): Entry => ({
      name,
      calls: calls.filter((_, i) => steps[i]!.entry === name),
      inputs: graphs[name]!.inputs.map((input) => tensorAt(name, input)),
      outputs: graphs[name]!.outputs.map((output) => tensorAt(name, output)),
    }),
  );
  const states = new Map<string, Program["states"][number]>();
  for (const name of names)
    for (const tensor of graphs[name]!.tensors.values())
      if (tensor.kind === "state" && !states.has(tensor.name))
        states.set(tensor.name, { ...tensorAt(name, tensor.name), initial: tensor.data! });

  const pool = constants.finish();
  checkMemory(graphs, pool.bytes + plan.bytes, memoryLimitBytes);
  const moved = (place: Place): Place =>
    place.region === "constants" ? { ...place, offset: pool.offsets[place.offset]! } : place;
  return {
    entries: entries.map((entry) => ({
      ...entry,
      calls: entry.calls.map((call) => ({ ...call, places: call.places.map(moved) })),
      outputs: entry.outputs.map((t) => ({ ...t, ...moved(t) })),
    })),
    kernels: kernels.list,
    schedules: kernels.list.map(scheduleKernel),
    constants: pool.constants,
    constantBytes: pool.bytes,
    arenaBytes: plan.bytes,
    arenaBound: plan.bound,
    states: [...states.values()],
  };
}

/** Gives the kernel with an input merged with an output, where it may be; each kernel once. */
function inPlaceForms(): (kernel: Kernel, input: number, output: number) => Kernel | undefined {
  const known = new Map<Kernel, Map<string, Kernel | undefined>>();
  return (kernel, input, output) => {
    const forms = known.get(kernel) ?? new Map<string, Kernel | undefined>();
    known.set(kernel, forms);
    const key = `${input},${output}`;
    if (!forms.has(key)) {
      const [from, to] = [kernel.buffers[input]!.name, kernel.buffers[output]!.name];
      const possible = canRunInPlace(kernel, from, to);
      forms.set(key, possible ? mergeBuffers(kernel, from, to) : undefined);
    }
    return forms.get(key);
  };
}

/** For each tensor that is the new content of a state, that state. */
function updatesOf(graph: Graph): Map<string, string> {
  const result = new Map<string, string>();
  for (const node of graph.nodes)
    for (const [output, input] of Object.entries(node.operator.updates ?? {})) {
      const state = node.inputs[input as number]!;
      result.set(node.outputs[Number(output)]!, result.get(state) ?? state);
    }
  return result;
}
