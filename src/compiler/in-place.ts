/**
 * Runs a step in the memory of one of its inputs where its loops allow it: every iteration reads
 * the input at the very index that it then writes, and nowhere else. The kernel is rewritten to
 * one `update` buffer, so that emitters know what they may not assume.
 */
import { type Affine, affineOf, equalAffine } from "../ir/affine.ts";
import type { Expr, Kernel, Stmt } from "../ir/kernel.ts";
import { everyExpr, everyStmt, mapExpr } from "../ir/walk.ts";

/** Whether `output` may lie in the memory of `input` (buffer names). */
export function canRunInPlace(kernel: Kernel, input: string, output: string): boolean {
  const source = kernel.buffers.find((b) => b.name === input)!;
  const target = kernel.buffers.find((b) => b.name === output)!;
  if (source.role !== "input" || target.role !== "output") return false;
  if (source.dtype !== target.dtype || source.length !== target.length) return false;

  const nests = kernel.body.filter((stmt) => touches(stmt, input) || touches(stmt, output));
  if (nests.length !== 1) return false;
  let index: Affine | undefined;
  let possible = true;
  const check = (expr: Expr): void => {
    const affine = affineOf(expr);
    if (!affine || (index && !equalAffine(affine, index))) possible = false;
    index ??= affine;
  };
  everyStmt([nests[0]!], (stmt) => {
    if (stmt.kind === "store" && stmt.buffer === output) check(stmt.index);
  });
  everyExpr([nests[0]!], (expr) => {
    if (expr.kind !== "load") return;
    if (expr.buffer === input) check(expr.index);
    if (expr.buffer === output) possible = false;
  });
  return possible && index !== undefined && isInjective(nests[0]!, index, source.length, output);
}

/** Whether each iteration around the store has an element of its own and all elements are hit. */
function isInjective(nest: Stmt, index: Affine, length: number, output: string): boolean {
  let found = false;
  const visit = (stmt: Stmt, loops: readonly (Stmt & { kind: "loop" })[]): void => {
    if (stmt.kind === "store" && stmt.buffer === output) {
      const iterations = loops.reduce((n, loop) => n * loop.extent, 1);
      found =
        iterations === length &&
        loops.every((l) => l.extent === 1 || index.coefficients.has(l.axis)) &&
        !found;
    }
    if (stmt.kind === "loop") for (const inner of stmt.body) visit(inner, [...loops, stmt]);
  };
  visit(nest, []);
  return found;
}

const touches = (stmt: Stmt, buffer: string): boolean => {
  let found = false;
  everyStmt([stmt], (s) => {
    if (s.kind === "store" && s.buffer === buffer) found = true;
  });
  everyExpr([stmt], (e) => {
    if (e.kind === "load" && e.buffer === buffer) found = true;
  });
  return found;
};

/** The kernel with `input` dropped and read through `output`, which becomes an update. */
export function mergeBuffers(kernel: Kernel, input: string, output: string): Kernel {
  const rename = (expr: Expr): Expr =>
    mapExpr(expr, (e) => (e.kind === "load" && e.buffer === input ? { ...e, buffer: output } : e));
  const rewrite = (stmt: Stmt): Stmt => {
    switch (stmt.kind) {
      case "loop":
        return { ...stmt, body: stmt.body.map(rewrite) };
      case "let":
      case "set":
        return { ...stmt, value: rename(stmt.value) };
      case "store":
        return { ...stmt, index: rename(stmt.index), value: rename(stmt.value) };
      case "exit":
        return { ...stmt, condition: rename(stmt.condition) };
      case "if":
        return {
          ...stmt,
          condition: rename(stmt.condition),
          body: stmt.body.map(rewrite),
          otherwise: stmt.otherwise.map(rewrite),
        };
    }
  };
  return {
    ...kernel,
    buffers: kernel.buffers
      .filter((b) => b.name !== input)
      .map((b) => (b.name === output ? { ...b, role: "update" as const } : b)),
    body: kernel.body.map(rewrite),
  };
}
