/**
 * Which bytes a piece of a kernel reads and writes, as sets that are small to hold and quick to
 * compare. Threads may run two pieces side by side when neither writes what the other touches;
 * `shard.ts` puts a barrier where that cannot be shown.
 */
import type { Expr, Kernel, Stmt } from "../ir/kernel.ts";
import { type Range, rangeOf } from "../ir/ranges.ts";

import { everyPart, exprsOf } from "../ir/walk.ts";
import { BYTES_PER_ELEMENT } from "../tensor/tensor.ts";
import { definitionsOf, linearize } from "./emit/wasm/address.ts";

/**
 * Blocks of `length` bytes: one at `low`, or where `stride` is not 0, some of those that lie a
 * multiple of `stride` after it; none ends after `high`. The set may be larger than what is touched.
 */
export type ByteSet = {
  readonly low: number;
  readonly high: number;
  readonly length: number;
  readonly stride: number;
};

/** A set in one buffer, counted from its start, or in memory, counted from the start of the arena. */
export type Touch = ByteSet & { readonly buffer: string; readonly writes: boolean };

/** What statements touch in each buffer, in bytes from its start. */
export function touchedBy(body: readonly Stmt[], kernel: Kernel): readonly Touch[] {
  const dtypes = new Map(kernel.buffers.map(({ name, dtype }) => [name, dtype]));
  const definitions = definitionsOf(body);
  const axes = new Map<string, number>();
  const registers = new Map<string, Range>();
  const context = { axes, registers, dtypeOf: (name: string) => dtypes.get(name)! };
  const found = new Map<string, Touch>();

  const touch = (buffer: string, index: Expr, writes: boolean): void => {
    const bytes = BYTES_PER_ELEMENT[dtypes.get(buffer)!];
    const { constant, coefficients, terms } = linearize(index, definitions);
    const dimensions = [...coefficients].map(([axis, step]) => ({
      step: step * bytes,
      low: 0,
      high: axes.get(axis)! - 1,
    }));
    for (const { coefficient, term } of terms)
      dimensions.push({ step: coefficient * bytes, ...rangeOf(term, context) });
    const set = byteSet(constant * bytes, bytes, dimensions);
    found.set(`${buffer} ${writes} ${set.low} ${set.high} ${set.length} ${set.stride}`, {
      ...set,
      buffer,
      writes,
    });
  };
  const visit = (block: readonly Stmt[]): void => {
    for (const stmt of block) {
      for (const expr of exprsOf(stmt))
        everyPart(expr, (e) => {
          if (e.kind === "load") touch(e.buffer, e.index, false);
        });
      if (stmt.kind === "store") touch(stmt.buffer, stmt.index, true);
      if (stmt.kind === "let" && definitions.has(stmt.name))
        registers.set(stmt.name, rangeOf(stmt.value, context));
      if (stmt.kind === "loop") {
        axes.set(stmt.axis, stmt.extent);
        visit(stmt.body);
      }
      if (stmt.kind === "if") {
        visit(stmt.body);
        visit(stmt.otherwise);
      }
    }
  };
  visit(body);
  return [...found.values()];
}

type Dimension = { readonly step: number; readonly low: number; readonly high: number };

/** Elements of `bytes` at start + sum of step * n, for n from low to high of every dimension. */
export function byteSet(start: number, bytes: number, dimensions: readonly Dimension[]): ByteSet {
  let low = start;
  let high = start + bytes;
  for (const { step, low: from, high: to } of dimensions) {
    low += Math.min(step * from, step * to);
    high += Math.max(step * from, step * to);
  }
  // Small steps first: one that is not longer than the block so far makes it a longer block.
  const steps = dimensions
    .map(({ step, low: from, high: to }) => ({ step: Math.abs(step), count: to - from }))
    .filter(({ step, count }) => step > 0 && count > 0)
    .sort((a, b) => a.step - b.step);
  let length = bytes;
  let stride = 0;
  for (const { step, count } of steps)
    if (stride === 0 && step <= length) length += step * count;
    else stride = commonDivisor(stride, step);
  return { low, high, length, stride };
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/** Whether two sets certainly have no byte in common. */
export function areDisjoint(a: ByteSet, b: ByteSet): boolean {
  if (a.high <= b.low || b.high <= a.low) return true;
  const stride = commonDivisor(a.stride, b.stride);
  if (stride === 0) return false;
  const after = (((b.low - a.low) % stride) + stride) % stride;
  return after >= a.length && stride - after >= b.length;
}

/** What each thread touches. */
export type Touches = readonly (readonly Touch[])[];

/** Whether a thread may write what another one touches, if they run `a` and `b` side by side. */
export function mayConflict(a: Touches, b: Touches): boolean {
  return conflictsOf(a, b).next().done !== true;
}

/** The pairs of touches of different threads that may meet. */
export function* conflictsOf(a: Touches, b: Touches): Generator<readonly [Touch, Touch]> {
  for (let t = 0; t < a.length; t++)
    for (let u = 0; u < b.length; u++) {
      if (t === u) continue;
      for (const x of a[t]!)
        for (const y of b[u]!) if ((x.writes || y.writes) && !areDisjoint(x, y)) yield [x, y];
    }
}
