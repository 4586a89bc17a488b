/**
 * Nests of one kernel that walk the same images, one for the inside and others for the borders,
 * become one loop over the images with the nests within it, so that an image stays in the cache
 * while all of them see it. The bits do not change: an iteration of the common loop writes a stretch
 * of memory that no other one touches, and within it the nests keep their order.
 */
import { affineOf } from "../../../ir/affine.ts";
import type { Expr, Kernel, Stmt } from "../../../ir/kernel.ts";
import { everyExpr, everyStmt, mapExpr } from "../../../ir/walk.ts";
import { BYTES_PER_ELEMENT } from "../../../tensor/tensor.ts";

type Loop = Stmt & { readonly kind: "loop" };

/** A nest, and the loop of it that may be drawn out. */
type Member = { readonly nest: Loop; readonly walk: Loop };

/** Kernels on less memory than this stay as they are: a second-level cache holds it all. */
const CACHED_BYTES = 3 << 19;

/**
 * @param shares whether any call binds two buffers to memory that overlaps
 * @param leastBytes of a kernel that is changed
 */
export function walkTogether(
  kernel: Kernel,
  shares: (a: string, b: string) => boolean,
  leastBytes: number = CACHED_BYTES,
): readonly Stmt[] {
  const bytes = kernel.buffers.reduce((sum, b) => sum + b.length * BYTES_PER_ELEMENT[b.dtype], 0);
  if (bytes < leastBytes) return kernel.body;
  const result: Stmt[] = [];
  for (let i = 0; i < kernel.body.length; ) {
    const members = longestGroup(kernel.body.slice(i), shares);
    if (members.length > 1) result.push(together(members));
    else result.push(kernel.body[i]!);
    i += Math.max(1, members.length);
  }
  return result;
}

/** The nests from the first statement on that can walk together, in the best of the possible ways. */
function longestGroup(
  body: readonly Stmt[],
  shares: (a: string, b: string) => boolean,
): readonly Member[] {
  const groups = walksOf(body[0]!).map((first) => {
    const members = [first];
    for (const stmt of body.slice(1)) {
      const next = walksOf(stmt).find(
        (member) =>
          member.walk.extent === first.walk.extent && areApart([...members, member], shares),
      );
      if (!next) break;
      members.push(next);
    }
    return members;
  });
  return groups.reduce((best, group) => (group.length > best.length ? group : best), []);
}

/** The parallel loops of a nest that contain nothing but one another. */
function walksOf(stmt: Stmt): readonly Member[] {
  const members: Member[] = [];
  let loop = stmt;
  while (loop.kind === "loop" && loop.parallel && loop.body.length === 1) {
    if (loop.extent > 1) members.push({ nest: stmt as Loop, walk: loop });
    loop = loop.body[0]!;
  }
  return members;
}

/** Whether each iteration of the walk has the memory that the group writes to itself. */
function areApart(members: readonly Member[], shares: (a: string, b: string) => boolean): boolean {
  const written = new Set<string>();
  const touched = new Set<string>();
  for (const { nest } of members) {
    everyStmt([nest], (stmt) => stmt.kind === "store" && written.add(stmt.buffer));
    everyExpr([nest], (expr) => expr.kind === "load" && touched.add(expr.buffer));
  }
  for (const w of written)
    for (const other of [...written, ...touched]) if (other !== w && shares(w, other)) return false;
  const strides = new Map<string, number>();
  return members.every(({ nest, walk }) => {
    const extents = new Map<string, number>();
    everyStmt([nest], (stmt) => stmt.kind === "loop" && extents.set(stmt.axis, stmt.extent));
    const isOwn = (buffer: string, index: Expr): boolean => {
      if (!written.has(buffer)) return true;
      const affine = affineOf(index);
      const stride = affine?.coefficients.get(walk.axis) ?? 0;
      if (!affine || stride <= 0 || (strides.get(buffer) ?? stride) !== stride) return false;
      strides.set(buffer, stride);
      let [low, high] = [affine.constant, affine.constant];
      for (const [axis, coefficient] of affine.coefficients) {
        const reach = axis === walk.axis ? 0 : coefficient * (extents.get(axis)! - 1);
        low += Math.min(0, reach);
        high += Math.max(0, reach);
      }
      return low >= 0 && high < stride;
    };
    let own = true;
    everyStmt([nest], (stmt) => {
      if (stmt.kind === "store") own &&= isOwn(stmt.buffer, stmt.index);
    });
    everyExpr([nest], (expr) => {
      if (expr.kind === "load") own &&= isOwn(expr.buffer, expr.index);
    });
    return own;
  });
}

/** One loop over the walk of the first, with what is left of each nest within it. */
function together(members: readonly Member[]): Loop {
  const { walk } = members[0]!;
  const body = members.flatMap((member) => withoutLoop(member.nest, member.walk, walk.axis));
  return { ...walk, body };
}

/** The nest without one of its loops, whose axis is now called otherwise. */
function withoutLoop(stmt: Stmt, loop: Loop, axis: string): readonly Stmt[] {
  const rename = (expr: Expr): Expr =>
    mapExpr(expr, (e) => (e.kind === "axis" && e.axis === loop.axis ? { ...e, axis } : e));
  const rewrite = (s: Stmt): readonly Stmt[] => {
    switch (s.kind) {
      case "loop": {
        const body = s.body.flatMap(rewrite);
        return s === loop ? body : [{ ...s, body }];
      }
      case "if": {
        const [body, otherwise] = [s.body.flatMap(rewrite), s.otherwise.flatMap(rewrite)];
        return [{ ...s, condition: rename(s.condition), body, otherwise }];
      }
      case "store":
        return [{ ...s, index: rename(s.index), value: rename(s.value) }];
      case "exit":
        return [{ ...s, condition: rename(s.condition) }];
      default:
        return [{ ...s, value: rename(s.value) }];
    }
  };
  return rewrite(stmt);
}
