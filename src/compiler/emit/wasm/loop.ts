/**
 * Loops: an axis is walked in segments of blocks, each block with the lanes that the schedule
 * gives it. Counting goes up, and a segment of one block needs no loop. Loops are not unrolled:
 * engines spill what an unrolled body holds.
 */
import { assert } from "../../../base/errors.ts";
import { memoize } from "../../../base/memoize.ts";
import type { Expr, Stmt } from "../../../ir/kernel.ts";
import { everyExpr } from "../../../ir/walk.ts";
import { type Emission, isVector, vectorLaneOf } from "./emission.ts";
import { hasVectorForm, pushVector, splatKey, vectorArgs } from "./expr.ts";
import { hasExit, LANES_PER_VECTOR, type Lane, type Segment, segmentsOf } from "./lanes.ts";
import { I32, OP, V128 } from "./opcodes.ts";
import { enterLevel } from "./pointer.ts";

type LoopStmt = Stmt & { readonly kind: "loop" };
type OpExpr = Expr & { readonly kind: "op" };
type EmitBlock = (s: Emission, block: readonly Stmt[]) => void;

/** More spread constants than this would only be spilled. */
const MAX_SPLATS = 8;

export function emitLoop(s: Emission, loop: LoopStmt, emitBlock: EmitBlock): void {
  const plan = s.schedule[loop.axis];
  if (plan === undefined || !loop.parallel) {
    if (loop.extent > 0)
      emitSegment(s, loop, { start: 0, by: 1, count: loop.extent }, undefined, emitBlock);
    return;
  }
  for (const segment of segmentsOf(loop.extent, plan.by, plan.kind, s.repeatable(loop.body)))
    emitSegment(s, loop, segment, plan.kind, emitBlock);
}

function emitSegment(
  s: Emission,
  loop: LoopStmt,
  { start, by, count }: Segment,
  kind: Lane["kind"] | undefined,
  emitBlock: EmitBlock,
): void {
  const isVectorLane = kind === "vector" && by > 1;
  const unit = isVectorLane ? LANES_PER_VECTOR : 1;
  const lanes = kind !== undefined && by > 1 ? addLane(s, loop, kind, by / unit) : s.lanes;
  const { code } = s;
  if (count === 1) {
    s.axes.set(loop.axis, { value: start, unit, last: 0 });
    const inner = { ...s, lanes };
    const splats = isVectorLane ? holdSplats(inner, loop.body) : [];
    emitExitBlock(inner, loop.body, emitBlock);
    releaseSplats(s, splats);
  } else {
    const axis = code.local(I32);
    code.i32(start);
    code.set(axis);
    s.axes.set(loop.axis, { local: axis, value: 0, unit, last: start + by * (count - 1) });
    const pointers = enterLevel(s, loop.axis, loop.body, start, by);
    const inner = { ...s, lanes, levels: [...s.levels, pointers.level] };
    const splats = isVectorLane ? holdSplats(inner, loop.body) : [];
    const leave = hasExit(loop.body) ? code.open("block") : undefined;
    const again = code.open("loop");
    emitBlock(leave === undefined ? inner : { ...inner, exitLabel: leave }, loop.body);
    pointers.advance();
    code.get(axis);
    code.i32(by);
    code.op(OP.i32Add);
    code.tee(axis);
    code.i32(start + by * count);
    code.op(OP.i32LtS);
    code.branchIf(again);
    code.end();
    if (leave !== undefined) code.end();
    releaseSplats(s, splats);
    pointers.release();
    code.release(axis);
  }
  s.axes.delete(loop.axis);
}

function emitExitBlock(s: Emission, body: readonly Stmt[], emitBlock: EmitBlock): void {
  const exitLabel = hasExit(body) ? s.code.open("block") : undefined;
  emitBlock(exitLabel === undefined ? s : { ...s, exitLabel }, body);
  if (exitLabel !== undefined) s.code.end();
}

/** The vector lane stays last: what differs between tiles only is then held for all vectors. */
function addLane(s: Emission, loop: LoopStmt, kind: Lane["kind"], parts: number): readonly Lane[] {
  const lane: Lane = { axis: loop.axis, kind, parts };
  const vector = vectorLaneOf(s.lanes);
  assert(kind === "tile" || vector === undefined, "one vector axis at a time");
  return kind === "vector"
    ? [...s.lanes, lane]
    : [...s.lanes.filter((l) => l !== vector), lane, ...(vector ? [vector] : [])];
}

/** Spreads the constants and outer scalars that vectors of the body meet, once before the loop. */
function holdSplats(s: Emission, body: readonly Stmt[]): readonly string[] {
  const found = new Map<string, Expr>();
  const splats = splatsOf(body);
  for (let i = 0; i < splats.length; i++) {
    const { op, arg, key } = splats[i]!;
    if (found.has(key) || s.splats.has(key) || !isVector(s, op) || !hasVectorForm(s, op)) continue;
    if (arg.kind === "register" && s.registers.get(arg.name)?.vector !== false) continue;
    if (arg.kind === "register" && s.registers.get(arg.name)!.lanes.length > 0) continue;
    found.set(key, arg);
  }
  const chosen = [...found].slice(0, MAX_SPLATS);
  for (const [key, e] of chosen) {
    const local = s.code.local(V128);
    pushVector(s, e, s.point);
    s.code.set(local);
    s.splats.set(key, local);
  }
  return chosen.map(([key]) => key);
}

type Splat = { readonly op: OpExpr; readonly arg: Expr; readonly key: string };

/** What operations of a body take that is worth spreading once, if they are vectors and it is not. */
const splatsOf: (body: readonly Stmt[]) => readonly Splat[] = memoize((body) => {
  const splats: Splat[] = [];
  everyExpr(body, (op) => {
    if (op.kind !== "op") return;
    const args = vectorArgs(op);
    for (let i = 0; i < args.length; i++) {
      const arg = args[i]!;
      const key = splatKey(arg);
      if (key !== undefined) splats.push({ op, arg, key });
    }
  });
  return splats;
});

function releaseSplats(s: Emission, keys: readonly string[]): void {
  for (const key of keys) {
    s.code.release(s.splats.get(key)!);
    s.splats.delete(key);
  }
}
