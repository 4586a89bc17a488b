/**
 * The meaning of the kernel language: walks the statements one by one, slowly and obviously. Every
 * emitter is tested against it. `float32` precision rounds after each operation; `float64` leaves
 * the rounding out and calls the mathematical function of a routine instead of its body, which
 * gives tests a high-precision view of the same definition.
 */
import type { TypedArray } from "../tensor/tensor.ts";
import type { Expr, Kernel, Routine, Stmt } from "./kernel.ts";
import { OPS } from "./ops.ts";

export type InterpretOptions = {
  /** @default "float32" */
  readonly precision?: "float32" | "float64";
  /** Runs parallel loops backwards: their result must not change. @default false */
  readonly reverseParallel?: boolean;
};

export type BufferContents = { readonly [name: string]: TypedArray | Float64Array };

type Value = number | boolean | bigint;

type State = {
  readonly buffers: BufferContents;
  readonly registers: Map<string, Value>;
  readonly axes: Map<string, number>;
  readonly options: InterpretOptions;
};

/**
 * Runs a kernel on its buffers. Constants come from the kernel; scratch that is not given is made,
 * filled with NaN or a marker so that reading it undefined shows.
 */
export function interpret(
  kernel: Kernel,
  buffers: BufferContents,
  options: InterpretOptions = {},
): void {
  const all: { [name: string]: TypedArray | Float64Array } = { ...buffers };
  for (const buffer of kernel.buffers) {
    if (buffer.data) all[buffer.name] = buffer.data;
    if (buffer.role === "scratch" && !all[buffer.name])
      all[buffer.name] =
        buffer.dtype === "float32"
          ? new (options.precision === "float64" ? Float64Array : Float32Array)(buffer.length).fill(
              Number.NaN,
            )
          : new Int32Array(buffer.length).fill(-0x21524111);
    const content = all[buffer.name];
    if (!content || content.length < buffer.length)
      throw new Error(`interpret: buffer "${buffer.name}" needs ${buffer.length} elements`);
  }
  runBlock(kernel.body, { buffers: all, registers: new Map(), axes: new Map(), options });
}

/** Evaluates a routine on numbers. */
export function interpretRoutine(
  routine: Routine,
  args: readonly number[],
  options: InterpretOptions = {},
): number {
  if (options.precision === "float64") return routine.float64(...args);
  const registers = new Map<string, Value>();
  routine.parameters.forEach((p, i) => {
    registers.set(p.name, args[i]!);
  });
  const state: State = { buffers: {}, registers, axes: new Map(), options };
  runBlock(routine.body, state);
  return evaluate(routine.result, state) as number;
}

/** Runs a block; true when an `exit` was taken. */
function runBlock(block: readonly Stmt[], state: State): boolean {
  for (const stmt of block) if (runStmt(stmt, state)) return true;
  return false;
}

function runStmt(stmt: Stmt, state: State): boolean {
  switch (stmt.kind) {
    case "let":
    case "set":
      state.registers.set(stmt.name, evaluate(stmt.value, state));
      return false;
    case "store": {
      const index = evaluate(stmt.index, state) as number;
      const buffer = state.buffers[stmt.buffer]!;
      if (index < 0 || index >= buffer.length)
        throw new Error(`interpret: index ${index} of "${stmt.buffer}" is out of bounds`);
      buffer[index] = evaluate(stmt.value, state) as number;
      return false;
    }
    case "if":
      return runBlock(evaluate(stmt.condition, state) ? stmt.body : stmt.otherwise, state);
    case "exit":
      return evaluate(stmt.condition, state) as boolean;
    case "loop": {
      const backwards = stmt.parallel && state.options.reverseParallel;
      for (let n = 0; n < stmt.extent; n++) {
        state.axes.set(stmt.axis, backwards ? stmt.extent - 1 - n : n);
        if (runBlock(stmt.body, state)) break;
      }
      return false;
    }
  }
}

function evaluate(expr: Expr, state: State): Value {
  switch (expr.kind) {
    case "const":
      return expr.type === "int64" ? BigInt(expr.value) : expr.value;
    case "axis":
      return state.axes.get(expr.axis)!;
    case "register":
      return state.registers.get(expr.name)!;
    case "load": {
      const index = evaluate(expr.index, state) as number;
      const value = state.buffers[expr.buffer]![index];
      if (value === undefined)
        throw new Error(`interpret: index ${index} of "${expr.buffer}" is out of bounds`);
      return value;
    }
    case "call":
      return interpretRoutine(
        expr.routine,
        expr.args.map((arg) => evaluate(arg, state) as number),
        state.options,
      );
    case "op": {
      const result = OPS[expr.op].evaluate(...expr.args.map((arg) => evaluate(arg, state)));
      const round = expr.type === "float32" && state.options.precision !== "float64";
      return round ? Math.fround(result as number) : result;
    }
  }
}
