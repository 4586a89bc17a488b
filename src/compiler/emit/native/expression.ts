/**
 * Expressions as GNU C. Scalars take the texts of the op table; in a vector block, an expression
 * that depends on the vector axis is a SIMD value of the part's lanes: `f8` of floats, `i8` of
 * int32 or of truth values (0 and -1). A scalar that meets one is spread.
 *
 * Indices are written as sums over 64-bit axis variables; they lie within their buffers, so nothing
 * wraps, and the compiler is free to walk pointers instead.
 */
import { affineOf } from "../../../ir/affine.ts";
import type { Expr, ScalarType, Stmt } from "../../../ir/kernel.ts";
import { OPS, type OpName } from "../../../ir/ops.ts";
import { everyStmt, exprsOf } from "../../../ir/walk.ts";
import { scalarLiteral } from "../c/literals.ts";

/** What the names of an expression are at one point of lane space. */
export type ExpressionScope = {
  /** The variable of an axis, and what the point adds to it. */
  readonly axis: (name: string) => { readonly variable: string; readonly offset: number };
  readonly register: (name: string) => string;
  readonly buffer: (name: string) => string;
  /** The function of a routine on scalars, or on as many lanes. */
  readonly routine: (expr: Expr & { readonly kind: "call" }, lanes: number) => string;
  /** Lanes of the vector part; 1 outside of vectors. */
  readonly lanes: number;
  /** Whether a value differs between the lanes. */
  readonly isVector: (expr: Expr) => boolean;
};

/** Operations on vectors; `$n` stands for the number of lanes. */
const VECTOR: { readonly [N in OpName]?: string } = {
  addF: "($0 + $1)",
  subF: "($0 - $1)",
  mulF: "($0 * $1)",
  divF: "($0 / $1)",
  negF: "(-$0)",
  absF: "(f$n)((i$n)$0 & INT32_MAX)",
  sqrtF: "ts_sqrt$n($0)",
  minF: "ts_select$n($0 < $1, $0, $1)",
  maxF: "ts_select$n($0 > $1, $0, $1)",
  ltF: "($0 < $1)",
  leF: "($0 <= $1)",
  eqF: "($0 == $1)",
  selectF: "ts_select$n($0, $1, $2)",
  toFloat: "__builtin_convertvector($0, f$n)",
  truncate: "ts_truncate$n($0)",
  floatToBits: "((i$n)$0)",
  bitsToFloat: "((f$n)$0)",
  add: "($0 + $1)",
  sub: "($0 - $1)",
  mul: "($0 * $1)",
  min: "ts_choose$n($0 < $1, $0, $1)",
  max: "ts_choose$n($0 > $1, $0, $1)",
  and: "($0 & $1)",
  or: "($0 | $1)",
  xor: "($0 ^ $1)",
  shl: "($0 << $1)",
  shr: "($0 >> $1)",
  shru: "((i$n)((w$n)$0 >> (w$n)$1))",
  lt: "($0 < $1)",
  le: "($0 <= $1)",
  eq: "($0 == $1)",
  select: "ts_choose$n($0, $1, $2)",
  andB: "($0 & $1)",
  orB: "($0 | $1)",
  notB: "(~$0)",
};

export const vectorType = (type: ScalarType, lanes: number): string =>
  `${type === "float32" ? "f" : "i"}${lanes}`;

export function scalarText(expr: Expr, scope: ExpressionScope): string {
  switch (expr.kind) {
    case "const": {
      const text = scalarLiteral(expr.type, Number(expr.value));
      return text.startsWith("-") ? `(${text})` : text;
    }
    case "axis":
      return `(int32_t)(${indexText(expr, scope)})`;
    case "register":
      return scope.register(expr.name);
    case "load":
      return elementText(expr.buffer, expr.index, scope);
    case "call":
      return `${scope.routine(expr, 1)}(${expr.args.map((a) => scalarText(a, scope)).join(", ")})`;
    case "op": {
      const args = expr.args.map((arg) => scalarText(arg, scope));
      return `(${filled(OPS[expr.op].c, args, 1)})`;
    }
  }
}

/** An element of a buffer; that of the first lane in a vector part. */
export function elementText(buffer: string, index: Expr, scope: ExpressionScope): string {
  return `${scope.buffer(buffer)}[${indexText(index, scope)}]`;
}

function indexText(index: Expr, scope: ExpressionScope): string {
  const affine = affineOf(index);
  if (affine) {
    let { constant } = affine;
    const terms = [...affine.coefficients].map(([name, coefficient]) => {
      const { variable, offset } = scope.axis(name);
      constant += coefficient * offset;
      return coefficient === 1 ? variable : `${coefficient} * ${variable}`;
    });
    if (constant !== 0 || terms.length === 0) terms.push(String(constant));
    return terms.join(" + ").replaceAll("+ -", "- ");
  }
  if (index.kind === "op" && index.op === "add")
    return index.args.map((arg) => indexText(arg, scope)).join(" + ");
  return scalarText(index, scope);
}

/** The text of a value in all lanes of the part. */
export function vectorText(expr: Expr, scope: ExpressionScope): string {
  const { lanes } = scope;
  if (!scope.isVector(expr)) return spread(expr, scope);
  switch (expr.kind) {
    case "axis":
      return `(ts_fill${lanes}(${scalarText(expr, scope)}) + ts_ramp${lanes})`;
    case "register":
      return scope.register(expr.name);
    case "load": {
      const type = expr.type === "float32" ? "u" : "v";
      return `*(const ${type}${lanes} *)&${elementText(expr.buffer, expr.index, scope)}`;
    }
    case "call": {
      const args = expr.args.map((arg) => vectorText(arg, scope));
      return `${scope.routine(expr, lanes)}(${args.join(", ")})`;
    }
    case "op": {
      const args = expr.args.map((arg) => vectorText(arg, scope));
      return filled(VECTOR[expr.op]!, args, lanes);
    }
    default:
      throw new Error(`native: no vector form of ${expr.kind}`);
  }
}

function spread(expr: Expr, scope: ExpressionScope): string {
  const text = scalarText(expr, scope);
  if (expr.type === "float32") return `ts_spread${scope.lanes}(${text})`;
  return `ts_fill${scope.lanes}(${expr.type === "bool" ? `-(int32_t)(${text})` : text})`;
}

const filled = (template: string, args: readonly string[], lanes: number): string =>
  template.replace(/\$([\dn])/g, (_, n) => (n === "n" ? String(lanes) : args[Number(n)]!));

/**
 * Whether the body of a vectorisable loop can be written with explicit vectors: no control flow,
 * and `VECTOR` has what depends on the axis.
 */
export function hasVectorText(body: readonly Stmt[], depends: (expr: Expr) => boolean): boolean {
  const fits = (expr: Expr): boolean => {
    if (expr.kind === "load" || !depends(expr)) return expr.type !== "int64";
    if (expr.kind === "op" && VECTOR[expr.op] === undefined) return false;
    if (expr.kind === "op" || expr.kind === "call") return expr.args.every(fits);
    return true;
  };
  let possible = true;
  everyStmt(body, (stmt) => {
    if (stmt.kind === "if" || stmt.kind === "exit") possible = false;
    if (stmt.kind === "store") possible &&= fits(stmt.value);
    if (stmt.kind === "let" || stmt.kind === "set") possible &&= exprsOf(stmt).every(fits);
  });
  return possible;
}
