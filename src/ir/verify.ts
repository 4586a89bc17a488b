/**
 * Checks a kernel against the rules of `kernel.ts` before anything runs or emits it: types, unique
 * names, scopes, roles, provable indices, and what a parallel loop may do. A verified kernel
 * cannot touch memory outside its buffers.
 */
import { affineOf } from "./affine.ts";
import type { Buffer, Expr, Kernel, Routine, Stmt } from "./kernel.ts";
import { OPS } from "./ops.ts";
import { type Range, type RangeContext, rangeOf } from "./ranges.ts";
import { everyStmt } from "./walk.ts";

const IDENTIFIER = /^[A-Za-z][A-Za-z0-9_]*$/;

/** What is declared where a statement stands. */
type Scope = RangeContext & {
  readonly types: Map<string, Expr["type"]>;
  readonly registers: Map<string, Range>;
};

/** @throws Error naming the kernel and the rule that it breaks */
export function verifyKernel(kernel: Kernel): void {
  const fail = (rule: string): never => {
    throw new Error(`kernel ${kernel.name}: ${rule}`);
  };
  const buffers = new Map<string, Buffer>();
  const names = new Set<string>();
  const declare = (name: string): void => {
    if (!IDENTIFIER.test(name)) fail(`"${name}" is not an identifier`);
    if (names.has(name)) fail(`the name "${name}" is not unique`);
    names.add(name);
  };
  if (!IDENTIFIER.test(kernel.name)) fail("its name is not an identifier");
  for (const buffer of kernel.buffers) {
    declare(buffer.name);
    if (!Number.isInteger(buffer.length) || buffer.length < 1)
      fail(`buffer "${buffer.name}" must have at least 1 element, got ${buffer.length}`);
    if ((buffer.role === "constant") !== (buffer.data !== undefined))
      fail(`buffer "${buffer.name}": constants and only constants have data`);
    if (buffer.data && buffer.data.length !== buffer.length)
      fail(`buffer "${buffer.name}" has ${buffer.data.length} values for length ${buffer.length}`);
    buffers.set(buffer.name, buffer);
  }
  const assigned = new Set<string>();
  everyStmt(kernel.body, (stmt) => {
    if (stmt.kind === "set") assigned.add(stmt.name);
  });

  const bufferOf = (name: string): Buffer => buffers.get(name) ?? fail(`no buffer "${name}"`);
  const checkIndex = (buffer: Buffer, index: Expr, scope: Scope): void => {
    if (index.type !== "int32") fail(`an index of "${buffer.name}" must be int32`);
    checkExpr(index, scope);
    const range = rangeOf(index, scope);
    if (range.low < 0 || range.high >= buffer.length)
      fail(
        `an index of "${buffer.name}" must be within 0 to ${buffer.length - 1}, got ${range.low} to ${range.high}`,
      );
  };
  const valueType = (buffer: Buffer): Expr["type"] =>
    buffer.dtype === "float32" ? "float32" : "int32";

  function checkExpr(expr: Expr, scope: Scope): void {
    switch (expr.kind) {
      case "const":
        if (expr.type === "bool") fail("there are no bool constants");
        if (expr.type !== "float32" && !Number.isSafeInteger(expr.value))
          fail(`an ${expr.type} constant must be an integer, got ${expr.value}`);
        return;
      case "axis":
        if (!scope.axes.has(expr.axis)) fail(`axis "${expr.axis}" is not in scope`);
        return;
      case "register":
        if (scope.types.get(expr.name) !== expr.type)
          fail(`register "${expr.name}" of type ${expr.type} is not in scope`);
        return;
      case "load": {
        const buffer = bufferOf(expr.buffer);
        if (buffer.role === "output" && !stored.has(buffer.name))
          fail(`output "${buffer.name}" is read before it is written`);
        if (expr.type !== valueType(buffer)) fail(`a load of "${buffer.name}" has the wrong type`);
        checkIndex(buffer, expr.index, scope);
        return;
      }
      case "op": {
        const row = OPS[expr.op];
        if (!row) fail(`no operation "${expr.op}"`);
        if (row.result !== expr.type || row.args.length !== expr.args.length)
          fail(`operation ${expr.op} has the wrong type or number of arguments`);
        for (let i = 0; i < expr.args.length; i++) {
          const arg = expr.args[i]!;
          if (arg.type !== row.args[i])
            fail(`operation ${expr.op}: argument ${i} must be ${row.args[i]}, got ${arg.type}`);
          checkExpr(arg, scope);
        }
        if (expr.op === "div" || expr.op === "rem") {
          const divisor = expr.args[1]!;
          if (divisor.kind !== "const" || divisor.value < 1)
            fail(`operation ${expr.op}: the divisor must be a positive constant`);
        }
        return;
      }
      case "call":
        verifyRoutine(expr.routine);
        if (expr.type !== expr.routine.result.type) fail(`call ${expr.routine.name}: wrong type`);
        if (expr.args.length !== expr.routine.parameters.length)
          fail(`call ${expr.routine.name}: wrong number of arguments`);
        expr.args.forEach((arg, i) => {
          if (arg.type !== expr.routine.parameters[i]!.type)
            fail(`call ${expr.routine.name}: argument ${i} has the wrong type`);
          checkExpr(arg, scope);
        });
    }
  }

  const stored = new Set<string>();
  /** @param loop the innermost loop, for `exit` */
  function checkBlock(
    block: readonly Stmt[],
    outer: Scope,
    loop: (Stmt & { kind: "loop" }) | undefined,
  ): void {
    const scope: Scope = {
      ...outer,
      types: new Map(outer.types),
      registers: new Map(outer.registers),
    };
    for (let i = 0; i < block.length; i++) {
      const stmt = block[i]!;
      switch (stmt.kind) {
        case "let":
          declare(stmt.name);
          checkExpr(stmt.value, scope);
          scope.types.set(stmt.name, stmt.value.type);
          if (stmt.value.type === "int32" && !assigned.has(stmt.name))
            scope.registers.set(stmt.name, rangeOf(stmt.value, scope));
          break;
        case "set":
          if (scope.types.get(stmt.name) !== stmt.value.type)
            fail(`register "${stmt.name}" of type ${stmt.value.type} is not in scope`);
          checkExpr(stmt.value, scope);
          break;
        case "store": {
          const buffer = bufferOf(stmt.buffer);
          if (buffer.role === "input" || buffer.role === "constant")
            fail(`${buffer.role} "${buffer.name}" must not be written`);
          if (stmt.value.type !== valueType(buffer))
            fail(`a store to "${buffer.name}" has the wrong type`);
          checkExpr(stmt.value, scope);
          checkIndex(buffer, stmt.index, scope);
          stored.add(buffer.name);
          break;
        }
        case "if":
          if (stmt.condition.type !== "bool") fail("a condition must be bool");
          checkExpr(stmt.condition, scope);
          checkBlock(stmt.body, scope, loop);
          checkBlock(stmt.otherwise, scope, loop);
          break;
        case "exit":
          if (!loop || loop.parallel) fail("exit must be inside a serial loop");
          if (stmt.condition.type !== "bool") fail("a condition must be bool");
          checkExpr(stmt.condition, scope);
          break;
        case "loop":
          declare(stmt.axis);
          if (!Number.isInteger(stmt.extent) || stmt.extent < 1)
            fail(`axis "${stmt.axis}": the extent must be at least 1, got ${stmt.extent}`);
          if (stmt.parallel) checkParallel(stmt, scope);
          checkBlock(
            stmt.body,
            { ...scope, axes: new Map(scope.axes).set(stmt.axis, stmt.extent) },
            stmt,
          );
          break;
      }
    }
  }

  /** Necessary conditions; tests run parallel loops backwards as well to see the rest. */
  function checkParallel(loop: Stmt & { kind: "loop" }, scope: Scope): void {
    everyStmt(loop.body, (stmt) => {
      if (stmt.kind === "set" && scope.types.has(stmt.name))
        fail(`parallel axis "${loop.axis}": register "${stmt.name}" carries over iterations`);
      if (stmt.kind === "store" && bufferOf(stmt.buffer).role !== "scratch") {
        const index = affineOf(stmt.index);
        if (index && !index.coefficients.has(loop.axis) && loop.extent > 1)
          fail(`parallel axis "${loop.axis}": every iteration writes the same "${stmt.buffer}"`);
      }
    });
  }

  const nothing: Scope = {
    axes: new Map(),
    types: new Map(),
    registers: new Map(),
    dtypeOf: (name) => bufferOf(name).dtype,
  };
  checkBlock(kernel.body, nothing, undefined);
  for (const buffer of kernel.buffers)
    if ((buffer.role === "output" || buffer.role === "update") && !stored.has(buffer.name))
      fail(`${buffer.role} "${buffer.name}" is never written`);
}

