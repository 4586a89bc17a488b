/**
 * Writes kernels readably: typed expression builders and a kernel builder whose nested callbacks
 * mirror the loops. Constants are folded and trivial index arithmetic is simplified here, so that
 * lowerings may be written without looking at special cases. Folding never touches float32
 * arithmetic, whose every operation is part of the meaning of a kernel.
 */
import type { DType, TypedArray } from "../tensor/tensor.ts";
import type { Buffer, BufferRole, Expr, Kernel, Routine, ScalarType, Stmt } from "./kernel.ts";
import { OPS, type OpName } from "./ops.ts";

/** An integer literal where an int32 expression is meant. */
export type Index = Expr | number;
/** A number literal where a float32 expression is meant. */
export type Real = Expr | number;

export const f32 = (value: number): Expr => ({
  kind: "const",
  type: "float32",
  value: Math.fround(value),
});
export const i32 = (value: number): Expr => ({ kind: "const", type: "int32", value: value | 0 });
/** An int64 constant; `value` is a safe integer. */
export const i64 = (value: number): Expr => ({ kind: "const", type: "int64", value });

const asReal = (value: Real): Expr => (typeof value === "number" ? f32(value) : value);
const asIndex = (value: Index): Expr => (typeof value === "number" ? i32(value) : value);

/** Applies one row of the table, checking the argument types. */
export function op(name: OpName, ...args: readonly Expr[]): Expr {
  const row = OPS[name];
  if (args.length !== row.args.length)
    throw new TypeError(`op ${name}: takes ${row.args.length} arguments, got ${args.length}`);
  for (let i = 0; i < args.length; i++) {
    const { type } = args[i]!;
    if (type !== row.args[i])
      throw new TypeError(`op ${name}: argument ${i} must be ${row.args[i]}, got ${type}`);
  }
  return { kind: "op", type: row.result, op: name, args };
}

const isConst = (e: Expr, value?: number): e is Expr & { kind: "const" } =>
  e.kind === "const" && (value === undefined || e.value === value);

/** Builds an int32 operation, folding constants and the identities of 0 and 1. */
function fold(
  name:
    | "add"
    | "sub"
    | "mul"
    | "div"
    | "rem"
    | "min"
    | "max"
    | "and"
    | "shl"
    | "shr"
    | "or"
    | "xor"
    | "shru",
  left: Index,
  right: Index,
): Expr {
  const a = asIndex(left);
  const b = asIndex(right);
  if (isConst(a) && isConst(b)) return i32(OPS[name].evaluate(a.value, b.value) as number);
  if (name === "add" && isConst(a, 0)) return b;
  if ((name === "add" || name === "sub" || name === "shl" || name === "shr") && isConst(b, 0))
    return a;
  if (name === "mul" && (isConst(a, 0) || isConst(b, 0))) return i32(0);
  if (name === "mul" && isConst(a, 1)) return b;
  if ((name === "mul" || name === "div") && isConst(b, 1)) return a;
  return op(name, a, b);
}

// int32
export const add = (a: Index, b: Index): Expr => fold("add", a, b);
export const sub = (a: Index, b: Index): Expr => fold("sub", a, b);
export const mul = (a: Index, b: Index): Expr => fold("mul", a, b);
/** Quotient toward zero by a positive constant. */
export const div = (a: Index, b: number): Expr => fold("div", a, b);
/** Remainder by a positive constant, with the sign of `a`. */
export const rem = (a: Index, b: number): Expr => fold("rem", a, b);
export const min = (a: Index, b: Index): Expr => fold("min", a, b);
export const max = (a: Index, b: Index): Expr => fold("max", a, b);
export const clamp = (a: Index, low: Index, high: Index): Expr => min(max(a, low), high);
export const and = (a: Index, b: Index): Expr => fold("and", a, b);
export const or = (a: Index, b: Index): Expr => fold("or", a, b);
export const xor = (a: Index, b: Index): Expr => fold("xor", a, b);
export const shl = (a: Index, b: Index): Expr => fold("shl", a, b);
export const shr = (a: Index, b: Index): Expr => fold("shr", a, b);
export const shru = (a: Index, b: Index): Expr => fold("shru", a, b);
export const clz = (a: Expr): Expr => op("clz", a);
export const lt = (a: Index, b: Index): Expr => op("lt", asIndex(a), asIndex(b));
export const le = (a: Index, b: Index): Expr => op("le", asIndex(a), asIndex(b));
export const gt = (a: Index, b: Index): Expr => lt(b, a);
export const ge = (a: Index, b: Index): Expr => le(b, a);
export const eq = (a: Index, b: Index): Expr => op("eq", asIndex(a), asIndex(b));
export const select = (c: Expr, a: Index, b: Index): Expr =>
  op("select", c, asIndex(a), asIndex(b));

