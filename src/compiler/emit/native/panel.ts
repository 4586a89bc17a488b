/**
 * Panels: what the tiles of a block of columns read again and again, copied once per block into a
 * buffer of its own. Where the rows of a matrix do not begin on cache lines, each of its vectors
 * lies across two of them; in the panel they are aligned and follow one another. Values and the
 * order of sums stay.
 */
import { type Affine, affineOf, equalAffine } from "../../../ir/affine.ts";
import { add, mul } from "../../../ir/build.ts";
import type { Expr, Stmt } from "../../../ir/kernel.ts";
import { everyExpr, everyStmt, mapBody } from "../../../ir/walk.ts";
import type { Loop } from "./arrange.ts";
import type { Lanes, NestBlock } from "./blocks.ts";

export type Panel = {
  /** The buffer's name, in the stores and loads below. */
  readonly name: string;
  /** Elements of the buffer; the block at column j uses those from j on. */
  readonly length: number;
  /** Copies what a block reads, in all of its columns. */
  readonly copy: Loop;
  /** The loop over the columns, reading the panel. */
  readonly vector: Loop;
};

/** With fewer tiles the copy costs more than it saves. */
const LEAST_TILES = 8;

/** Half of a small second-level cache, and little of a stack. */
const MOST_BYTES = 1 << 18;

/**
 * The panel of a block of columns, where one pays.
 * @param tileAxis axis of the rows, each of which reads all of the panel
 * @param vector the loop over the columns, around a single reduction
 * @param shares whether any call binds two buffers to memory that overlaps
 */
export function panelOf(
  tileAxis: string,
  vector: Loop,
  block: NestBlock,
  lanes: Lanes,
  shares: (a: string, b: string) => boolean,
): Panel | undefined {
  if (block.tiles.reduce((sum, { count }) => sum + count, 0) < LEAST_TILES) return undefined;
  const [reduction, ...more] = vector.body.filter((stmt) => stmt.kind === "loop");
  if (!reduction || more.length > 0) return undefined;
  if (reduction.body.some((stmt) => stmt.kind === "loop")) return undefined;
  const load = panelLoad(tileAxis, vector, reduction, lanes, shares);
  if (!load) return undefined;

  const offsets = block.parts.map(({ offset }) => offset);
  const ends = block.parts.map((part) => part.offset + part.lanes);
  const width = Math.ceil((Math.max(...ends) - Math.min(...offsets)) / lanes) * lanes;
  const length = reduction.extent * width + vector.extent;
  if (length * 4 > MOST_BYTES) return undefined;

  const name = `panel of ${load.buffer}`;
  const rows: Expr = { kind: "axis", type: "int32", axis: reduction.axis };
  const columns: Expr = { kind: "axis", type: "int32", axis: vector.axis };
  const index = add(mul(rows, width), columns);
  const affine = affineOf(load.index)!;
  const body = mapBody(vector.body, (expr) =>
    expr.kind === "load" && expr.buffer === load.buffer && isAt(expr.index, affine)
      ? { ...load, buffer: name, index }
      : expr,
  );
  const store: Stmt = { kind: "store", buffer: name, index, value: load };
  return { name, length, copy: { ...reduction, body: [store] }, vector: { ...vector, body } };
}

const isAt = (index: Expr, affine: Affine): boolean => {
  const other = affineOf(index);
  return other !== undefined && equalAffine(other, affine);
};

/** A load in the reduction that all rows share, whose vectors are not aligned. */
function panelLoad(
  tileAxis: string,
  vector: Loop,
  reduction: Loop,
  lanes: Lanes,
  shares: (a: string, b: string) => boolean,
): (Expr & { readonly kind: "load" }) | undefined {
  const written: string[] = [];
  everyStmt(vector.body, (stmt) => stmt.kind === "store" && written.push(stmt.buffer));
  let found: (Expr & { readonly kind: "load" }) | undefined;
  everyExpr(reduction.body, (expr) => {
    if (expr.kind !== "load" || expr.type !== "float32" || found) return;
    const coefficients = affineOf(expr.index)?.coefficients;
    if (coefficients?.get(vector.axis) !== 1 || coefficients.has(tileAxis)) return;
    if ((coefficients.get(reduction.axis) ?? 0) % lanes === 0) return;
    if (written.every((w) => w !== expr.buffer && !shares(w, expr.buffer))) found = expr;
  });
  return found;
}
