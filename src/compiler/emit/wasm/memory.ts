/** Loads: one element, four contiguous ones, or one spread over four lanes. */
import type { Expr } from "../../../ir/kernel.ts";
import { BYTES_PER_ELEMENT, type DType } from "../../../tensor/tensor.ts";
import { type Emission, isVector, vectorLaneOf } from "./emission.ts";
import type { Point } from "./lanes.ts";
import { OP, SIMD } from "./opcodes.ts";
import { pushAddress } from "./pointer.ts";

type LoadExpr = Expr & { readonly kind: "load" };
/** Pushes a scalar that an index looks up. */
export type PushScalar = (s: Emission, e: Expr, point: Point) => void;

const LOAD: { readonly [D in DType]: number } = {
  float32: OP.f32Load,
  int32: OP.i32Load,
  int16: OP.i32Load16S,
  int8: OP.i32Load8S,
  uint8: OP.i32Load8U,
};

export const alignLog2 = (dtype: DType): number => 31 - Math.clz32(BYTES_PER_ELEMENT[dtype]);

export function pushLoad(s: Emission, e: LoadExpr, point: Point, push: PushScalar): void {
  const { dtype } = s.bufferOf(e.buffer);
  const offset = pushAddress(s, e.buffer, e.index, point, push);
  s.code.load(LOAD[dtype], alignLog2(dtype), offset);
}

/** How an index moves along the vector axis, in elements; undefined where it is not linear. */
export function vectorStride(s: Emission, index: Expr): number | undefined {
  const lane = vectorLaneOf(s.lanes);
  const { coefficients, terms } = s.linearOf(index);
  if (lane === undefined || terms.some(({ term }) => isVector(s, term))) return undefined;
  return coefficients.get(lane.axis) ?? 0;
}

/** Loads four lanes with one instruction, or returns false where there is none for it. */
export function pushVectorLoad(s: Emission, e: LoadExpr, point: Point, push: PushScalar): boolean {
  const { dtype } = s.bufferOf(e.buffer);
  const stride = vectorStride(s, e.index);
  const isWide = dtype === "float32" || dtype === "int32";
  if (stride === 0 && isWide) {
    const offset = pushAddress(s, e.buffer, e.index, point, push);
    s.code.simdMemory(SIMD.load32Splat, alignLog2(dtype), offset);
    return true;
  }
  if (stride !== 1) return false;
  const offset = pushAddress(s, e.buffer, e.index, point, push);
  if (isWide) s.code.simdMemory(SIMD.load, alignLog2(dtype), offset);
  else if (dtype === "int16") s.code.simdMemory(SIMD.load16x4S, alignLog2(dtype), offset);
  else {
    s.code.simdMemory(SIMD.load32Zero, alignLog2(dtype), offset);
    s.code.simd(dtype === "int8" ? SIMD.i16x8ExtendLowI8x16S : SIMD.i16x8ExtendLowI8x16U);
    s.code.simd(SIMD.i32x4ExtendLowI16x8S);
  }
  return true;
}
