/**
 * What the compiler makes of graphs and what every emitter takes: kernels with a place in memory
 * for each of their buffers. One program may hold several entries (a training step, an
 * evaluation) that share states by name. Nothing in here knows operators.
 */
import type { Kernel } from "../ir/kernel.ts";
import type { DType, Quantization, Shape, TypedArray } from "../tensor/tensor.ts";
import type { Schedule } from "./schedule.ts";

/** Byte offset within one of the two memories of a program. */
export type Place = { readonly region: "arena" | "constants"; readonly offset: number };

export type ProgramTensor = Place & {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly quantization?: Quantization;
};

/** One distinct block of read-only data. */
export type ProgramConstant = {
  readonly name: string;
  readonly dtype: DType;
  readonly data: TypedArray;
  readonly offset: number;
  /** Of the graph tensor it came from, where it came from one. */
  readonly shape?: Shape;
};

export type Call = {
  /** Index into `kernels`. */
  readonly kernel: number;
  /** One place for each buffer of the kernel, in its order. */
  readonly places: readonly Place[];
  /** The name of the graph node, for people. */
  readonly node: string;
};

export type Entry = {
  readonly name: string;
  readonly calls: readonly Call[];
  readonly inputs: readonly ProgramTensor[];
  readonly outputs: readonly ProgramTensor[];
  /** In the part of one thread: numbers of calls before which all threads meet; see `shard.ts`. */
  readonly barriers?: readonly number[];
};

/** Where the threads of a program meet. */
export type Meeting = Place & {
  readonly threads: number;
  /** How long a thread waits for the others before it gives up. */
  readonly patienceSeconds: number;
};

export type Program = {
  readonly entries: readonly Entry[];
  readonly kernels: readonly Kernel[];
  /** How the fast emitters walk each kernel; same length as `kernels`. */
  readonly schedules: readonly Schedule[];
  readonly constants: readonly ProgramConstant[];
  readonly constantBytes: number;
  /** Inputs, outputs, states, values and scratch together. */
  readonly arenaBytes: number;
  /** The most bytes of the arena that are in use at once; no plan for these calls has fewer. */
  readonly arenaBound: number;
  /** Tensors with an address of their own for the whole life of the program. */
  readonly states: readonly (ProgramTensor & { readonly initial: TypedArray })[];
  /** In a program for several threads. */
  readonly meeting?: Meeting;
};
