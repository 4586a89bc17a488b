/**
 * What decides the size of a function's machine code: its statements, operations and element types,
 * not the values in it. Two functions of one fingerprint compile to nearly the same number of
 * bytes; for functions that were never measured, the counts feed a linear model.
 */
import { utf8 } from "../base/bytes.ts";
import { sha256Hex } from "../base/sha256.ts";
import type { Buffer, Expr, Kernel, Routine, Stmt } from "../ir/kernel.ts";
import { everyExpr, everyStmt } from "../ir/walk.ts";

type Code = { readonly body: readonly Stmt[]; readonly buffers: readonly Buffer[] };

const codeOf = (unit: Kernel | Routine): Code =>
  "buffers" in unit
    ? unit
    : { body: [...unit.body, { kind: "exit", condition: unit.result }], buffers: [] };

/** Sixteen hexadecimal digits after the name. */
export function fingerprint(unit: Kernel | Routine): string {
  const { body, buffers } = codeOf(unit);
  const names = new Map<string, string>();
  const rename = (name: string): string => {
    if (!names.has(name)) names.set(name, `${names.size}`);
    return names.get(name)!;
  };
  const writeExpr = (expr: Expr): string => {
    switch (expr.kind) {
      case "const":
        return constantClass(expr.value);
      case "axis":
        return `a${rename(expr.axis)}`;
      case "register":
        return `r${rename(expr.name)}`;
      case "load":
        return `${rename(expr.buffer)}[${writeExpr(expr.index)}]`;
      case "call":
        return `${expr.routine.name}(${expr.args.map(writeExpr).join()})`;
      case "op":
        return `${expr.op}(${expr.args.map(writeExpr).join()})`;
    }
  };
  const writeStmt = (stmt: Stmt): string => {
    switch (stmt.kind) {
      case "loop":
        return `loop ${extentClass(stmt.extent)} ${rename(stmt.axis)}{${stmt.body.map(writeStmt).join()}}`;
      case "let":
      case "set":
        return `${stmt.kind} ${rename(stmt.name)}=${writeExpr(stmt.value)}`;
      case "store":
        return `${rename(stmt.buffer)}[${writeExpr(stmt.index)}]=${writeExpr(stmt.value)}`;
      case "if":
        return `if ${writeExpr(stmt.condition)}{${stmt.body.map(writeStmt).join()}}{${stmt.otherwise.map(writeStmt).join()}}`;
      case "exit":
        return `exit ${writeExpr(stmt.condition)}`;
    }
  };
  const types = buffers.map((b) => `${rename(b.name)}:${b.dtype}:${b.role}`);
  const text = `${types.join()};${body.map(writeStmt).join()}`;
  return `${unit.name.replace(/_\d+$/, "")}:${sha256Hex(utf8(text)).slice(0, 16)}`;
}

/** Small constants are part of instructions and 0 and 1 often vanish; the rest is alike. */
function constantClass(value: number): string {
  return value === 0 ? "0" : value === 1 ? "1" : "c";
}

/** A loop of one pass is not there. */
function extentClass(extent: number): string {
  return extent === 1 ? "1" : "n";
}

/** Names of the counts, in the order of `countsOf`. */
export const COUNTED = [
  "one",
  "loops",
  "branches",
  "loads",
  "stores",
  "floatOps",
  "integerOps",
  "wideOps",
  "calls",
  "buffers",
  "floatConstants",
] as const;

/** How much of each kind there is in a function. */
export function countsOf(unit: Kernel | Routine): readonly number[] {
  const { body, buffers } = codeOf(unit);
  const counts: { [K in (typeof COUNTED)[number]]: number } = {
    one: 1,
    loops: 0,
    branches: 0,
    loads: 0,
    stores: 0,
    floatOps: 0,
    integerOps: 0,
    wideOps: 0,
    calls: 0,
    buffers: buffers.length,
    floatConstants: 0,
  };
  everyStmt(body, ({ kind }) => {
    if (kind === "loop") counts.loops++;
    if (kind === "if" || kind === "exit") counts.branches++;
    if (kind === "store") counts.stores++;
  });
  everyExpr(body, (expr) => {
    if (expr.kind === "load") counts.loads++;
    if (expr.kind === "call") counts.calls++;
    if (expr.kind === "const" && expr.type === "float32") counts.floatConstants++;
    if (expr.kind !== "op") return;
    const types = [expr.type, ...expr.args.map((arg) => arg.type)];
    if (types.includes("int64")) counts.wideOps++;
    else if (types.includes("float32")) counts.floatOps++;
    else counts.integerOps++;
  });
  return COUNTED.map((name) => counts[name]);
}

/** Every routine that kernels call, each once, those called by routines included. */
export function routinesOf(kernels: readonly Kernel[]): readonly Routine[] {
  const found = new Map<string, Routine>();
  const visit = (unit: Kernel | Routine): void =>
    everyExpr(codeOf(unit).body, (expr) => {
      if (expr.kind !== "call" || found.has(expr.routine.name)) return;
      found.set(expr.routine.name, expr.routine);
      visit(expr.routine);
    });
  kernels.forEach(visit);
  return [...found.values()];
}
