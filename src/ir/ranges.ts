/**
 * Interval analysis of int32 expressions: the smallest and largest value that an expression can
 * take, from the extents of the axes, the types of loads, and the operations that bound a value
 * (min, max, and, shifts, remainder). The verifier proves indices with it.
 */

import type { DType } from "../tensor/tensor.ts";
import type { Expr } from "./kernel.ts";

export type Range = { readonly low: number; readonly high: number };

export type RangeContext = {
  readonly axes: ReadonlyMap<string, number>;
  /** Ranges of registers that are never set again. */
  readonly registers: ReadonlyMap<string, Range>;
  readonly dtypeOf: (buffer: string) => DType;
};

const FULL: Range = { low: -2147483648, high: 2147483647 };

const LOADED: { readonly [D in DType]: Range } = {
  int8: { low: -128, high: 127 },
  uint8: { low: 0, high: 255 },
  int16: { low: -32768, high: 32767 },
  int32: FULL,
  float32: FULL,
};

/** A range that would leave int32 may wrap, so nothing is known of it. */
function bounded(low: number, high: number): Range {
  return low < FULL.low || high > FULL.high ? FULL : { low, high };
}

/** The hull of values at the four corners of two ranges. */
function hull(w: number, x: number, y: number, z: number): Range {
  return bounded(Math.min(w, x, y, z), Math.max(w, x, y, z));
}

/** The range of an int32 expression; the full range where nothing is known. */
export function rangeOf(expr: Expr, context: RangeContext): Range {
  switch (expr.kind) {
    case "const":
      return { low: expr.value, high: expr.value };
    case "axis": {
      const extent = context.axes.get(expr.axis);
      return extent === undefined ? FULL : { low: 0, high: extent - 1 };
    }
    case "register":
      return context.registers.get(expr.name) ?? FULL;
    case "load":
      return LOADED[context.dtypeOf(expr.buffer)];
    case "call":
      return FULL;
    case "op":
      return rangeOfOp(expr, context);
  }
}

function rangeOfOp(expr: Expr & { kind: "op" }, context: RangeContext): Range {
  const first = expr.args[0];
  const second = expr.args[1];
  const third = expr.args[2];
  switch (expr.op) {
    case "add":
    case "sub":
    case "mul":
    case "div":
    case "rem":
    case "min":
    case "max":
    case "and":
    case "or":
    case "xor":
    case "shl":
    case "shr":
    case "shru":
      return rangeOfPair(expr.op, rangeOf(first!, context), rangeOf(second!, context));
    case "clz":
      return { low: 0, high: 32 };
    case "select": {
      const a = rangeOf(second!, context);
      const b = rangeOf(third!, context);
      return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
    }
    default:
      return FULL;
  }
}

type PairOp =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "rem"
  | "min"
  | "max"
  | "and"
  | "or"
  | "xor"
  | "shl"
  | "shr"
  | "shru";

function rangeOfPair(op: PairOp, a: Range, b: Range): Range {
  switch (op) {
    case "add":
      return bounded(a.low + b.low, a.high + b.high);
    case "sub":
      return bounded(a.low - b.high, a.high - b.low);
    case "mul":
      return hull(a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high);
    case "div":
      if (b.low < 1) return FULL;
      return hull(
        Math.trunc(a.low / b.low),
        Math.trunc(a.low / b.high),
        Math.trunc(a.high / b.low),
        Math.trunc(a.high / b.high),
      );
    case "rem":
      if (b.low < 1) return FULL;
      return {
        low: a.low >= 0 ? 0 : Math.max(a.low, 1 - b.high),
        high: a.high <= 0 ? 0 : Math.min(a.high, b.high - 1),
      };
    case "min":
      return { low: Math.min(a.low, b.low), high: Math.min(a.high, b.high) };
    case "max":
      return { low: Math.max(a.low, b.low), high: Math.max(a.high, b.high) };
    case "and":
      if (a.low >= 0 && b.low >= 0) return { low: 0, high: Math.min(a.high, b.high) };
      if (a.low >= 0) return { low: 0, high: a.high };
      return b.low >= 0 ? { low: 0, high: b.high } : FULL;
    case "or":
    case "xor": {
      if (a.low < 0 || b.low < 0) return FULL;
      const width = 32 - Math.clz32(Math.max(a.high, b.high));
      return { low: 0, high: width >= 31 ? FULL.high : (1 << width) - 1 };
    }
    case "shl": {
      if (b.low < 0 || b.high > 30) return FULL;
      const [least, most] = [1 << b.low, 1 << b.high];
      return hull(a.low * least, a.low * most, a.high * least, a.high * most);
    }
    case "shr":
      if (b.low < 0 || b.high > 31) return FULL;
      return hull(a.low >> b.low, a.low >> b.high, a.high >> b.low, a.high >> b.high);
    case "shru":
      if (b.low < 0 || b.high > 31) return FULL;
      if (a.low >= 0)
        return hull(a.low >> b.high, a.high >> b.low, a.low >> b.low, a.high >> b.high);
      return b.low >= 1 ? { low: 0, high: 4294967295 >>> b.low } : FULL;
  }
}
