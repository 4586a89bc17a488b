/**
 * Whether calls of one kernel with different places share one function, which then takes the
 * addresses of its buffers. An engine optimizes a function only after it has worked for a while, so
 * that a first training step is much faster when the second call meets optimized code. What it costs
 * is a pointer for each buffer, where otherwise buffers that are walked alike share one.
 */
import { memoize } from "../../../base/memoize.ts";
import type { Kernel, Stmt } from "../../../ir/kernel.ts";
import { everyExpr, everyStmt } from "../../../ir/walk.ts";
import { BYTES_PER_ELEMENT } from "../../../tensor/tensor.ts";
import { accessesOf, type Definitions, definitionsOf, linearize } from "./address.ts";

/** Operations in a loop that hide the step of one more pointer. */
const OPS_PER_POINTER = 4;

/** True when no inner loop would be slower for it. */
export const isShareable: (kernel: Kernel) => boolean = memoize((kernel) => {
  const definitions = definitionsOf(kernel.body);
  const bytesOf = new Map(kernel.buffers.map((b) => [b.name, BYTES_PER_ELEMENT[b.dtype]]));
  let shareable = true;
  everyStmt(kernel.body, (stmt) => {
    if (stmt.kind !== "loop" || stmt.body.some(hasLoop)) return;
    if (morePointers(stmt.body, definitions, bytesOf) * OPS_PER_POINTER > opsOf(stmt.body))
      shareable = false;
  });
  return shareable;
});

function hasLoop(stmt: Stmt): boolean {
  if (stmt.kind === "if") return stmt.body.some(hasLoop) || stmt.otherwise.some(hasLoop);
  return stmt.kind === "loop";
}

/** How many more pointers a loop needs when each buffer has its own. */
function morePointers(
  body: readonly Stmt[],
  definitions: Definitions,
  bytesOf: ReadonlyMap<string, number>,
): number {
  const together = new Set<string>();
  const apart = new Set<string>();
  const { loads, stores } = accessesOf(body);
  for (const { buffer, index } of [...loads, ...stores]) {
    const bytes = bytesOf.get(buffer)!;
    const walk = [...linearize(index, definitions).coefficients]
      .map(([axis, coefficient]) => `${axis} ${coefficient * bytes}`)
      .sort()
      .join();
    together.add(walk);
    apart.add(`${buffer} ${walk}`);
  }
  return apart.size - together.size;
}

function opsOf(body: readonly Stmt[]): number {
  let ops = 0;
  everyExpr(body, (e) => {
    if (e.kind === "op" && e.type === "float32") ops++;
  });
  return ops;
}
