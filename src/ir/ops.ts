/**
 * The table of scalar operations: for each name its argument types, result type, meaning, C text
 * and WASM opcodes. Everything that must know an operation reads it here; a new one is one row.
 * `evaluate` is exact for its types: float32 results are rounded by the caller (`Math.fround`), so
 * that the float64 mode of the interpreter can leave the rounding out. int64 travels as BigInt.
 *
 * WASM opcodes are those of the core specification, section 5.4; a SIMD opcode stands for
 * `0xfd` followed by that number in LEB128 and works on four lanes. `null`: scalar only.
 */

export type ScalarType = "float32" | "int32" | "int64" | "bool";

export type OpName =
  | "addF"
  | "subF"
  | "mulF"
  | "divF"
  | "negF"
  | "absF"
  | "sqrtF"
  | "minF"
  | "maxF"
  | "ltF"
  | "leF"
  | "eqF"
  | "selectF"
  | "toFloat"
  | "truncate"
  | "floatToBits"
  | "bitsToFloat"
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
  | "shru"
  | "clz"
  | "lt"
  | "le"
  | "eq"
  | "select"
  | "widen"
  | "narrow"
  | "addL"
  | "subL"
  | "mulL"
  | "shlL"
  | "shrL"
  | "ltL"
  | "selectL"
  | "andB"
  | "orB"
  | "notB";

export type OpRow = {
  readonly args: readonly ScalarType[];
  readonly result: ScalarType;
  /** Arguments and result as number, boolean (bool) or bigint (int64). */
  // biome-ignore lint/suspicious/noExplicitAny: one signature for number, boolean and bigint rows
  readonly evaluate: (...args: any[]) => number | boolean | bigint;
  /** C99 expression with `$0`, `$1`, `$2` for the arguments, which arrive parenthesised. */
  readonly c: string;
  /** Scalar opcodes after the arguments are pushed, or "custom" where the emitter knows more. */
  readonly wasm: readonly number[] | "custom";
  /** SIMD opcode on four lanes, "custom" where the emitter knows more, or null. */
  readonly simd: number | "custom" | null;
};

const F = "float32" as const;
const I = "int32" as const;
const L = "int64" as const;
const B = "bool" as const;

const wrap64 = (value: bigint): bigint => BigInt.asIntN(64, value);
const bits = new DataView(new ArrayBuffer(4));

/** Truncates toward zero and saturates to int32; NaN gives 0 (WASM `i32.trunc_sat_f32_s`). */
function truncateSaturating(x: number): number {
  if (Number.isNaN(x)) return 0;
  return Math.max(-2147483648, Math.min(2147483647, Math.trunc(x))) | 0; // -0 is no integer
}

function bitsOf(x: number): number {
  bits.setFloat32(0, x);
  return bits.getInt32(0);
}

function floatOf(pattern: number): number {
  bits.setInt32(0, pattern);
  return bits.getFloat32(0);
}

const row = (
  args: readonly ScalarType[],
  result: ScalarType,
  evaluate: OpRow["evaluate"],
  c: string,
  wasm: OpRow["wasm"],
  simd: OpRow["simd"],
): OpRow => ({ args, result, evaluate, c, wasm, simd });

