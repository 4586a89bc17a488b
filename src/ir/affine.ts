/**
 * Recognises index expressions of the form constant + Σ coefficient · axis. Addresses, vector
 * strides and in-place checks all rest on it.
 */
import { memoize } from "../base/memoize.ts";
import type { Expr } from "./kernel.ts";

export type Affine = {
  readonly constant: number;
  /** Axes with a coefficient other than 0. */
  readonly coefficients: ReadonlyMap<string, number>;
};

const NONE: ReadonlyMap<string, number> = new Map();

/** The affine form of an int32 expression over axes, or undefined where it has none. */
export function affineOf(expr: Expr): Affine | undefined {
  if (expr.kind === "const") return { constant: expr.value, coefficients: NONE };
  if (expr.kind === "axis") return { constant: 0, coefficients: new Map([[expr.axis, 1]]) };
  return expr.kind === "op" ? affineOfOp(expr) : undefined;
}

const affineOfOp = memoize((expr: Expr & { readonly kind: "op" }): Affine | undefined => {
  if (expr.args.length !== 2) return undefined;
  const a = affineOf(expr.args[0]!);
  const b = a && affineOf(expr.args[1]!);
  if (!b) return undefined;
  switch (expr.op) {
    case "add":
      return combine(a, b, 1);
    case "sub":
      return combine(a, b, -1);
    case "mul":
      if (b.coefficients.size === 0) return scale(a, b.constant);
      return a.coefficients.size === 0 ? scale(b, a.constant) : undefined;
    case "shl":
      return b.coefficients.size === 0 ? scale(a, 1 << b.constant) : undefined;
    default:
      return undefined;
  }
});

export function equalAffine(a: Affine, b: Affine): boolean {
  if (a.constant !== b.constant || a.coefficients.size !== b.coefficients.size) return false;
  for (const [axis, coefficient] of a.coefficients)
    if (b.coefficients.get(axis) !== coefficient) return false;
  return true;
}

function combine(a: Affine, b: Affine, sign: 1 | -1): Affine {
  const constant = a.constant + sign * b.constant;
  if (b.coefficients.size === 0) return { constant, coefficients: a.coefficients };
  if (a.coefficients.size === 0 && sign === 1) return { constant, coefficients: b.coefficients };
  const coefficients = new Map(a.coefficients);
  b.coefficients.forEach((coefficient, axis) => {
    const sum = (coefficients.get(axis) ?? 0) + sign * coefficient;
    if (sum === 0) coefficients.delete(axis);
    else coefficients.set(axis, sum);
  });
  return { constant, coefficients };
}

function scale(a: Affine, factor: number): Affine {
  const coefficients = new Map<string, number>();
  if (factor === 0) return { constant: 0, coefficients };
  a.coefficients.forEach((coefficient, axis) => {
    coefficients.set(axis, coefficient * factor);
  });
  return { constant: a.constant * factor, coefficients };
}
