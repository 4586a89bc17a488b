/**
 * Runs a step in the memory of one of its inputs where its loops allow it: every iteration reads
 * the input at the very index that it then writes, and nowhere else. The kernel is rewritten to
 * one `update` buffer, so that emitters know what they may not assume.
 */
import { type Affine, affineOf, equalAffine } from "../ir/affine.ts";
import type { Kernel, Stmt } from "../ir/kernel.ts";
import { everyExpr, everyPart, everyStmt, exprsOf, mapBody } from "../ir/walk.ts";
import { writesOnce } from "./write-once.ts";

/**
 * Whether `output` may lie in the memory of `input` (buffer names): up to the first nest that
 * writes, anything may be read; from then on, each element only where it is about to be written.
 */
export function canRunInPlace(kernel: Kernel, input: string, output: string): boolean {
  const source = kernel.buffers.find((b) => b.name === input)!;
  const target = kernel.buffers.find((b) => b.name === output)!;
  if (source.role !== "input" || target.role !== "output") return false;
  if (source.dtype !== target.dtype || source.length !== target.length) return false;
  const first = kernel.body.findIndex((stmt) => touches(stmt, output));
  return (
    kernel.body.slice(first).every((nest) => readsWhereItWrites(nest, input, output)) &&
    writesOnce(kernel, target)
  );
}

/** Whether a nest reads `input` only at places that it stores `output` to later in the iteration. */
function readsWhereItWrites(nest: Stmt, input: string, output: string): boolean {
  let possible = true;
  /** Places that have been read and not written yet. */
  let pending: Affine[] = [];
  const written: Affine[] = [];
  everyStmt([nest], (stmt) => {
    for (const expr of exprsOf(stmt))
      everyPart(expr, (e) => {
        if (e.kind !== "load") return;
        if (e.buffer === output) possible = false;
        if (e.buffer !== input) return;
        const index = affineOf(e.index);
        if (index && !written.some((w) => equalAffine(w, index))) pending.push(index);
        else possible = false;
      });
    if (stmt.kind !== "store" || stmt.buffer !== output) return;
    const index = affineOf(stmt.index);
    if (!index) possible = false;
    else {
      written.push(index);
      pending = pending.filter((read) => !equalAffine(read, index));
    }
  });
  return possible && pending.length === 0;
}

const touches = (stmt: Stmt, buffer: string): boolean => {
  let found = false;
  everyStmt([stmt], (s) => {
    if (s.kind === "store" && s.buffer === buffer) found = true;
  });
  everyExpr([stmt], (e) => {
    if (e.kind === "load" && e.buffer === buffer) found = true;
  });
  return found;
};

/** The kernel with `input` dropped and read through `output`, which becomes an update. */
export function mergeBuffers(kernel: Kernel, input: string, output: string): Kernel {
  return {
    ...kernel,
    buffers: kernel.buffers
      .filter((b) => b.name !== input)
      .map((b) => (b.name === output ? { ...b, role: "update" as const } : b)),
    body: mapBody(kernel.body, (e) =>
      e.kind === "load" && e.buffer === input ? { ...e, buffer: output } : e,
    ),
  };
}
