/**
 * Addresses of loads and stores. Every loop keeps one pointer per set of byte coefficients on the
 * axes around it, so that the instructions inside need only an immediate offset. An instruction adds
 * its offset without wrapping, hence no pointer may be negative: one that walks backwards begins as
 * far up as it will come down, and the offsets are smaller by as much.
 */
import type { Expr, Stmt } from "../../../ir/kernel.ts";
import { BYTES_PER_ELEMENT } from "../../../tensor/tensor.ts";
import { accessesOf, type LinearIndex } from "./address.ts";
import { axisOffset, type BufferPlace, type Emission, type Level } from "./emission.ts";
import type { Offset } from "./encoder.ts";
import type { Point } from "./lanes.ts";
import { I32, OP } from "./opcodes.ts";

type Coefficients = LinearIndex["coefficients"];

/** Where addresses are taken as arguments, pointers include them, and no buffers share one. */
const keyOf = (
  axes: readonly string[],
  coefficients: Coefficients,
  { dtype, base }: BufferPlace,
): string => {
  const bytes = BYTES_PER_ELEMENT[dtype];
  let key = base === undefined ? "" : `${base}:`;
  for (let i = 0; i < axes.length; i++) key += `${(coefficients.get(axes[i]!) ?? 0) * bytes},`;
  return key;
};

/** The pointer to which an access adds its offset, if it depends on a loop at all. */
function pointerOf(
  levels: readonly Level[],
  coefficients: Coefficients,
  place: BufferPlace,
): number | undefined {
  for (let depth = levels.length; depth > 0; depth--) {
    const level = levels[depth - 1]!;
    if (!coefficients.has(level.axis)) continue;
    return level.pointers.get(keyOf(level.axes, coefficients, place));
  }
  return undefined;
}

/** How far a pointer over an axis comes down, in units of the coefficient. */
const descent = (coefficient: number, last: number): number => Math.max(0, -coefficient * last);

/** Pushes the address of an element and returns the offset to give to the instruction. */
export function pushAddress(
  s: Emission,
  buffer: string,
  index: Expr,
  point: Point,
  pushScalar: (s: Emission, e: Expr, point: Point) => void,
): Offset {
  const place = s.bufferOf(buffer);
  const { symbol, dtype, base } = place;
  const bytes = BYTES_PER_ELEMENT[dtype];
  const { constant, coefficients, axes, terms } = s.linearOf(index);
  let offset = constant;
  for (let i = 0; i < axes.length; i++) {
    const axis = axes[i]!;
    const coefficient = coefficients.get(axis)!;
    const { last } = s.axes.get(axis)!;
    offset += coefficient * axisOffset(s, axis, point);
    offset -= descent(coefficient, last);
  }
  const pointer = pointerOf(s.levels, coefficients, place) ?? base;
  let pushed = pointer !== undefined;
  if (pointer !== undefined) s.code.get(pointer);
  for (let i = 0; i < terms.length; i++) {
    const { coefficient, term } = terms[i]!;
    pushScalar(s, term, point);
    if (coefficient * bytes !== 1) {
      s.code.i32(coefficient * bytes);
      s.code.op(OP.i32Mul);
    }
    if (pushed) s.code.op(OP.i32Add);
    pushed = true;
  }
  // Where the rest may be negative on its own, the constant is added to it first, which gives an
  // index and is never negative.
  const wrapping = terms.length > 0;
  if (!pushed || (wrapping && offset !== 0)) {
    s.code.i32(wrapping ? offset * bytes : 0);
    if (pushed) s.code.op(OP.i32Add);
  }
  const plus = wrapping ? 0 : offset * bytes;
  return base === undefined ? { symbol, plus } : plus;
}

/** The pointers that a loop over `axis` keeps for its body, with their steps in bytes. */
export type Pointers = {
  readonly level: Level;
  readonly advance: () => void;
  readonly release: () => void;
};

/** Makes the pointers of a loop that starts at iteration `start` and steps by `by`. */
export function enterLevel(
  s: Emission,
  axis: string,
  body: readonly Stmt[],
  start: number,
  by: number,
): Pointers {
  const pointers = new Map<string, number>();
  const steps: { local: number; step: number }[] = [];
  const axes = [...(s.levels.at(-1)?.axes ?? []), axis];
  const { loads, stores } = accessesOf(body);
  const accesses = loads.concat(stores);
  for (let i = 0; i < accesses.length; i++) {
    const { buffer, index } = accesses[i]!;
    const { coefficients } = s.linearOf(index);
    const coefficient = coefficients.get(axis);
    if (coefficient === undefined) continue;
    const place = s.bufferOf(buffer);
    const bytes = BYTES_PER_ELEMENT[place.dtype];
    const key = keyOf(axes, coefficients, place);
    if (pointers.has(key)) continue;
    const local = s.code.local(I32);
    const parent = pointerOf(s.levels, coefficients, place) ?? place.base;
    const first = (start * coefficient + descent(coefficient, s.axes.get(axis)!.last)) * bytes;
    if (parent !== undefined) s.code.get(parent);
    if (parent === undefined || first !== 0) s.code.i32(first);
    if (parent !== undefined && first !== 0) s.code.op(OP.i32Add);
    s.code.set(local);
    pointers.set(key, local);
    steps.push({ local, step: by * coefficient * bytes });
  }
  return {
    level: { axis, axes, pointers },
    advance: () => {
      for (const { local, step } of steps) {
        s.code.get(local);
        s.code.i32(step);
        s.code.op(OP.i32Add);
        s.code.set(local);
      }
    },
    release: () => {
      for (const { local } of steps) s.code.release(local);
    },
  };
}