const verified = new WeakSet<Routine>();

/** @throws Error when a routine has a loop, a buffer or an unknown register */
export function verifyRoutine(routine: Routine): void {
  if (verified.has(routine)) return;
  everyStmt(routine.body, (stmt) => {
    if (stmt.kind === "loop" || stmt.kind === "store" || stmt.kind === "exit")
      throw new Error(`routine ${routine.name}: ${stmt.kind} is not allowed`);
  });
  // As a kernel whose parameters are loaded from buffers, everything else is checked alike.
  const parameters = routine.parameters.map((p, i) => ({
    name: `arg${i}_buffer`,
    dtype: p.type === "float32" ? ("float32" as const) : ("int32" as const),
    length: 1,
    role: "input" as const,
  }));
  const result = routine.result.type === "float32" ? ("float32" as const) : ("int32" as const);
  const zero: Expr = { kind: "const", type: "int32", value: 0 };
  verifyKernel({
    name: routine.name,
    buffers: [...parameters, { name: "result_buffer", dtype: result, length: 1, role: "output" }],
    body: [
      ...routine.parameters.map(
        (p, i): Stmt => ({
          kind: "let",
          name: p.name,
          value: {
            kind: "load",
            type: p.type === "float32" ? "float32" : "int32",
            buffer: `arg${i}_buffer`,
            index: zero,
          },
        }),
      ),
      ...routine.body,
      { kind: "store", buffer: "result_buffer", index: zero, value: routine.result },
    ],
  });
  verified.add(routine);
}
