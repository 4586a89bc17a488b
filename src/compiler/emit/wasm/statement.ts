/**
 * Statements over lanes: each is emitted once for every combination of the lanes on which it
 * depends, and what several combinations need is computed once before them. In a matrix product
 * tiled by 4 rows and 8 columns, the two vectors of a row of B come first, then for each of the
 * four rows its element of A, then the eight products: eleven vectors live at once.
 */
import { assert } from "../../../base/errors.ts";
import type { Expr, Stmt } from "../../../ir/kernel.ts";
import {
  type Emission,
  lanesOf,
  localAt,
  type Placement,
  place,
  releasePlacement,
  vectorLaneOf,
} from "./emission.ts";
import { pushScalar, pushVector } from "./expr.ts";
import { LANES_PER_VECTOR, type Lane, type Point, pointsOf, union } from "./lanes.ts";
import { emitLoop } from "./loop.ts";
import { emitStore } from "./store.ts";

/** Emits statements one after the other; the registers they declare stay. */
export function emitStatements(s: Emission, statements: readonly Stmt[]): void {
  for (let i = 0; i < statements.length; i++) emitStmt(s, statements[i]!);
}

/** Emits statements and gives the registers declared among them back at the end. */
export function emitBlock(s: Emission, block: readonly Stmt[]): void {
  emitStatements(s, block);
  for (let i = block.length - 1; i >= 0; i--) {
    const stmt = block[i]!;
    if (stmt.kind !== "let") continue;
    releasePlacement(s, s.registers.get(stmt.name)!);
    s.registers.delete(stmt.name);
  }
}

function emitStmt(s: Emission, stmt: Stmt): void {
  switch (stmt.kind) {
    case "let": {
      const lanes = lanesOf(s, s.dependence.ofRegister(stmt.name));
      const vector = vectorLaneOf(lanes) !== undefined;
      s.registers.set(stmt.name, place(s, stmt.value.type, lanes, vector));
      emitAssignment(s, stmt.name, stmt.value);
      break;
    }
    case "set":
      emitAssignment(s, stmt.name, stmt.value);
      break;
    case "store": {
      const { ofExpr } = s.dependence;
      const lanes = lanesOf(s, union(ofExpr(stmt.index), ofExpr(stmt.value)));
      across(s, lanes, [stmt.value], (point) => emitStore(s, stmt, point));
      break;
    }
    case "if":
      separately(s, s.dependence.ofExpr(stmt.condition), (one) => emitIf(one, stmt));
      break;
    case "exit":
      assert(s.exitLabel !== undefined, "exit is within a loop");
      pushScalar(s, stmt.condition, s.point);
      s.code.branchIf(s.exitLabel);
      break;
    case "loop":
      separately(s, s.dependence.ofExit(stmt), (one) => emitLoop(one, stmt, emitBlock));
      break;
  }
}

function emitIf(s: Emission, stmt: Stmt & { readonly kind: "if" }): void {
  pushScalar(s, stmt.condition, s.point);
  s.code.open("if");
  emitBlock(s, stmt.body);
  if (stmt.otherwise.length > 0) {
    s.code.otherwise();
    emitBlock(s, stmt.otherwise);
  }
  s.code.end();
}

/** Emits what takes different ways on different lanes once for each of them. */
function separately(s: Emission, axes: ReadonlySet<string>, emit: (one: Emission) => void): void {
  const apart = lanesOf(s, axes);
  if (apart.length === 0) {
    emit(s);
    return;
  }
  assert(vectorLaneOf(apart) === undefined, "control flow must not differ between vector lanes");
  const lanes = s.lanes.filter((lane) => !apart.includes(lane));
  for (const point of pointsOf(apart, s.point)) emit({ ...s, lanes, point });
}

function emitAssignment(s: Emission, name: string, value: Expr): void {
  const placement = s.registers.get(name)!;
  // A register declared outside may have parts that are emitted one at a time here.
  const lanes = s.lanes.filter((lane) => placement.lanes.some((l) => l.axis === lane.axis));
  across(s, lanes, [value], (point) => assign(s, placement, value, point));
}

function assign(s: Emission, placement: Placement, value: Expr, point: Point): void {
  const elements = placement.apart ? LANES_PER_VECTOR : 1;
  for (let element = 0; element < elements; element++) {
    const at = placement.apart ? { ...point, element } : point;
    if (placement.vector) pushVector(s, value, at);
    else pushScalar(s, value, at);
    s.code.set(localAt(placement, at));
  }
}

/** A part of an expression that depends on some of the lanes only. */
type Shared = { readonly expr: Expr; readonly lanes: readonly Lane[]; readonly depth: number };

/** Calls `emit` for every point of `lanes`, with shared parts of `exprs` computed beforehand. */
function across(
  s: Emission,
  lanes: readonly Lane[],
  exprs: readonly Expr[],
  emit: (point: Point) => void,
): void {
  const shared = sharedParts(s, lanes, exprs);
  if (shared.length === 0) {
    const points = pointsOf(lanes, s.point);
    for (let i = 0; i < points.length; i++) emit(points[i]!);
    return;
  }
  const vector = vectorLaneOf(lanes) !== undefined;
  const visit = (depth: number, point: Point): void => {
    const held = shared
      .filter((part) => part.depth === depth)
      .map((part) => hold(s, part, vector, point));
    const lane = lanes[depth];
    if (lane === undefined) emit(point);
    else for (const next of pointsOf([lane], point)) visit(depth + 1, next);
    for (const { expr, placement } of held) {
      s.temporaries.delete(expr);
      releasePlacement(s, placement);
    }
  };
  visit(0, s.point);
}

function hold(
  s: Emission,
  { expr, lanes }: Shared,
  vector: boolean,
  point: Point,
): { readonly expr: Expr; readonly placement: Placement } {
  const placement = place(s, expr.type, lanes, vector);
  for (const at of pointsOf(lanes, point)) assign(s, placement, expr, at);
  s.temporaries.set(expr, placement);
  return { expr, placement };
}

/** The largest parts of expressions that do not depend on all of the lanes. */
function sharedParts(
  s: Emission,
  lanes: readonly Lane[],
  exprs: readonly Expr[],
): readonly Shared[] {
  const shared = new Map<Expr, Shared>();
  const visit = (e: Expr): void => {
    if (e.kind !== "load" && e.kind !== "op" && e.kind !== "call") return;
    const axes = s.dependence.ofExpr(e);
    // Its value is held from where the first lane that it does not depend on begins.
    const depth = lanes.findIndex((lane) => !axes.has(lane.axis));
    if (depth >= 0) {
      const later = lanes.slice(depth).filter((lane) => axes.has(lane.axis));
      shared.set(e, { expr: e, lanes: later, depth });
    } else if (e.kind === "op") e.args.forEach(visit);
    else if (e.kind === "call") e.args.forEach(visit);
  };
  if (lanes.reduce((product, lane) => product * lane.parts, 1) > 1) exprs.forEach(visit);
  return [...shared.values()];
}
