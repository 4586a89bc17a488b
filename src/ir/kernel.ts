/**
 * The kernel language: the fourth waist, in which everything that computes is written once. A
 * kernel is a list of loop nests over named buffers. `interpret.ts` is its meaning; the emitters
 * of `compiler/` must agree with it to the bit.
 *
 * Semantics
 * - Types. `float32` is IEEE binary32, round to nearest even, subnormals kept, no contraction and
 *   no reassociation. `int32` and `int64` wrap. `bool` is the result of a comparison; it lives in
 *   registers only. Loads widen int8, uint8 and int16 to int32; stores to them keep the low bits.
 * - Evaluation. Statements run in order. Expressions have no side effects.
 * - Loops count `axis` from 0 to `extent - 1`. `parallel` states that the iterations are
 *   independent: any order, and any number of them side by side, gives the same bits. No register
 *   declared outside is set in a parallel loop, and no iteration reads what another one writes.
 *   Schedules vectorise and tile parallel loops only, so a reduction keeps its order.
 * - Registers are declared by `let`, updated by `set`, and live to the end of the enclosing block.
 *   Every register and axis name is unique within its kernel.
 * - `exit` leaves the innermost loop when its condition holds; that loop is not parallel.
 * - Indices count elements. The verifier proves each of them to lie within its buffer from the
 *   ranges of the axes and of min, max, and, select, shifts; a data-dependent index must therefore
 *   be clamped, and no verified kernel can touch memory outside its buffers.
 * - Buffers of role `scratch` are undefined when the kernel starts and lost when it ends. An
 *   `update` buffer is an output whose first content is the aliased input's.
 */
import type { DType, TypedArray } from "../tensor/tensor.ts";
import type { OpName, ScalarType } from "./ops.ts";

export type { ScalarType } from "./ops.ts";

export type Expr =
  | { readonly kind: "const"; readonly type: ScalarType; readonly value: number }
  | { readonly kind: "axis"; readonly type: "int32"; readonly axis: string }
  | { readonly kind: "register"; readonly type: ScalarType; readonly name: string }
  | {
      readonly kind: "load";
      readonly type: ScalarType;
      readonly buffer: string;
      readonly index: Expr;
    }
  | {
      readonly kind: "op";
      readonly type: ScalarType;
      readonly op: OpName;
      readonly args: readonly Expr[];
    }
  | {
      readonly kind: "call";
      readonly type: ScalarType;
      readonly routine: Routine;
      readonly args: readonly Expr[];
    };

export type Stmt =
  | {
      readonly kind: "loop";
      readonly axis: string;
      readonly extent: number;
      readonly parallel: boolean;
      readonly body: readonly Stmt[];
    }
  | { readonly kind: "let"; readonly name: string; readonly value: Expr }
  | { readonly kind: "set"; readonly name: string; readonly value: Expr }
  | { readonly kind: "store"; readonly buffer: string; readonly index: Expr; readonly value: Expr }
  | {
      readonly kind: "if";
      readonly condition: Expr;
      readonly body: readonly Stmt[];
      readonly otherwise: readonly Stmt[];
    }
  | { readonly kind: "exit"; readonly condition: Expr };

export type BufferRole = "input" | "output" | "update" | "constant" | "scratch";

export type Buffer = {
  readonly name: string;
  readonly dtype: DType;
  /** Number of elements, at least 1. */
  readonly length: number;
  readonly role: BufferRole;
  /** The content of a `constant` buffer, shared by content wherever it is equal. */
  readonly data?: TypedArray;
};

export type Kernel = {
  /** What the kernel computes, an identifier in C: `dense`, `spectral_power`. */
  readonly name: string;
  /** The inputs in order, then outputs and updates in order, then constants and scratch. */
  readonly buffers: readonly Buffer[];
  readonly body: readonly Stmt[];
};

/**
 * A scalar function written in the kernel language (exp, log, …): `let`, `set` and `if` over its
 * parameters, then one result; no loops, no buffers, so that it can be computed in vector lanes
 * when it has no `if` and no int64.
 */
export type Routine = {
  readonly name: string;
  readonly parameters: readonly { readonly name: string; readonly type: ScalarType }[];
  readonly body: readonly Stmt[];
  readonly result: Expr;
  /** What the routine approximates; the interpreter's float64 mode calls it instead of the body. */
  readonly float64: (...args: number[]) => number;
};
