/**
 * Sums over whole tensors in a fixed order that vectorizes: LANES sums side by side, each over every
 * LANES-th element, then the sum of those in order, then the elements left over.
 */
import { add, addF, type BufferHandle, type KernelBuilder, mul } from "../ir/build.ts";
import type { Expr } from "../ir/kernel.ts";

/** How many sums run side by side; part of what the result is, so the same everywhere. */
export const LANES = 8;

/**
 * Adds the loops that sum `term(i)` for i below `size`, and returns the sum.
 * @param lanes a scratch buffer of `LANES` values
 */
export function addLaneSum(
  k: KernelBuilder,
  lanes: BufferHandle,
  size: number,
  term: (i: Expr) => Expr,
): Expr {
  const rows = Math.floor(size / LANES);
  const total = k.register(0, "total");
  if (rows > 0) {
    k.parallel(LANES, (lane) => {
      const sum = k.register(0, "sum");
      k.loop(rows, (row) => sum.set(addF(sum.get, term(add(mul(row, LANES), lane)))));
      lanes.store(lane, sum.get);
    });
    k.loop(LANES, (lane) => total.set(addF(total.get, lanes.load(lane))));
  }
  const rest = size - rows * LANES;
  if (rest > 0) k.loop(rest, (i) => total.set(addF(total.get, term(add(i, rows * LANES)))));
  return total.get;
}
