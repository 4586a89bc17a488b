/**
 * Expressions as C text with the fewest parentheses that compilers accept without a warning. The
 * op table gives the text of each operation; integer additions, subtractions and products that
 * interval analysis shows to stay within int32 are written with plain operators.
 */
import type { Expr } from "../../../ir/kernel.ts";
import { OPS } from "../../../ir/ops.ts";
import { type RangeContext, rangeOf } from "../../../ir/ranges.ts";
import type { DType } from "../../../tensor/tensor.ts";
import { scalarLiteral } from "./literals.ts";

export type ExpressionContext = {
  readonly ranges: RangeContext;
  readonly axisName: (axis: string) => string;
  readonly registerName: (register: string) => string;
  readonly bufferName: (buffer: string) => string;
  readonly dtypeOf: (buffer: string) => DType;
  /** The C function of a routine. */
  readonly routineName: (expr: Expr & { kind: "call" }) => string;
  /** Called with the name of each helper that the text uses. */
  readonly useHelper: (name: string) => void;
};

/** How tightly an expression binds; a text of a lower level needs parentheses inside a higher. */
const PRIMARY = 100;
const UNARY = 90;
const TERNARY = 10;

type Infix = { readonly level: number; readonly left: number; readonly right: number };

/** Own level, and the level an operand needs; mixtures that compilers warn about ask for more. */
const INFIX: { readonly [operator: string]: Infix } = {
  "*": { level: 80, left: 80, right: 81 },
  "/": { level: 80, left: 80, right: 81 },
  "%": { level: 80, left: 80, right: 81 },
  "+": { level: 70, left: 70, right: 71 },
  "-": { level: 70, left: 70, right: 71 },
  "<": { level: 50, left: 70, right: 70 },
  "<=": { level: 50, left: 70, right: 70 },
  "==": { level: 40, left: 70, right: 70 },
  "&": { level: 30, left: UNARY, right: UNARY },
  "^": { level: 29, left: UNARY, right: UNARY },
  "|": { level: 28, left: UNARY, right: UNARY },
  "&&": { level: 20, left: 20, right: 40 },
  "||": { level: 19, left: 40, right: 40 },
};

/** Integer operations that need no helper where they cannot wrap. */
const PLAIN: { readonly [op: string]: string } = {
  add: "$0 + $1",
  sub: "$0 - $1",
  mul: "$0 * $1",
  addL: "$0 + $1",
  subL: "$0 - $1",
  mulL: "$0 * $1",
};

type Text = { readonly text: string; readonly level: number };

const within = (part: Text, level: number): string =>
  part.level >= level ? part.text : `(${part.text})`;

/** The C text of an expression, to stand where a whole expression is meant. */
export function expressionText(expr: Expr, context: ExpressionContext): string {
  return write(expr, context).text;
}

/** The value of an expression as it is stored in elements of `type`. */
export function castText(type: string, expr: Expr, context: ExpressionContext): string {
  return `(${type})${within(write(expr, context), UNARY)}`;
}

function write(expr: Expr, context: ExpressionContext): Text {
  switch (expr.kind) {
    case "const":
      return writeConstant(expr, context);
    case "axis":
      return { text: context.axisName(expr.axis), level: PRIMARY };
    case "register":
      return { text: context.registerName(expr.name), level: PRIMARY };
    case "load": {
      const index = expressionText(expr.index, context);
      return { text: `${context.bufferName(expr.buffer)}[${index}]`, level: PRIMARY };
    }
    case "call": {
      const args = expr.args.map((arg) => expressionText(arg, context));
      return { text: `${context.routineName(expr)}(${args.join(", ")})`, level: PRIMARY };
    }
    case "op":
      return writeOp(expr, context);
  }
}

function writeConstant(expr: Expr & { kind: "const" }, context: ExpressionContext): Text {
  const { type, value } = expr;
  if (type === "float32" && !Number.isFinite(value)) {
    context.useHelper("ts_float");
    const bits = Number.isNaN(value) ? "0x7fc00000" : value > 0 ? "0x7f800000" : "-0x800000";
    return { text: `ts_float(${bits})`, level: PRIMARY };
  }
  const text = type === "bool" ? String(Number(value)) : scalarLiteral(type, value);
  return { text, level: text.startsWith("-") ? UNARY : PRIMARY };
}

function writeOp(expr: Expr & { kind: "op" }, context: ExpressionContext): Text {
  const plain = PLAIN[expr.op];
  const template = plain && cannotWrap(expr, context) ? plain : OPS[expr.op].c;
  const args = expr.args.map((arg) => write(arg, context));
  if (template === plain) args[0] = asInt32(expr.args[0]!, args[0]!, context);

  const infix = /^\$0 (\S+) \$1$/.exec(template);
  if (infix) {
    const { level, left, right } = INFIX[infix[1]!]!;
    return { text: `${within(args[0]!, left)} ${infix[1]} ${within(args[1]!, right)}`, level };
  }
  if (template === "$0 ? $1 : $2") {
    const [condition, then, otherwise] = args.map((arg) => within(arg, TERNARY + 1));
    return { text: `${condition} ? ${then} : ${otherwise}`, level: TERNARY };
  }
  const prefix = /^(-|!|\(\w+\))\$0$/.exec(template);
  if (prefix) {
    const operand = args[0]!;
    const text = operand.text.startsWith("-") ? `(${operand.text})` : within(operand, UNARY);
    return { text: prefix[1]! + text, level: UNARY };
  }
  const helper = /^(\w+)\(/.exec(template);
  if (!helper) throw new Error(`c: the text of op ${expr.op} has an unknown form, "${template}"`);
  context.useHelper(helper[1]!);
  return { text: `${helper[1]}(${args.map((arg) => arg.text).join(", ")})`, level: PRIMARY };
}

/** Whether the exact result of an integer operation always fits its type. */
function cannotWrap(expr: Expr, context: ExpressionContext): boolean {
  if (expr.type === "int64") return magnitudeOf(expr) < 9.2e18;
  const { low, high } = rangeOf(expr, context.ranges);
  return low > -2147483648 || high < 2147483647;
}

/** An upper bound of the absolute value of an int64 expression, were nothing to wrap. */
function magnitudeOf(expr: Expr): number {
  if (expr.kind === "const") return Math.abs(expr.value);
  if (expr.kind !== "op") return Number.POSITIVE_INFINITY;
  const of = (i: number): number => magnitudeOf(expr.args[i]!);
  switch (expr.op) {
    case "widen":
      return 2147483648;
    case "addL":
    case "subL":
      return of(0) + of(1);
    case "mulL":
      return of(0) * of(1);
    case "selectL":
      return Math.max(of(1), of(2));
    default:
      return Number.POSITIVE_INFINITY;
  }
}

/** Widens a narrow load, for compilers whose int has 16 bits. */
function asInt32(expr: Expr, text: Text, context: ExpressionContext): Text {
  const narrow = expr.kind === "load" && context.dtypeOf(expr.buffer) !== "int32";
  return narrow ? { text: `(int32_t)${text.text}`, level: UNARY } : text;
}
