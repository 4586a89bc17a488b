/**
 * Index expressions as addresses. An index is split into a constant, a linear part in the loop
 * axes and what is left (clamped or looked-up terms). The linear part becomes a pointer kept per
 * loop level and shared by every access with the same coefficients; the constant becomes the
 * offset of the instruction.
 */
import { memoize } from "../../../base/memoize.ts";
import type { Expr, Stmt } from "../../../ir/kernel.ts";
import { everyPart, everyStmt, exprsOf } from "../../../ir/walk.ts";

/** index = constant + sum(coefficients * axis) + sum(coefficient * term), in elements. */
export type LinearIndex = {
  readonly constant: number;
  readonly coefficients: ReadonlyMap<string, number>;
  /** The axes that have a coefficient. */
  readonly axes: readonly string[];
  readonly terms: readonly { readonly coefficient: number; readonly term: Expr }[];
};

/** Registers that are never set, with the expression they stand for. */
export type Definitions = ReadonlyMap<string, Expr>;

/** Finds the int32 registers that are only declared, so that indices may see through them. */
export function definitionsOf(body: readonly Stmt[]): Definitions {
  const definitions = new Map<string, Expr>();
  everyStmt(body, (stmt) => {
    if (stmt.kind === "let" && stmt.value.type === "int32") definitions.set(stmt.name, stmt.value);
  });
  everyStmt(body, (stmt) => {
    if (stmt.kind === "set") definitions.delete(stmt.name);
  });
  return definitions;
}

/** Splits an index. Sums wrap at 32 bits, but a verified index never does. */
export function linearize(index: Expr, definitions: Definitions): LinearIndex {
  let constant = 0;
  const coefficients = new Map<string, number>();
  const terms: { coefficient: number; term: Expr }[] = [];
  const visit = (e: Expr, factor: number): void => {
    if (e.kind === "const") {
      constant += factor * e.value;
      return;
    }
    if (e.kind === "axis") {
      coefficients.set(e.axis, (coefficients.get(e.axis) ?? 0) + factor);
      return;
    }
    if (e.kind !== "op") {
      const seen = e.kind === "register" ? definitions.get(e.name) : undefined;
      if (seen && isLinear(seen, definitions)) visit(seen, factor);
      else terms.push({ coefficient: factor, term: e });
      return;
    }
    const { op, args } = e;
    const a = args[0]!;
    const b = args[1]!;
    if (op === "add" || op === "sub") {
      visit(a, factor);
      visit(b, op === "add" ? factor : -factor);
    } else if (op === "mul" && b.kind === "const") visit(a, factor * b.value);
    else if (op === "mul" && a.kind === "const") visit(b, factor * a.value);
    else if (op === "shl" && b.kind === "const") visit(a, factor * (1 << b.value));
    else terms.push({ coefficient: factor, term: e });
  };
  visit(index, 1);
  const axes: string[] = [];
  coefficients.forEach((coefficient, axis) => {
    if (coefficient === 0) coefficients.delete(axis);
    else axes.push(axis);
  });
  return { constant, coefficients, axes, terms };
}

function isLinear(e: Expr, definitions: Definitions): boolean {
  return linearize(e, definitions).terms.length === 0;
}

export type Access = { readonly buffer: string; readonly index: Expr };

/** The loads and the stores of statements, nested ones included, in order. */
export const accessesOf: (body: readonly Stmt[]) => {
  readonly loads: readonly Access[];
  readonly stores: readonly Access[];
} = memoize((body) => {
  const loads: Access[] = [];
  const stores: Access[] = [];
  const add = (inner: readonly Stmt[]): void => {
    const accesses = accessesOf(inner);
    loads.push(...accesses.loads);
    stores.push(...accesses.stores);
  };
  const note = (e: Expr): void => {
    if (e.kind === "load") loads.push(e);
  };
  for (let i = 0; i < body.length; i++) {
    const stmt = body[i]!;
    for (const expr of exprsOf(stmt)) everyPart(expr, note);
    if (stmt.kind === "store") stores.push(stmt);
    if (stmt.kind === "loop") add(stmt.body);
    if (stmt.kind === "if") {
      add(stmt.body);
      add(stmt.otherwise);
    }
  }
  return { loads, stores };
});
