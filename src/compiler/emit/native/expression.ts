/**
 * Expressions as GNU C. Scalars take the texts of the op table; in a vector block, an expression
 * that depends on the vector axis is a SIMD value of the part's lanes (`f8` of floats, `i8` of
 * truth values), and a scalar that meets one is spread.
 */
import { affineOf } from "../../../ir/affine.ts";
import type { Expr, Stmt } from "../../../ir/kernel.ts";
import { OPS, type OpName } from "../../../ir/ops.ts";
import { everyStmt, exprsOf } from "../../../ir/walk.ts";
import type { DType } from "../../../tensor/tensor.ts";
import { scalarLiteral } from "../c/literals.ts";

/** What the names of an expression are at one point of lane space. */
export type ExpressionScope = {
  readonly axis: (name: string) => string;
  readonly register: (name: string) => string;
  readonly buffer: (name: string) => string;
  readonly routine: (expr: Expr & { readonly kind: "call" }) => string;
  /** Lanes of the vector part; 1 outside of vectors. */
  readonly lanes: number;
  /** Whether a value differs between the lanes. */
  readonly isVector: (expr: Expr) => boolean;
};

/** Float operations with a form on vectors; `$n` stands for the number of lanes. */
const VECTOR: { readonly [N in OpName]?: string } = {
  addF: "($0 + $1)",
  subF: "($0 - $1)",
  mulF: "($0 * $1)",
  divF: "($0 / $1)",
  negF: "(-$0)",
  minF: "ts_select$n($0 < $1, $0, $1)",
  maxF: "ts_select$n($0 > $1, $0, $1)",
  ltF: "($0 < $1)",
  leF: "($0 <= $1)",
  eqF: "($0 == $1)",
  selectF: "ts_select$n($0, $1, $2)",
};

export function scalarText(expr: Expr, scope: ExpressionScope): string {
  switch (expr.kind) {
    case "const": {
      const text = scalarLiteral(expr.type, Number(expr.value));
      return text.startsWith("-") ? `(${text})` : text;
    }
    case "axis":
      return scope.axis(expr.axis);
    case "register":
      return scope.register(expr.name);
    case "load":
      return `${scope.buffer(expr.buffer)}[${scalarText(expr.index, scope)}]`;
    case "call":
      return `${scope.routine(expr)}(${expr.args.map((a) => scalarText(a, scope)).join(", ")})`;
    case "op": {
      const args = expr.args.map((arg) => scalarText(arg, scope));
      return `(${filled(OPS[expr.op].c, args, 1)})`;
    }
  }
}

/** The text of a value in all lanes of the part: `f<lanes>`. */
export function vectorText(expr: Expr, scope: ExpressionScope): string {
  if (!scope.isVector(expr)) return `ts_spread${scope.lanes}(${scalarText(expr, scope)})`;
  switch (expr.kind) {
    case "register":
      return scope.register(expr.name);
    case "load": {
      const at = `${scope.buffer(expr.buffer)}[${scalarText(expr.index, scope)}]`;
      return `*(const u${scope.lanes} *)&${at}`;
    }
    case "op": {
      const args = expr.args.map((arg) => vectorText(arg, scope));
      return filled(VECTOR[expr.op]!, args, scope.lanes);
    }
    default:
      throw new Error(`native: no vector form of ${expr.kind}`);
  }
}

const filled = (template: string, args: readonly string[], lanes: number): string =>
  template.replace(/\$([\dn])/g, (_, n) => (n === "n" ? String(lanes) : args[Number(n)]!));

/** Whether a vectorisable loop can be written with explicit vectors: float32 and `VECTOR` only. */
export function hasVectorText(
  body: readonly Stmt[],
  axis: string,
  dtypeOf: (buffer: string) => DType,
  depends: (expr: Expr) => boolean,
): boolean {
  const fits = (expr: Expr): boolean => {
    if (!depends(expr)) return expr.type === "float32";
    if (expr.kind === "register") return expr.type === "float32";
    if (expr.kind === "load")
      return dtypeOf(expr.buffer) === "float32" && strideOf(expr.index, axis, depends) === 1;
    return expr.kind === "op" && VECTOR[expr.op] !== undefined && expr.args.every(fits);
  };
  let possible = true;
  everyStmt(body, (stmt) => {
    if (stmt.kind === "if" || stmt.kind === "exit") possible = false;
    if (stmt.kind === "store")
      possible &&=
        dtypeOf(stmt.buffer) === "float32" &&
        strideOf(stmt.index, axis, depends) === 1 &&
        fits(stmt.value);
    if (stmt.kind === "let" || stmt.kind === "set")
      possible &&= exprsOf(stmt).every((expr) => !depends(expr) || fits(expr));
  });
  return possible;
}

/** Elements per iteration of the axis; undefined where that is not known. */
function strideOf(index: Expr, axis: string, depends: (expr: Expr) => boolean): number | undefined {
  if (!depends(index)) return 0;
  const affine = affineOf(index);
  if (affine) return affine.coefficients.get(axis) ?? 0;
  if (index.kind !== "op" || index.op !== "add") return undefined;
  const [a, b] = index.args.map((arg) => strideOf(arg, axis, depends));
  return a === undefined || b === undefined ? undefined : a + b;
}
