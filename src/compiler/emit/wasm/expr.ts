/**
 * Expressions, on scalars and on vectors of four lanes. `pushScalar` computes one element,
 * `pushVector` four at once; what cannot be done in lanes is computed element by element and
 * gathered. Both give the bits of `interpret`.
 */
import { assert } from "../../../base/errors.ts";
import type { Expr, ScalarType } from "../../../ir/kernel.ts";
import { OPS, type OpName } from "../../../ir/ops.ts";
import { isVectorRoutine } from "../../schedule.ts";
import {
  axisOffset,
  type Emission,
  isVector,
  localAt,
  type Placement,
  valueTypeOf,
} from "./emission.ts";
import { LANES_PER_VECTOR, type Point } from "./lanes.ts";
import { pushLoad, pushVectorLoad } from "./memory.ts";
import { OP, SIMD } from "./opcodes.ts";

type OpExpr = Expr & { readonly kind: "op" };
type ConstExpr = Expr & { readonly kind: "const" };

/** Pushes the value of an expression at a point, as one scalar. */
export function pushScalar(s: Emission, e: Expr, point: Point): void {
  const held =
    s.temporaries.get(e) ?? (e.kind === "register" ? s.registers.get(e.name) : undefined);
  if (held) readScalar(s, held, e.type, point);
  else if (e.kind === "const") pushConstant(s, e);
  else if (e.kind === "axis") pushAxis(s, e.axis, point);
  else if (e.kind === "load") pushLoad(s, e, point, pushScalar);
  else if (e.kind === "op") pushScalarOp(s, e, point);
  else if (e.kind === "call") {
    for (const arg of e.args) pushScalar(s, arg, point);
    s.code.call(s.functionOf(e.routine, false));
  } else assert(false, `register ${e.name} is declared`);
}

/** Pushes the value of an expression in the four lanes at a point. */
export function pushVector(s: Emission, e: Expr, point: Point): void {
  const held =
    s.temporaries.get(e) ?? (e.kind === "register" ? s.registers.get(e.name) : undefined);
  if (held?.vector) s.code.get(localAt(held, point));
  else if (!isVector(s, e)) pushSplat(s, e, point);
  else if (e.kind === "axis") {
    pushAxis(s, e.axis, point);
    s.code.simd(SIMD.i32x4Splat);
    s.code.lanes([0, 1, 2, 3]);
    s.code.simd(SIMD.i32x4Add);
  } else if (e.kind === "load" && pushVectorLoad(s, e, point, pushScalar)) return;
  else if (e.kind === "op" && hasVectorForm(s, e)) pushVectorOp(s, e, point);
  else if (e.kind === "call" && isVectorRoutine(e.routine)) {
    for (const arg of e.args) pushVector(s, arg, point);
    s.code.call(s.functionOf(e.routine, true));
  } else pushElements(s, e, point);
}

function pushConstant(s: Emission, e: ConstExpr): void {
  if (e.type === "float32") s.code.f32(e.value);
  else if (e.type === "int64") s.code.i64(e.value);
  else s.code.i32(e.value);
}

function pushAxis(s: Emission, axis: string, point: Point): void {
  const { local } = s.axes.get(axis)!;
  const offset = axisOffset(s, axis, point);
  if (local !== undefined) s.code.get(local);
  if (local === undefined || offset !== 0) s.code.i32(offset);
  if (local !== undefined && offset !== 0) s.code.op(OP.i32Add);
}

function readScalar(s: Emission, placement: Placement, type: ScalarType, point: Point): void {
  s.code.get(localAt(placement, point));
  if (!placement.vector) return;
  const varies = placement.lanes.some((lane) => lane.kind === "vector");
  assert(!varies || point.element !== undefined, "a scalar is wanted of a whole vector");
  const element = point.element ?? 0;
  if (type === "float32") s.code.simd(SIMD.f32x4ExtractLane, element);
  else s.code.simd(SIMD.i32x4ExtractLane, element);
  if (type !== "bool") return;
  s.code.i32(1);
  s.code.op(OP.i32And);
}

/** A bool is 0 or 1 as a scalar and a mask of ones in a lane. */
function pushLaneValue(s: Emission, e: Expr, point: Point): void {
  if (e.type === "bool") s.code.i32(0);
  pushScalar(s, e, point);
  if (e.type === "bool") s.code.op(OP.i32Sub);
}

/** Computes the four elements one after the other. */
function pushElements(s: Emission, e: Expr, point: Point): void {
  const isFloat = e.type === "float32";
  for (let element = 0; element < LANES_PER_VECTOR; element++) {
    pushLaneValue(s, e, { ...point, element });
    if (element === 0) s.code.simd(isFloat ? SIMD.f32x4Splat : SIMD.i32x4Splat);
    else s.code.simd(isFloat ? SIMD.f32x4ReplaceLane : SIMD.i32x4ReplaceLane, element);
  }
}

function pushSplat(s: Emission, e: Expr, point: Point): void {
  const key = splatKey(e);
  const held = key === undefined ? undefined : s.splats.get(key);
  if (held !== undefined) s.code.get(held);
  else if (e.kind === "const") s.code.splatBits(bitsOf(e));
  else if (e.kind === "load" && !s.temporaries.has(e) && pushVectorLoad(s, e, point, pushScalar))
    return;
  else {
    pushLaneValue(s, e, point);
    s.code.simd(e.type === "float32" ? SIMD.f32x4Splat : SIMD.i32x4Splat);
  }
}

