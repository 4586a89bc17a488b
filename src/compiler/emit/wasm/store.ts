/** Stores: one element, four contiguous ones, or four lanes to four places. */
import type { Stmt } from "../../../ir/kernel.ts";
import { BYTES_PER_ELEMENT, type DType } from "../../../tensor/tensor.ts";
import { type Emission, isVector } from "./emission.ts";
import { pushScalar, pushVector } from "./expr.ts";
import { LANES_PER_VECTOR, type Point } from "./lanes.ts";
import { alignLog2, vectorStride } from "./memory.ts";
import { OP, SIMD, V128 } from "./opcodes.ts";
import { pushAddress } from "./pointer.ts";

type StoreStmt = Stmt & { readonly kind: "store" };

const STORE: { readonly [D in DType]: number } = {
  float32: OP.f32Store,
  int32: OP.i32Store,
  int16: OP.i32Store16,
  int8: OP.i32Store8,
  uint8: OP.i32Store8,
};

export function emitStore(s: Emission, stmt: StoreStmt, point: Point): void {
  const { dtype } = s.bufferOf(stmt.buffer);
  if (!isVector(s, stmt.index)) {
    const offset = pushAddress(s, stmt.buffer, stmt.index, point, pushScalar);
    pushScalar(s, stmt.value, point);
    s.code.load(STORE[dtype], alignLog2(dtype), offset);
  } else if (vectorStride(s, stmt.index) === 1) storeContiguous(s, stmt, point);
  else storeElements(s, stmt, point);
}

function storeContiguous(s: Emission, stmt: StoreStmt, point: Point): void {
  const { dtype } = s.bufferOf(stmt.buffer);
  const offset = pushAddress(s, stmt.buffer, stmt.index, point, pushScalar);
  pushVector(s, stmt.value, point);
  const bytes = BYTES_PER_ELEMENT[dtype];
  if (bytes === 4) {
    s.code.simdMemory(SIMD.store, 2, offset);
    return;
  }
  // Brings the low bytes of the four lanes together.
  const held = s.code.local(V128);
  s.code.tee(held);
  s.code.get(held);
  const bytesKept = Array.from({ length: 16 }, (_, i) =>
    i < LANES_PER_VECTOR * bytes ? 4 * Math.floor(i / bytes) + (i % bytes) : 0,
  );
  s.code.simd(SIMD.shuffle, ...bytesKept);
  s.code.simdMemory(bytes === 1 ? SIMD.store32Lane : SIMD.store64Lane, alignLog2(dtype), offset, 0);
  s.code.release(held);
}

function storeElements(s: Emission, stmt: StoreStmt, point: Point): void {
  const { dtype } = s.bufferOf(stmt.buffer);
  const held = s.code.local(V128);
  pushVector(s, stmt.value, point);
  s.code.set(held);
  for (let element = 0; element < LANES_PER_VECTOR; element++) {
    const offset = pushAddress(s, stmt.buffer, stmt.index, { ...point, element }, pushScalar);
    s.code.get(held);
    s.code.simd(dtype === "float32" ? SIMD.f32x4ExtractLane : SIMD.i32x4ExtractLane, element);
    s.code.load(STORE[dtype], alignLog2(dtype), offset);
  }
  s.code.release(held);
}
