/**
 * Lane space. A schedule runs several iterations of a parallel axis side by side: `vector` in
 * SIMD registers of four lanes, `tile` in copies. Everything that depends on such an axis exists
 * once per part of it; what does not is shared. This file says what depends on which axes, and
 * how an extent is cut into blocks of lanes.
 */
import type { Expr, Stmt } from "../../../ir/kernel.ts";

/** An axis that is being walked side by side: so many SIMD registers, or so many copies. */
export type Lane = {
  readonly axis: string;
  readonly kind: "vector" | "tile";
  readonly parts: number;
};

export const LANES_PER_VECTOR = 4;

/** One part of each active lane axis; `element` pins one element of the vector part as well. */
export type Point = {
  readonly parts: { readonly [axis: string]: number };
  readonly element?: number;
};

/** `count` blocks of `by` iterations each, from iteration `start` on. */
export type Segment = { readonly start: number; readonly by: number; readonly count: number };

/**
 * Cuts `extent` iterations into blocks. A rest that does not fill a block is walked by repeating
 * the end of the previous one where iterations may be repeated, else in smaller blocks.
 */
export function segmentsOf(
  extent: number,
  by: number,
  kind: "vector" | "tile",
  repeatable: boolean,
): readonly Segment[] {
  const segments: Segment[] = [];
  let start = 0;
  let block = by;
  while (start < extent) {
    const rest = extent - start;
    const smaller = nextSmaller(block, rest, kind);
    if (rest >= block) {
      segments.push({ start, by: block, count: Math.floor(rest / block) });
      start += block * Math.floor(rest / block);
    } else if (
      repeatable &&
      extent >= block &&
      (kind === "tile" || smaller < rest || smaller === 1)
    ) {
      segments.push({ start: extent - block, by: block, count: 1 });
      start = extent;
    } else block = smaller;
  }
  return segments;
}

/** The block to try after `block` has become too large for the rest. */
function nextSmaller(block: number, rest: number, kind: "vector" | "tile"): number {
  if (kind === "tile") return Math.min(rest, block);
  const half = Math.floor(block / 2 / LANES_PER_VECTOR) * LANES_PER_VECTOR;
  return half >= LANES_PER_VECTOR ? half : 1;
}

export type Dependence = {
  /** The scheduled axes on which a value depends. */
  readonly ofExpr: (e: Expr) => ReadonlySet<string>;
  readonly ofRegister: (name: string) => ReadonlySet<string>;
  /** The axes on which it depends whether a loop goes on. */
  readonly ofExit: (loop: Stmt & { readonly kind: "loop" }) => ReadonlySet<string>;
};

const NONE: ReadonlySet<string> = new Set();

function includes(all: ReadonlySet<string>, some: ReadonlySet<string>): boolean {
  if (some.size === 0) return true;
  if (some.size > all.size) return false;
  for (const axis of some) if (!all.has(axis)) return false;
  return true;
}

/** The axes of both, without a new set where one of them holds the other. */
export function union(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  if (a === b || includes(a, b)) return a;
  if (includes(b, a)) return b;
  return new Set([...a, ...b]);
}

/**
 * Finds what depends on what: a register on all that is ever assigned to it and on the conditions
 * under which it is.
 * @param scheduled the axes that count
 * @param parameters registers that are given, with their dependence
 */
export function dependenceOf(
  body: readonly Stmt[],
  scheduled: ReadonlySet<string>,
  parameters: ReadonlyMap<string, ReadonlySet<string>> = new Map(),
): Dependence {
  const registers = new Map(parameters);
  const alone = new Map<string, ReadonlySet<string>>();
  for (const axis of scheduled) alone.set(axis, new Set([axis]));
  let known = new Map<Expr, ReadonlySet<string>>();
  const ofExpr = (e: Expr): ReadonlySet<string> => {
    switch (e.kind) {
      case "const":
        return NONE;
      case "axis":
        return alone.get(e.axis) ?? NONE;
      case "register":
        return registers.get(e.name) ?? NONE;
    }
    const found = known.get(e);
    if (found) return found;
    let result = e.kind === "load" ? ofExpr(e.index) : NONE;
    if (e.kind !== "load")
      for (let i = 0; i < e.args.length; i++) result = union(result, ofExpr(e.args[i]!));
    known.set(e, result);
    return result;
  };
  const ofExit = (loop: Stmt & { readonly kind: "loop" }): ReadonlySet<string> =>
    exitConditions(loop.body).map(ofExpr).reduce(union, NONE);

  let changed = true;
  const assign = (name: string, axes: ReadonlySet<string>): void => {
    const before = registers.get(name) ?? NONE;
    const after = union(before, axes);
    if (after.size === before.size) return;
    registers.set(name, after);
    changed = true;
  };
  const visit = (list: readonly Stmt[], control: ReadonlySet<string>): void => {
    for (const stmt of list) {
      if (stmt.kind === "let" || stmt.kind === "set")
        assign(stmt.name, union(ofExpr(stmt.value), control));
      else if (stmt.kind === "loop") visit(stmt.body, union(control, ofExit(stmt)));
      else if (stmt.kind === "if") {
        const inner = union(control, ofExpr(stmt.condition));
        visit(stmt.body, inner);
        visit(stmt.otherwise, inner);
      }
    }
  };
  while (changed) {
    changed = false;
    known = new Map();
    visit(body, NONE);
  }
  return { ofExpr, ofRegister: (name) => registers.get(name) ?? NONE, ofExit };
}

/** The conditions that leave the loop with this body, and those of the regions around them. */
function exitConditions(body: readonly Stmt[]): Expr[] {
  const conditions: Expr[] = [];
  for (const stmt of body) {
    if (stmt.kind === "exit") conditions.push(stmt.condition);
    if (stmt.kind === "if") {
      const inner = exitConditions([...stmt.body, ...stmt.otherwise]);
      if (inner.length > 0) conditions.push(stmt.condition, ...inner);
    }
  }
  return conditions;
}

/** True when a body contains an `exit` of its own loop. */
export function hasExit(body: readonly Stmt[]): boolean {
  return exitConditions(body).length > 0;
}

/** Every combination of parts of `lanes`, the last lane running fastest, on top of `point`. */
export function pointsOf(lanes: readonly Lane[], point: Point): readonly Point[] {
  let points: Point[] = [point];
  for (let i = 0; i < lanes.length; i++) {
    const { axis, parts: count } = lanes[i]!;
    const more: Point[] = [];
    for (let n = 0; n < points.length; n++) {
      const { parts, element } = points[n]!;
      for (let part = 0; part < count; part++) {
        const next = { ...parts, [axis]: part };
        more.push(element === undefined ? { parts: next } : { parts: next, element });
      }
    }
    points = more;
  }
  return points;
}