/** The bits of a constant of 32 bits. */
export function bitsOf(e: ConstExpr): number {
  return e.type === "float32" ? (OPS.floatToBits.evaluate(e.value) as number) : e.value;
}

/** A name for a splat that is worth keeping in a local, if `e` is one. */
export function splatKey(e: Expr): string | undefined {
  if (e.kind === "const") {
    const bits = bitsOf(e);
    return bits === 0 || bits === -1 ? undefined : `bits ${bits}`;
  }
  return e.kind === "register" ? `register ${e.name}` : undefined;
}

const isShift = (op: OpName): boolean => op === "shl" || op === "shr" || op === "shru";

/** The arguments of an op that its vector form takes as vectors: a shift count is a scalar. */
export function vectorArgs(e: OpExpr): readonly Expr[] {
  return isShift(e.op) ? e.args.slice(0, 1) : e.args;
}

export function hasVectorForm(s: Emission, e: OpExpr): boolean {
  if (OPS[e.op].simd === null) return false;
  return !(isShift(e.op) && isVector(s, e.args[1]!));
}

function pushVectorOp(s: Emission, e: OpExpr, point: Point): void {
  const a = e.args[0]!;
  const b = e.args[1]!;
  const c = e.args[2]!;
  const { simd } = OPS[e.op];
  if (s.relaxed && pushMultiplyAdd(s, e, point)) return;
  if (typeof simd === "number") {
    pushVector(s, a, point);
    if (isShift(e.op)) pushScalar(s, b, point);
    else for (let i = 1; i < e.args.length; i++) pushVector(s, e.args[i]!, point);
    s.code.simd(simd);
    return;
  }
  switch (e.op) {
    // pmin(x, y) is y < x ? y : x, hence the order.
    case "minF":
    case "maxF":
      pushVector(s, b, point);
      pushVector(s, a, point);
      s.code.simd(e.op === "minF" ? SIMD.f32x4Pmin : SIMD.f32x4Pmax);
      return;
    case "selectF":
    case "select":
      pushVector(s, b, point);
      pushVector(s, c, point);
      pushVector(s, a, point);
      s.code.simd(SIMD.bitselect);
      return;
    case "floatToBits":
    case "bitsToFloat":
      pushVector(s, a, point);
      return;
    default:
      assert(false, `op ${e.op} has no vector form`);
  }
}

/** `x + y * z`, `y * z + x` and `x - y * z` in one relaxed operation; false for anything else. */
function pushMultiplyAdd(s: Emission, e: OpExpr, point: Point): boolean {
  const isProduct = (arg: Expr): arg is OpExpr =>
    arg.kind === "op" && arg.op === "mulF" && isVector(s, arg) && !s.temporaries.has(arg);
  if (e.op !== "addF" && e.op !== "subF") return false;
  const [left, right] = e.args as readonly [Expr, Expr];
  const product = isProduct(right) ? right : e.op === "addF" && isProduct(left) ? left : undefined;
  if (product === undefined) return false;
  for (const factor of product.args) pushVector(s, factor, point);
  pushVector(s, product === right ? left : right, point);
  s.code.simd(e.op === "addF" ? SIMD.f32x4RelaxedMadd : SIMD.f32x4RelaxedNmadd);
  return true;
}

function pushScalarOp(s: Emission, e: OpExpr, point: Point): void {
  const a = e.args[0]!;
  const b = e.args[1]!;
  const c = e.args[2]!;
  const { wasm } = OPS[e.op];
  if (wasm !== "custom") {
    for (let i = 0; i < e.args.length; i++) pushScalar(s, e.args[i]!, point);
    s.code.op(...wasm);
    return;
  }
  switch (e.op) {
    case "minF":
      pushSmaller(s, e, OP.f32Lt, point);
      return;
    case "maxF":
      pushSmaller(s, e, OP.f32Gt, point);
      return;
    case "min":
      pushSmaller(s, e, OP.i32LtS, point);
      return;
    case "max":
      pushSmaller(s, e, OP.i32GtS, point);
      return;
    case "selectF":
    case "select":
    case "selectL":
      pushScalar(s, b, point);
      pushScalar(s, c, point);
      pushScalar(s, a, point);
      s.code.op(OP.select);
      return;
    case "shlL":
    case "shrL":
      pushScalar(s, a, point);
      pushScalar(s, b, point);
      s.code.op(OP.i64ExtendI32U, e.op === "shlL" ? OP.i64Shl : OP.i64ShrS);
      return;
    default:
      assert(false, `op ${e.op} has no scalar form`);
  }
}

/** `a compare b ? a : b`, each of them computed once. */
function pushSmaller(s: Emission, e: OpExpr, compare: number, point: Point): void {
  const type = valueTypeOf(e.type, false);
  const held = e.args.map((arg) => {
    pushScalar(s, arg, point);
    const local = s.code.local(type);
    s.code.tee(local);
    return local;
  });
  for (const local of held) s.code.get(local);
  s.code.op(compare, OP.select);
  for (const local of held) s.code.release(local);
}