// float32
export const addF = (a: Real, b: Real): Expr => op("addF", asReal(a), asReal(b));
export const subF = (a: Real, b: Real): Expr => op("subF", asReal(a), asReal(b));
export const mulF = (a: Real, b: Real): Expr => op("mulF", asReal(a), asReal(b));
export const divF = (a: Real, b: Real): Expr => op("divF", asReal(a), asReal(b));
export const negF = (a: Real): Expr => op("negF", asReal(a));
export const absF = (a: Real): Expr => op("absF", asReal(a));
export const sqrtF = (a: Real): Expr => op("sqrtF", asReal(a));
/** a < b ? a : b */
export const minF = (a: Real, b: Real): Expr => op("minF", asReal(a), asReal(b));
/** a > b ? a : b */
export const maxF = (a: Real, b: Real): Expr => op("maxF", asReal(a), asReal(b));
export const ltF = (a: Real, b: Real): Expr => op("ltF", asReal(a), asReal(b));
export const leF = (a: Real, b: Real): Expr => op("leF", asReal(a), asReal(b));
export const gtF = (a: Real, b: Real): Expr => ltF(b, a);
export const geF = (a: Real, b: Real): Expr => leF(b, a);
export const eqF = (a: Real, b: Real): Expr => op("eqF", asReal(a), asReal(b));
export const selectF = (c: Expr, a: Real, b: Real): Expr => op("selectF", c, asReal(a), asReal(b));
export const toFloat = (a: Index): Expr => op("toFloat", asIndex(a));
export const truncate = (a: Real): Expr => op("truncate", asReal(a));
export const floatToBits = (a: Expr): Expr => op("floatToBits", a);
export const bitsToFloat = (a: Index): Expr => op("bitsToFloat", asIndex(a));

// bool
export const andB = (a: Expr, b: Expr): Expr => op("andB", a, b);
export const orB = (a: Expr, b: Expr): Expr => op("orB", a, b);
export const notB = (a: Expr): Expr => op("notB", a);

export const call = (routine: Routine, ...args: readonly Expr[]): Expr => ({
  kind: "call",
  type: routine.result.type,
  routine,
  args,
});

/** A buffer as lowerings use it: `load` builds an expression, `store` adds a statement. */
export type BufferHandle = {
  readonly name: string;
  readonly length: number;
  readonly load: (index: Index) => Expr;
  readonly store: (index: Index, value: Expr | number) => void;
};

/** A register: `get` is its current value, `set` assigns it. */
export type RegisterHandle = { readonly get: Expr; readonly set: (value: Expr | number) => void };

export type StatementBuilder = {
  /** Serial loop; the callback receives the axis and builds the body. */
  readonly loop: (extent: number, body: (axis: Expr) => void) => void;
  /** Loop with independent iterations (see `kernel.ts`). */
  readonly parallel: (extent: number, body: (axis: Expr) => void) => void;
  /** Declares a register that may be set. `hint` names it readably in the emitted C. */
  readonly register: (initial: Expr | number, hint?: string, type?: ScalarType) => RegisterHandle;
  /** Names a value that is used more than once. */
  readonly value: (value: Expr, hint?: string) => Expr;
  readonly when: (condition: Expr, then: () => void, otherwise?: () => void) => void;
  /** Leaves the innermost loop when the condition holds. */
  readonly exitIf: (condition: Expr) => void;
};

export type KernelBuilder = StatementBuilder & {
  readonly input: (dtype: DType, length: number, name?: string) => BufferHandle;
  readonly output: (dtype: DType, length: number, name?: string) => BufferHandle;
  readonly update: (dtype: DType, length: number, name?: string) => BufferHandle;
  readonly constant: (data: TypedArray, dtype: DType, name?: string) => BufferHandle;
  readonly scratch: (dtype: DType, length: number, name?: string) => BufferHandle;
};

const ROLE_ORDER: readonly BufferRole[] = ["input", "output", "update", "constant", "scratch"];

/** A literal takes the type that the context asks for. */
function coerce(value: Expr | number, type: ScalarType): Expr {
  if (typeof value !== "number") return value;
  return type === "float32" ? f32(value) : type === "int64" ? i64(value) : i32(value);
}

