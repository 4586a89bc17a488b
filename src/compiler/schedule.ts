/**
 * Chooses how the fast emitters walk the parallel loops of a kernel. A schedule is short data
 * beside the kernel and never changes its bits: which axis runs in vector lanes and which is
 * tiled (several iterations side by side in registers, so that loads are shared).
 *
 * The sizes follow what V8 keeps in registers: 4 rows by 2 vectors of 4 lanes are 8 accumulators,
 * with 2 vectors and 1 splat live beside them (bench/gemm).
 */
import { memoize } from "../base/memoize.ts";
import { affineOf } from "../ir/affine.ts";
import type { Expr, Kernel, Routine, Stmt } from "../ir/kernel.ts";
import { OPS } from "../ir/ops.ts";
import { everyStmt, exprsOf } from "../ir/walk.ts";

/** For each named parallel axis, how it is walked; an axis that is absent runs serially. */
export type Schedule = {
  readonly [axis: string]: {
    /** `vector`: lanes of four in SIMD registers; `tile`: copies in scalar or vector registers. */
    readonly kind: "vector" | "tile";
    /** Iterations side by side; for `vector` a multiple of 4. */
    readonly by: number;
  };
};

type Loop = Stmt & { kind: "loop" };

export function scheduleKernel(kernel: Kernel): Schedule {
  const schedule: { [axis: string]: Schedule[string] } = {};
  const visit = (body: readonly Stmt[], parent: Loop | undefined): void => {
    for (const stmt of body) {
      if (stmt.kind === "if") {
        visit(stmt.body, undefined);
        visit(stmt.otherwise, undefined);
      }
      if (stmt.kind !== "loop") continue;
      if (stmt.extent >= 4 && isVectorizable(kernel, stmt)) {
        const reduces = stmt.body.some((s) => s.kind === "loop");
        const tiled = reduces && parent?.parallel === true && parent.body.length === 1;
        const wide = stmt.extent >= 8;
        schedule[stmt.axis] = { kind: "vector", by: wide ? 8 : 4 };
        if (tiled && parent.extent >= 2)
          schedule[parent.axis] = { kind: "tile", by: Math.min(parent.extent, wide ? 4 : 8) };
      } else visit(stmt.body, stmt);
    }
  };
  visit(kernel.body, undefined);
  return schedule;
}

/**
 * The same with taller tiles, where an accumulator needs no register for the product beside it:
 * 6 rows by 2 vectors are 12 accumulators, with 2 vectors and 1 splat beside them.
 */
export function fusedSchedule(schedule: Schedule): Schedule {
  return Object.fromEntries(
    Object.entries(schedule).map(([axis, plan]) => [
      axis,
      plan.kind === "tile" && plan.by === 4 ? { kind: "tile", by: 6 } : plan,
    ]),
  );
}

/**
 * Whether four neighbouring iterations can run in lanes: every load and store that depends on the
 * axis has stride 1 in it, every operation that depends on it has a SIMD form, and control flow
 * does not depend on it. The axis itself is a ramp of four lanes.
 */
export function isVectorizable(kernel: Kernel, loop: Loop): boolean {
  if (!loop.parallel || storesAcross(loop)) return false;
  const dtypes = new Map(kernel.buffers.map((b) => [b.name, b.dtype]));
  const dependent = new Set<string>();
  /** Undefined: cannot be vectorised. */
  const depends = (expr: Expr): boolean | undefined => {
    switch (expr.kind) {
      case "const":
        return false;
      case "axis":
        return expr.axis === loop.axis;
      case "register":
        return dependent.has(expr.name);
      case "load": {
        const stride = strideOf(expr.index);
        if (stride === undefined) return undefined;
        if (stride === 0) return false;
        return stride === 1 && isWide(expr.buffer) ? true : undefined;
      }
      case "op":
      case "call": {
        let some = false;
        for (let i = 0; i < expr.args.length; i++) {
          const answer = depends(expr.args[i]!);
          if (answer === undefined) return undefined;
          some ||= answer;
        }
        if (!some) return false;
        if (expr.kind === "call") return isVectorRoutine(expr.routine) ? true : undefined;
        if (OPS[expr.op].simd === null) return undefined;
        if (expr.op === "shl" || expr.op === "shr" || expr.op === "shru")
          return depends(expr.args[1]!) ? undefined : true;
        return true;
      }
    }
  };
  const isWide = (buffer: string): boolean => {
    const dtype = dtypes.get(buffer);
    return dtype === "float32" || dtype === "int32";
  };
  /** Elements per iteration of the axis; undefined where lanes would have to gather. */
  const strideOf = (index: Expr): number | undefined => {
    const affine = affineOf(index);
    if (affine) return affine.coefficients.get(loop.axis) ?? 0;
    if (depends(index) === false) return 0;
    // A looked-up start plus the axis: `row + i`.
    if (index.kind !== "op" || index.op !== "add") return undefined;
    const [a, b] = index.args.map(strideOf);
    return a === undefined || b === undefined ? undefined : a + b;
  };

  // A register becomes dependent by what is assigned to it, so repeat until nothing changes.
  for (let before = -1; before !== dependent.size; ) {
    before = dependent.size;
    everyStmt(loop.body, (stmt) => {
      if ((stmt.kind === "let" || stmt.kind === "set") && depends(stmt.value) !== false)
        dependent.add(stmt.name);
    });
  }
  let possible = true;
  everyStmt(loop.body, (stmt) => {
    if (stmt.kind === "store") {
      if (strideOf(stmt.index) !== 1 || !isWide(stmt.buffer)) possible = false;
      if (depends(stmt.value) === undefined) possible = false;
    } else if (stmt.kind === "if" || stmt.kind === "exit") {
      if (depends(stmt.condition) !== false) possible = false;
    } else if (exprsOf(stmt).some((expr) => depends(expr) === undefined)) possible = false;
    if (stmt.kind === "let" && stmt.value.type === "int64") possible = false;
  });
  return possible;
}

/** Whether a store clearly is not to neighbors: said first, since it is true of most outer loops. */
function storesAcross(loop: Loop): boolean {
  let across = false;
  everyStmt(loop.body, (stmt) => {
    const affine = stmt.kind === "store" ? affineOf(stmt.index) : undefined;
    if (affine && affine.coefficients.get(loop.axis) !== 1) across = true;
  });
  return across;
}

/** Whether a routine has a form on four lanes: no `if`, no int64, SIMD operations only. */
export const isVectorRoutine: (routine: Routine) => boolean = memoize((routine) => {
  let possible = routine.parameters.every((p) => p.type !== "int64");
  const check = (expr: Expr): void => {
    if (expr.kind === "op") {
      if (OPS[expr.op].simd === null) possible = false;
      const isShift = expr.op === "shl" || expr.op === "shr" || expr.op === "shru";
      if (isShift && expr.args[1]!.kind !== "const") possible = false;
    }
    if (expr.kind === "call" && !isVectorRoutine(expr.routine)) possible = false;
    if (expr.kind === "op" || expr.kind === "call") expr.args.forEach(check);
  };
  everyStmt(routine.body, (stmt) => {
    if (stmt.kind === "if") possible = false;
    exprsOf(stmt).forEach(check);
  });
  check(routine.result);
  return possible;
});
