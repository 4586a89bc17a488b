/**
 * Visits, and rebuilds, the statements and expressions of a kernel in order. Every analysis comes
 * through here, mostly before an engine has optimized it: hence loops by index, which allocate nothing.
 */
import type { Expr, Stmt } from "./kernel.ts";

/** Calls `visit` for every statement, outer before inner. */
export function everyStmt(body: readonly Stmt[], visit: (stmt: Stmt) => void): void {
  for (let i = 0; i < body.length; i++) {
    const stmt = body[i]!;
    visit(stmt);
    if (stmt.kind === "loop") everyStmt(stmt.body, visit);
    else if (stmt.kind === "if") {
      everyStmt(stmt.body, visit);
      everyStmt(stmt.otherwise, visit);
    }
  }
}

/** Calls `visit` for an expression and its parts, outer before inner. */
export function everyPart(expr: Expr, visit: (expr: Expr) => void): void {
  visit(expr);
  if (expr.kind === "load") everyPart(expr.index, visit);
  else if (expr.kind === "op" || expr.kind === "call")
    for (let i = 0; i < expr.args.length; i++) everyPart(expr.args[i]!, visit);
}

const NO_EXPRS: readonly Expr[] = [];

/** The expressions that a statement itself evaluates, without those of nested statements. */
export function exprsOf(stmt: Stmt): readonly Expr[] {
  switch (stmt.kind) {
    case "let":
    case "set":
      return [stmt.value];
    case "store":
      return [stmt.index, stmt.value];
    case "if":
    case "exit":
      return [stmt.condition];
    case "loop":
      return NO_EXPRS;
  }
}

/** Calls `visit` for every expression in a body and every part of it. */
export function everyExpr(body: readonly Stmt[], visit: (expr: Expr) => void): void {
  everyStmt(body, (stmt) => {
    const exprs = exprsOf(stmt);
    for (let i = 0; i < exprs.length; i++) everyPart(exprs[i]!, visit);
  });
}

/** Rebuilds an expression with `change` applied to each part, inner before outer. */
export function mapExpr(expr: Expr, change: (expr: Expr) => Expr): Expr {
  switch (expr.kind) {
    case "load":
      return change({ ...expr, index: mapExpr(expr.index, change) });
    case "op":
    case "call":
      return change({ ...expr, args: expr.args.map((arg) => mapExpr(arg, change)) });
    default:
      return change(expr);
  }
}

/** Rebuilds a body with `change` applied to each part of its expressions, inner before outer. */
export function mapBody(body: readonly Stmt[], change: (expr: Expr) => Expr): readonly Stmt[] {
  const map = (expr: Expr): Expr => mapExpr(expr, change);
  const rebuild = (stmt: Stmt): Stmt => {
    switch (stmt.kind) {
      case "loop":
        return { ...stmt, body: mapBody(stmt.body, change) };
      case "let":
      case "set":
        return { ...stmt, value: map(stmt.value) };
      case "store":
        return { ...stmt, index: map(stmt.index), value: map(stmt.value) };
      case "exit":
        return { ...stmt, condition: map(stmt.condition) };
      case "if":
        return {
          ...stmt,
          condition: map(stmt.condition),
          body: mapBody(stmt.body, change),
          otherwise: mapBody(stmt.otherwise, change),
        };
    }
  };
  return body.map(rebuild);
}
