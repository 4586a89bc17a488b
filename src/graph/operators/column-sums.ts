/**
 * Loops over matrices [rows, columns] whose columns have values of their own, as batch normalisation
 * and the gradient of a bias need them. A matrix is walked as it lies in memory, so that whole rows
 * come from a far cache as fast as it gives them, and a few rows at a time, so that what belongs to
 * a column is loaded once for all of them.
 *
 * Sums add the rows in order, those of a long matrix in four parts, whose sums are added at the end:
 * part of what the result is, so the same everywhere, and threads need not share rows. The running
 * sums are in memory too; those of neighbouring columns do not wait for each other.
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

/** Of a matrix with at least so many rows. */
const PARTS = 4;
const LONG = 256;

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
  const parts = rows >= LONG ? PARTS : 1;
  const running =
    parts === 1 ? totals : totals.map(() => k.scratch("float32", parts * columns, "parts"));
  k.parallel(parts * columns, (i) => {
    for (const sums of running) sums.store(i, 0);
  });
  const addRows = (part: Index, first: Index, count: number): void =>
    k.parallel(columns, (c) => {
      const place = add(mul(part, columns), c);
      const sums = running.map((held) => k.register(held.load(place), "sum"));
      const termsAt = column(c);
      for (let row = 0; row < count; row++)
        termsAt(elementAt(first, row, columns, c)).forEach((term, n) => {
          sums[n]!.set(addF(sums[n]!.get, term));
        });
      running.forEach((held, n) => {
        held.store(place, sums[n]!.get);
      });
    });
  if (parts === 1) {
    inBlocks(k.loop, rows, (first, count) => addRows(0, first, count));
    return;
  }
  const blocks = Math.floor(rows / (parts * TOGETHER));
  const rest = rows - blocks * parts * TOGETHER;
  k.parallel(parts, (part) =>
    k.loop(blocks, (block) =>
      addRows(part, add(mul(part, blocks * TOGETHER), mul(block, TOGETHER)), TOGETHER),
    ),
  );
  inBlocks(k.loop, rest, (first, count) => addRows(parts - 1, add(first, rows - rest), count));
  k.parallel(columns, (c) =>
    totals.forEach((total, n) => {
      const [sum, ...others] = Array.from({ length: parts }, (_, part) =>
        running[n]!.load(add(c, part * columns)),
      );
      total.store(c, others.reduce(addF, sum!));
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