/** Builds statements into nested blocks and hands out unique names. */
function statementBuilder(taken: Set<string>): {
  readonly builder: StatementBuilder;
  readonly top: Stmt[];
  readonly push: (s: Stmt) => void;
} {
  const top: Stmt[] = [];
  const blocks: Stmt[][] = [top];
  /** How often each hint has been asked for: all names up to that number are taken. */
  const asked = new Map<string, number>();
  const unique = (hint: string): string => {
    let n = asked.get(hint) ?? 0;
    let name = n === 0 ? hint : `${hint}_${n}`;
    while (taken.has(name)) name = `${hint}_${++n}`;
    taken.add(name);
    asked.set(hint, n + 1);
    return name;
  };
  const push = (s: Stmt): void => {
    blocks[blocks.length - 1]!.push(s);
  };
  const inBlock = (build: () => void): Stmt[] => {
    const block: Stmt[] = [];
    blocks.push(block);
    build();
    blocks.pop();
    return block;
  };
  const loop = (extent: number, parallel: boolean, body: (axis: Expr) => void): void => {
    const axis = unique("i");
    push({
      kind: "loop",
      axis,
      extent,
      parallel,
      body: inBlock(() => body({ kind: "axis", type: "int32", axis })),
    });
  };
  const builder: StatementBuilder = {
    loop: (extent, body) => loop(extent, false, body),
    parallel: (extent, body) => loop(extent, true, body),
    register: (initial, hint = "r", type = "float32") => {
      const name = unique(hint);
      const value = coerce(initial, type);
      push({ kind: "let", name, value });
      return {
        get: { kind: "register", type: value.type, name },
        set: (next) => push({ kind: "set", name, value: coerce(next, value.type) }),
      };
    },
    value: (value, hint = "v") => {
      if (value.kind === "const" || value.kind === "axis" || value.kind === "register")
        return value;
      const name = unique(hint);
      push({ kind: "let", name, value });
      return { kind: "register", type: value.type, name };
    },
    when: (condition, then, otherwise) => {
      push({
        kind: "if",
        condition,
        body: inBlock(then),
        otherwise: otherwise ? inBlock(otherwise) : [],
      });
    },
    exitIf: (condition) => push({ kind: "exit", condition }),
  };
  return { builder, top, push };
}

/**
 * Builds a kernel. Declare the inputs and outputs in the order of the operator's tensors.
 * @param name an identifier in C
 */
export function buildKernel(name: string, build: (k: KernelBuilder) => void): Kernel {
  const taken = new Set<string>();
  const { builder, top, push } = statementBuilder(taken);
  const buffers: Buffer[] = [];
  const declare = (
    role: BufferRole,
    dtype: DType,
    length: number,
    hint: string,
    data?: TypedArray,
  ): BufferHandle => {
    let unique = hint;
    for (let n = 1; taken.has(unique); n++) unique = `${hint}_${n}`;
    taken.add(unique);
    buffers.push(
      data ? { name: unique, dtype, length, role, data } : { name: unique, dtype, length, role },
    );
    const type: ScalarType = dtype === "float32" ? "float32" : "int32";
    return {
      name: unique,
      length,
      load: (index) => ({ kind: "load", type, buffer: unique, index: asIndex(index) }),
      store: (index, value) =>
        push({ kind: "store", buffer: unique, index: asIndex(index), value: coerce(value, type) }),
    };
  };
  build({
    ...builder,
    input: (dtype, length, hint = "x") => declare("input", dtype, length, hint),
    output: (dtype, length, hint = "y") => declare("output", dtype, length, hint),
    update: (dtype, length, hint = "u") => declare("update", dtype, length, hint),
    constant: (data, dtype, hint = "c") => declare("constant", dtype, data.length, hint, data),
    scratch: (dtype, length, hint = "s") => declare("scratch", dtype, length, hint),
  });
  const rank = (b: Buffer): number => (b.role === "update" ? 1 : ROLE_ORDER.indexOf(b.role));
  buffers.sort((a, b) => rank(a) - rank(b)); // stable: outputs and updates keep their order
  return { name, buffers, body: top };
}

/** Builds a routine: a scalar function without loops and buffers. */
export function buildRoutine(
  name: string,
  parameters: Routine["parameters"],
  float64: Routine["float64"],
  build: (s: StatementBuilder, ...args: Expr[]) => Expr,
): Routine {
  const { builder, top } = statementBuilder(new Set(parameters.map((p) => p.name)));
  const args = parameters.map((p): Expr => ({ kind: "register", type: p.type, name: p.name }));
  const result = build(builder, ...args);
  return { name, parameters, body: top, result, float64 };
}
