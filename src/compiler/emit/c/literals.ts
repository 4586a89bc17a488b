/**
 * Types and literals of C99. Every float literal is the shortest decimal that reads back as the
 * same float32, so generated files stay readable and exact.
 */
import type { ScalarType } from "../../../ir/kernel.ts";
import type { DType } from "../../../tensor/tensor.ts";

export const C_TYPE: { readonly [D in DType]: string } = {
  float32: "float",
  int32: "int32_t",
  int16: "int16_t",
  int8: "int8_t",
  uint8: "uint8_t",
};

/** Registers; a truth value is an `int`, as the result of a C comparison is. */
export const C_SCALAR: { readonly [S in ScalarType]: string } = {
  float32: "float",
  int32: "int32_t",
  int64: "int64_t",
  bool: "int",
};

/** Shortest decimal that rounds to the float32 `value`; infinities and NaN as divisions. */
export function floatLiteral(value: number): string {
  if (Number.isNaN(value)) return "(0.0f / 0.0f)";
  if (!Number.isFinite(value)) return value > 0 ? "(1.0f / 0.0f)" : "(-1.0f / 0.0f)";
  if (value === 0) return Object.is(value, -0) ? "-0.0f" : "0.0f";
  let text = "";
  for (let digits = 1; digits <= 9; digits++) {
    text = String(Number(value.toPrecision(digits)));
    if (Math.fround(Number(text)) === value) break;
  }
  return `${/[.e]/.test(text) ? text : `${text}.0`}f`;
}

export function int32Literal(value: number): string {
  return value === -2147483648 ? "INT32_MIN" : String(value);
}

/** A literal of a register's type. */
export function scalarLiteral(type: ScalarType, value: number): string {
  if (type === "float32") return floatLiteral(value);
  if (type === "int64") return `INT64_C(${value})`;
  return int32Literal(value);
}

/** A literal of a buffer's element type. */
export function elementLiteral(dtype: DType, value: number): string {
  return dtype === "float32" ? floatLiteral(value) : int32Literal(value);
}
