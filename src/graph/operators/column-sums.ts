/**
 * Sums over the rows of matrices [rows, columns], several at once, as batch normalisation and the
 * gradient of a bias need them. Rows are added in order. They are walked as they lie in memory, a
 * few at a time, with the running sums in memory too: whole rows come from a far cache as fast as it
 * gives them, and the sums of neighbouring columns do not wait for each other.
 */
import {
  add,
  addF,
  type BufferHandle,
  type Index,
  type KernelBuilder,
  mul,
} from "../../ir/build.ts";
import type { Expr } from "../../ir/kernel.ts";

/** Rows that are added before the sums go back to memory. */
const TOGETHER = 4;

/**
 * Adds the loops that sum, for each column, each term over all rows.
 * @param totals where the sums go, each of as many elements as there are columns
 * @param terms of the element at index `at`, which lies in column `c`, in the order of the totals
 */
export function addColumnSums(
  k: KernelBuilder,
  rows: number,
  totals: readonly BufferHandle[],
  terms: (at: Expr, c: Expr) => readonly Expr[],
): void {
  const columns = totals[0]!.length;
  k.parallel(columns, (c) => {
    for (const total of totals) total.store(c, 0);
  });
  const addRows = (first: Index, count: number): void =>
    k.parallel(columns, (c) => {
      const sums = totals.map((total) => k.register(total.load(c), "sum"));
      for (let row = 0; row < count; row++)
        terms(add(add(first, row * columns), c), c).forEach((term, n) => {
          sums[n]!.set(addF(sums[n]!.get, term));
        });
      totals.forEach((total, n) => {
        total.store(c, sums[n]!.get);
      });
    });
  const blocks = Math.floor(rows / TOGETHER);
  const rest = rows % TOGETHER;
  if (blocks > 0) k.loop(blocks, (block) => addRows(mul(block, TOGETHER * columns), TOGETHER));
  if (rest > 0) addRows(blocks * TOGETHER * columns, rest);
}