export const OPS: { readonly [N in OpName]: OpRow } = {
  // float32
  addF: row([F, F], F, (a: number, b: number) => a + b, "$0 + $1", [0x92], 0xe4),
  subF: row([F, F], F, (a: number, b: number) => a - b, "$0 - $1", [0x93], 0xe5),
  mulF: row([F, F], F, (a: number, b: number) => a * b, "$0 * $1", [0x94], 0xe6),
  divF: row([F, F], F, (a: number, b: number) => a / b, "$0 / $1", [0x95], 0xe7),
  negF: row([F], F, (a: number) => -a, "-$0", [0x8c], 0xe1),
  absF: row([F], F, (a: number) => Math.abs(a), "ts_fabs($0)", [0x8b], 0xe0),
  sqrtF: row([F], F, (a: number) => Math.sqrt(a), "ts_sqrt($0)", [0x91], 0xe3),
  /** a < b ? a : b */
  minF: row(
    [F, F],
    F,
    (a: number, b: number) => (a < b ? a : b),
    "ts_fmin($0, $1)",
    "custom",
    "custom",
  ),
  /** a > b ? a : b */
  maxF: row(
    [F, F],
    F,
    (a: number, b: number) => (a > b ? a : b),
    "ts_fmax($0, $1)",
    "custom",
    "custom",
  ),
  ltF: row([F, F], B, (a: number, b: number) => a < b, "$0 < $1", [0x5d], 0x43),
  leF: row([F, F], B, (a: number, b: number) => a <= b, "$0 <= $1", [0x5f], 0x45),
  eqF: row([F, F], B, (a: number, b: number) => a === b, "$0 == $1", [0x5b], 0x41),
  selectF: row(
    [B, F, F],
    F,
    (c: boolean, a: number, b: number) => (c ? a : b),
    "$0 ? $1 : $2",
    "custom",
    "custom",
  ),
  /** int32 to float32, rounded to nearest even. */
  toFloat: row([I], F, (a: number) => a, "(float)$0", [0xb2], 0xfa),
  /** float32 to int32 toward zero, saturating, NaN to 0. */
  truncate: row([F], I, truncateSaturating, "ts_truncate($0)", [0xfc, 0x00], 0xf8),
  /** The bit pattern of a float32. */
  floatToBits: row([F], I, bitsOf, "ts_bits($0)", [0xbc], "custom"),
  bitsToFloat: row([I], F, floatOf, "ts_float($0)", [0xbe], "custom"),
  // int32
  add: row([I, I], I, (a: number, b: number) => (a + b) | 0, "ts_add($0, $1)", [0x6a], 0xae),
  sub: row([I, I], I, (a: number, b: number) => (a - b) | 0, "ts_sub($0, $1)", [0x6b], 0xb1),
  mul: row([I, I], I, (a: number, b: number) => Math.imul(a, b), "ts_mul($0, $1)", [0x6c], 0xb5),
  /** Quotient toward zero; the divisor is a positive constant. */
  div: row([I, I], I, (a: number, b: number) => Math.trunc(a / b) | 0, "$0 / $1", [0x6d], null),
  /** Remainder with the sign of the dividend; the divisor is a positive constant. */
  rem: row([I, I], I, (a: number, b: number) => (a % b) | 0, "$0 % $1", [0x6f], null),
  min: row([I, I], I, (a: number, b: number) => (a < b ? a : b), "ts_min($0, $1)", "custom", 0xb6),
  max: row([I, I], I, (a: number, b: number) => (a > b ? a : b), "ts_max($0, $1)", "custom", 0xb8),
  and: row([I, I], I, (a: number, b: number) => a & b, "$0 & $1", [0x71], 0x4e),
  or: row([I, I], I, (a: number, b: number) => a | b, "$0 | $1", [0x72], 0x50),
  xor: row([I, I], I, (a: number, b: number) => a ^ b, "$0 ^ $1", [0x73], 0x51),
  /** Shift counts are constants or uniform over lanes, within 0 to 31. */
  shl: row([I, I], I, (a: number, b: number) => a << b, "ts_shl($0, $1)", [0x74], 0xab),
  /** Arithmetic shift right. */
  shr: row([I, I], I, (a: number, b: number) => a >> b, "ts_shr($0, $1)", [0x75], 0xac),
  /** Logical shift right. */
  shru: row([I, I], I, (a: number, b: number) => (a >>> b) | 0, "ts_shru($0, $1)", [0x76], 0xad),
  /** Leading zeros of the 32-bit pattern; 32 for 0. */
  clz: row([I], I, (a: number) => Math.clz32(a), "ts_clz($0)", [0x67], null),
  lt: row([I, I], B, (a: number, b: number) => a < b, "$0 < $1", [0x48], 0x39),
  le: row([I, I], B, (a: number, b: number) => a <= b, "$0 <= $1", [0x4c], 0x3d),
  eq: row([I, I], B, (a: number, b: number) => a === b, "$0 == $1", [0x46], 0x37),
  select: row(
    [B, I, I],
    I,
    (c: boolean, a: number, b: number) => (c ? a : b),
    "$0 ? $1 : $2",
    "custom",
    "custom",
  ),
  // int64
  widen: row([I], L, (a: number) => BigInt(a), "(int64_t)$0", [0xac], null),
  /** Keeps the low 32 bits. */
  narrow: row([L], I, (a: bigint) => Number(BigInt.asIntN(32, a)), "ts_narrow($0)", [0xa7], null),
  addL: row([L, L], L, (a: bigint, b: bigint) => wrap64(a + b), "ts_add64($0, $1)", [0x7c], null),
  subL: row([L, L], L, (a: bigint, b: bigint) => wrap64(a - b), "ts_sub64($0, $1)", [0x7d], null),
  mulL: row([L, L], L, (a: bigint, b: bigint) => wrap64(a * b), "ts_mul64($0, $1)", [0x7e], null),
  /** Shift counts of int64 are int32 constants within 0 to 63. */
  shlL: row(
    [L, I],
    L,
    (a: bigint, b: number) => wrap64(a << BigInt(b)),
    "ts_shl64($0, $1)",
    "custom",
    null,
  ),
  shrL: row(
    [L, I],
    L,
    (a: bigint, b: number) => a >> BigInt(b),
    "ts_shr64($0, $1)",
    "custom",
    null,
  ),
  ltL: row([L, L], B, (a: bigint, b: bigint) => a < b, "$0 < $1", [0x53], null),
  selectL: row(
    [B, L, L],
    L,
    (c: boolean, a: bigint, b: bigint) => (c ? a : b),
    "$0 ? $1 : $2",
    "custom",
    null,
  ),
  // bool
  andB: row([B, B], B, (a: boolean, b: boolean) => a && b, "$0 && $1", [0x71], 0x4e),
  orB: row([B, B], B, (a: boolean, b: boolean) => a || b, "$0 || $1", [0x72], 0x50),
  notB: row([B], B, (a: boolean) => !a, "!$0", [0x45], 0x4d),
};
