/**
 * What the emission of one function carries along: the code written so far, where every register
 * lives, which loops and lanes surround the current statement, and the pointers of those loops.
 */
import type { Expr, Routine, ScalarType, Stmt } from "../../../ir/kernel.ts";
import type { DType } from "../../../tensor/tensor.ts";
import type { Schedule } from "../../schedule.ts";
import { type Definitions, definitionsOf, type LinearIndex, linearize } from "./address.ts";
import type { Code } from "./encoder.ts";
import { type Dependence, LANES_PER_VECTOR, type Lane, type Point } from "./lanes.ts";
import { F32, I32, I64, V128, type ValueType } from "./opcodes.ts";

/** Where a value lives: one local for each combination of parts of `lanes`. */
export type Placement = {
  readonly lanes: readonly Lane[];
  /** True where the locals are v128. */
  readonly vector: boolean;
  /** True where each element of a vector part has a scalar local of its own: int64. */
  readonly apart?: boolean;
  readonly locals: readonly number[];
};

/** An axis in scope: its value is local (if any) + value + unit * part. */
export type AxisState = {
  readonly local?: number;
  readonly value: number;
  readonly unit: number;
  /** The greatest value of the local. */
  readonly last: number;
};

/** A loop around the current statement, with one pointer for each set of coefficients. */
export type Level = {
  readonly axis: string;
  /** This axis and those of the levels around it, from the outermost on. */
  readonly axes: readonly string[];
  readonly pointers: ReadonlyMap<string, number>;
};

/** A buffer of the kernel: its number, by which its address is bound in the end. */
export type BufferPlace = {
  readonly symbol: number;
  readonly dtype: DType;
  /** The local that holds the address, in a function that takes it. */
  readonly base?: number;
};

export type Emission = {
  readonly code: Code;
  readonly schedule: Schedule;
  readonly dependence: Dependence;
  readonly definitions: Definitions;
  readonly linearOf: (index: Expr) => LinearIndex;
  readonly bufferOf: (name: string) => BufferPlace;
  /** True when a body may run twice for the same iteration: it reads nothing that it writes. */
  readonly repeatable: (body: readonly Stmt[]) => boolean;
  /** The function that computes a routine on scalars or on vectors. */
  readonly functionOf: (routine: Routine, vector: boolean) => number;
  /** Whether a product that feeds a sum may be rounded with it, on four lanes. */
  readonly relaxed: boolean;
  readonly axes: Map<string, AxisState>;
  readonly registers: Map<string, Placement>;
  /** Subexpressions of the current statement that are computed already. */
  readonly temporaries: Map<Expr, Placement>;
  /** Constants and scalars already spread over a vector, by `splatKey`. */
  readonly splats: Map<string, number>;
  readonly levels: readonly Level[];
  /** The lanes that every statement here is emitted for; the vector lane comes last. */
  readonly lanes: readonly Lane[];
  /** Parts of the lanes that are emitted one at a time here. */
  readonly point: Point;
  /** The label that `exit` branches to. */
  readonly exitLabel?: number;
};

export type EmissionInput = Pick<
  Emission,
  "code" | "schedule" | "dependence" | "bufferOf" | "repeatable" | "functionOf" | "relaxed"
> & { readonly body: readonly Stmt[]; readonly lanes?: readonly Lane[] };

export function makeEmission({ body, lanes = [], ...rest }: EmissionInput): Emission {
  const definitions = definitionsOf(body);
  const known = new Map<Expr, LinearIndex>();
  return {
    ...rest,
    definitions,
    linearOf: (index) => {
      const found = known.get(index) ?? linearize(index, definitions);
      known.set(index, found);
      return found;
    },
    axes: new Map(),
    registers: new Map(),
    temporaries: new Map(),
    splats: new Map(),
    levels: [],
    lanes,
    point: { parts: {} },
  };
}

export function valueTypeOf(type: ScalarType, vector: boolean): ValueType {
  if (vector) return V128;
  return type === "float32" ? F32 : type === "int64" ? I64 : I32;
}

export function vectorLaneOf(lanes: readonly Lane[]): Lane | undefined {
  for (let i = lanes.length - 1; i >= 0; i--) if (lanes[i]!.kind === "vector") return lanes[i];
  return undefined;
}

/** Those of the current lanes on which a dependence lies, in order. */
export function lanesOf(s: Emission, axes: ReadonlySet<string>): readonly Lane[] {
  return axes.size === 0 || s.lanes.length === 0
    ? []
    : s.lanes.filter((lane) => axes.has(lane.axis));
}

/** True when the elements of a vector differ in the value. */
export function isVector(s: Emission, e: Expr): boolean {
  const lane = vectorLaneOf(s.lanes);
  return lane !== undefined && s.dependence.ofExpr(e).has(lane.axis);
}

/** Reserves locals for a value over lanes; where `vector` holds, as v128 if the type fits. */
export function place(
  s: Emission,
  type: ScalarType,
  lanes: readonly Lane[],
  vector: boolean,
): Placement {
  let parts = 1;
  for (let i = 0; i < lanes.length; i++) parts *= lanes[i]!.parts;
  const apart = vector && type === "int64";
  const valueType = valueTypeOf(type, vector && !apart);
  const count = apart ? parts * LANES_PER_VECTOR : parts;
  const locals: number[] = [];
  for (let i = 0; i < count; i++) locals.push(s.code.local(valueType));
  return { lanes, vector: vector && !apart, apart, locals };
}

export function releasePlacement(s: Emission, placement: Placement): void {
  const { locals } = placement;
  for (let i = locals.length - 1; i >= 0; i--) s.code.release(locals[i]!);
}

/** The local that holds a value at a point. */
export function localAt(placement: Placement, point: Point): number {
  const { lanes } = placement;
  let index = 0;
  for (let i = 0; i < lanes.length; i++)
    index = index * lanes[i]!.parts + (point.parts[lanes[i]!.axis] ?? 0);
  return placement.locals[
    placement.apart ? index * LANES_PER_VECTOR + (point.element ?? 0) : index
  ]!;
}

/** The part of an axis' value that is known at emission; a vector's first element unless pinned. */
export function axisOffset(s: Emission, axis: string, point: Point): number {
  const state = s.axes.get(axis)!;
  const element = state.unit === LANES_PER_VECTOR ? (point.element ?? 0) : 0;
  return state.value + state.unit * (point.parts[axis] ?? 0) + element;
}
