/**
 * Loops over matrices [rows, columns] whose columns have values of their own, as batch normalisation
 * and the gradient of a bias need them. A matrix is walked as it lies in memory, so that whole rows
 * come from a far cache as fast as it gives them, and a few rows at a time, so that what belongs to
 * a column is loaded once for all of them.
 *
 * Sums add the rows in order. The running sums are in memory too; those of neighbouring columns do
 * not wait for each other.
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

/** Rows at a time. */
const TOGETHER = 4;

/**
 * Adds the loops that sum, for each column, each term over all rows.
 * @param totals where the sums go, each of as many elements as there are columns
 * @param column gives, for a column, the terms of the element at an index in it
 */
export function addColumnSums(
  k: KernelBuilder,
  rows: number,
  totals: readonly BufferHandle[],
  column: (c: Expr) => (at: Expr) => readonly Expr[],
): void {
  const columns = totals[0]!.length;
  k.parallel(columns, (c) => {
    for (const total of totals) total.store(c, 0);
  });
  inBlocks(k.loop, rows, (first, count) =>
    k.parallel(columns, (c) => {
      const sums = totals.map((total) => k.register(total.load(c), "sum"));
      const termsAt = column(c);
      for (let row = 0; row < count; row++)
        termsAt(elementAt(first, row, columns, c)).forEach((term, n) => {
          sums[n]!.set(addF(sums[n]!.get, term));
        });
      totals.forEach((total, n) => {
        total.store(c, sums[n]!.get);
      });
    }),
  );
}

/**
 * Adds the loops that visit every element of a matrix once, in any order.
 * @param column gives, for a column, what to do with the element at an index in it
 */
export function eachElement(
  k: KernelBuilder,
  rows: number,
  columns: number,
  column: (c: Expr) => (at: Expr) => void,
): void {
  inBlocks(k.parallel, rows, (first, count) =>
    k.parallel(columns, (c) => {
      const visit = column(c);
      for (let row = 0; row < count; row++) visit(elementAt(first, row, columns, c));
    }),
  );
}

/** Calls `body` with the first row of each block and its number of rows. */
function inBlocks(
  loop: KernelBuilder["loop"],
  rows: number,
  body: (first: Index, count: number) => void,
): void {
  const blocks = Math.floor(rows / TOGETHER);
  const rest = rows % TOGETHER;
  if (blocks > 0) loop(blocks, (block) => body(mul(block, TOGETHER), TOGETHER));
  if (rest > 0) body(blocks * TOGETHER, rest);
}

const elementAt = (first: Index, row: number, columns: number, c: Expr): Expr =>
  add(add(mul(first, columns), row * columns), c);
