/**
 * The value types and opcodes of WebAssembly that the emitter writes by name (core specification
 * 2.0, sections 5.3 and 5.4; relaxed ones: 3.0). Those of arithmetic come from the op table of
 * `ir/ops.ts`.
 */

export type ValueType = number;
export const I32: ValueType = 0x7f;
export const I64: ValueType = 0x7e;
export const F32: ValueType = 0x7d;
export const V128: ValueType = 0x7b;

/** Opcodes of one byte. */
export const OP = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  brIf: 0x0d,
  call: 0x10,
  drop: 0x1a,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Load: 0x28,
  f32Load: 0x2a,
  i32Load8S: 0x2c,
  i32Load8U: 0x2d,
  i32Load16S: 0x2e,
  i32Store: 0x36,
  f32Store: 0x38,
  i32Store8: 0x3a,
  i32Store16: 0x3b,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  i32Eqz: 0x45,
  i32Eq: 0x46,
  i32Ne: 0x47,
  i32LtS: 0x48,
  f32Lt: 0x5d,
  f32Gt: 0x5e,
  i32GtS: 0x4a,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32Mul: 0x6c,
  i32And: 0x71,
  i64Shl: 0x86,
  i64ShrS: 0x87,
  i64ExtendI32U: 0xad,
  /** Before the opcodes of ATOMIC. */
  atomicPrefix: 0xfe,
} as const;

/** Opcodes after the SIMD prefix. */
export const SIMD = {
  load: 0x00,
  load16x4S: 0x03,
  load32Splat: 0x09,
  store: 0x0b,
  const: 0x0c,
  shuffle: 0x0d,
  i32x4Splat: 0x11,
  f32x4Splat: 0x13,
  i32x4ExtractLane: 0x1b,
  i32x4ReplaceLane: 0x1c,
  f32x4ExtractLane: 0x1f,
  f32x4ReplaceLane: 0x20,
  bitselect: 0x52,
  store32Lane: 0x5a,
  store64Lane: 0x5b,
  load32Zero: 0x5c,
  i16x8ExtendLowI8x16S: 0x87,
  i16x8ExtendLowI8x16U: 0x89,
  i32x4ExtendLowI16x8S: 0xa7,
  i32x4Add: 0xae,
  f32x4Pmin: 0xea,
  f32x4Pmax: 0xeb,
  f32x4RelaxedMadd: 0x105,
  f32x4RelaxedNmadd: 0x106,
} as const;

/** Opcodes after the prefix of the threads extension. */
export const ATOMIC = {
  notify: 0x00,
  wait32: 0x01,
  load: 0x10,
  store: 0x17,
  add: 0x1e,
} as const;
