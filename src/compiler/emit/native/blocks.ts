/**
 * How the native emitter cuts loops into blocks. A block of the vector axis is a list of parts, each
 * one SIMD register of 4, 8 or 16 lanes or a single element; 20 columns are a part of 16 and one of
 * 4 that share every scalar of their row. A block of the tile axis is so many rows side by side. The
 * accumulators of a block, rows times parts, stay in registers; which blocks are the fastest is told
 * by a small model of the machine.
 */

export type Lanes = 4 | 8 | 16;

/** Elements `offset` to `offset + lanes - 1` of a block. */
export type Part = { readonly offset: number; readonly lanes: 1 | Lanes };

/** `count` blocks from iteration `start` on, each `by` iterations long. */
export type VectorBlock = {
  readonly start: number;
  readonly by: number;
  readonly count: number;
  readonly parts: readonly Part[];
};

export type TileBlock = { readonly start: number; readonly by: number; readonly count: number };

/** A block of columns, and the tiles of rows in which it is computed. */
export type NestBlock = VectorBlock & { readonly tiles: readonly TileBlock[] };

const REGISTERS: { readonly [L in Lanes]: number } = { 4: 16, 8: 16, 16: 32 };

/** Parts of a block at most, where no rows share them. */
const MOST_PARTS = 8;

/** Cycles from an addition to the next one that needs its result. */
const LATENCY = 4;

/** With more rows the loads of their operands get in each other's way. */
const MOST_ROWS = 16;

/** Bytes of vectors that stay in a first-level cache while the rows pass by. */
const NEAR_BYTES = 32 << 10;

/**
 * Cycles of a tile, a reduction of so many steps. A step makes two products a cycle, a little less
 * for loads, of which each row and each part needs one, with something for the loop and for parts
 * that come from a farther cache. What the rows begin with and leave lies apart from row to row.
 */
function tileCycles(rows: number, parts: number, lanes: Lanes, steps: number): number {
  const products = Math.max(LATENCY, (rows * parts) / 2, (rows + parts) * 0.75);
  const far = steps * parts * lanes * 4 > NEAR_BYTES ? parts / 4 : 0;
  return steps * (products + 0.5 + far) + 40 + 4 * rows;
}

/** Rows whose accumulators fit into registers beside the operands, for columns of `parts`. */
const mostRows = (parts: number, lanes: Lanes): number =>
  Math.max(1, Math.min(MOST_ROWS, Math.floor((REGISTERS[lanes] - 1 - parts) / parts)));

/**
 * Cuts a reduction over `rows` by `columns` results into blocks.
 * @param rows 1 where there is nothing to tile
 * @param repeatable whether columns may be computed twice
 * @param steps of the reduction
 * @param rowLimit rows of a tile at most
 * @returns the blocks, and the cycles of all of them
 */
export function nestBlocks(
  rows: number,
  columns: number,
  lanes: Lanes,
  repeatable: boolean,
  steps: number,
  rowLimit: number = MOST_ROWS,
): { readonly blocks: readonly NestBlock[]; readonly cycles: number } {
  let best: { blocks: readonly NestBlock[]; cycles: number } | undefined;
  const most = Math.min(rows > 1 ? 4 : MOST_PARTS, Math.max(1, Math.ceil(columns / lanes)));
  for (let parts = 1; parts <= most; parts++) {
    let cycles = 0;
    const blocks = vectorBlocks(columns, lanes, repeatable, parts).map((block): NestBlock => {
      const tiles = tileBlocks(rows, block.parts.length, lanes, steps, rowLimit);
      for (const { by, count } of tiles)
        cycles += block.count * count * tileCycles(by, block.parts.length, lanes, steps);
      return { ...block, tiles };
    });
    if (!best || cycles < best.cycles) best = { blocks, cycles };
  }
  return best!;
}

/** Cuts a loop that reduces nothing: all in one block if it is short, so that it needs no loop. */
export function plainBlocks(
  columns: number,
  lanes: Lanes,
  repeatable: boolean,
): readonly VectorBlock[] {
  const registers = Math.ceil(columns / lanes);
  return vectorBlocks(columns, lanes, repeatable, registers <= 4 ? registers : 2);
}

/**
 * Cuts `extent` columns: blocks of `parts` full registers while they fit, then the rest.
 * @param repeatable whether iterations may run twice; parts then overlap rather than become scalar
 */
export function vectorBlocks(
  extent: number,
  lanes: Lanes,
  repeatable: boolean,
  parts: number,
): readonly VectorBlock[] {
  const by = parts * lanes;
  // What is less than a register joins the last block, as it would keep few units busy alone.
  const joined = extent > by && extent % by < lanes && extent % by > 0;
  const count = Math.floor(extent / by) - (joined ? 1 : 0);
  const start = by * count;
  const rest = extent - start;
  const full = Array.from({ length: parts }, (_, i): Part => ({ offset: i * lanes, lanes }));
  const blocks: VectorBlock[] = count > 0 ? [{ start: 0, by, count, parts: full }] : [];
  if (rest > 0)
    blocks.push({ start, by: rest, count: 1, parts: restParts(rest, start, lanes, repeatable) });
  return blocks;
}

/** The parts of `rest` columns that follow `before` others. */
function restParts(rest: number, before: number, lanes: Lanes, repeatable: boolean): Part[] {
  const parts: Part[] = [];
  let offset = 0;
  for (const size of [16, 8, 4] as const) {
    if (size > lanes) continue;
    while (rest - offset >= size) {
      parts.push({ offset, lanes: size });
      offset += size;
    }
    // What is left as one part that reaches back, where that saves parts.
    const left = rest - offset;
    const reach = rest - size;
    if (repeatable && left > (size === 4 ? 0 : size / 2) && before + reach >= 0)
      return [...parts, { offset: reach, lanes: size }];
  }
  for (; offset < rest; offset++) parts.push({ offset, lanes: 1 });
  return parts;
}

/**
 * Cuts `extent` rows of `parts` accumulators each into the tiles that take the fewest cycles: of
 * one size, or of two that differ by one row, as a small tile at the end would mostly wait.
 */
export function tileBlocks(
  extent: number,
  parts: number,
  lanes: Lanes,
  steps: number,
  limit: number = MOST_ROWS,
): readonly TileBlock[] {
  const most = Math.min(extent, limit, mostRows(parts, lanes));
  let best: { count: number; cycles: number } | undefined;
  for (let by = most; by >= 1; by--) {
    const count = Math.ceil(extent / by);
    const [small, larger] = [Math.floor(extent / count), extent % count];
    const cycles =
      larger * tileCycles(small + 1, parts, lanes, steps) +
      (count - larger) * tileCycles(small, parts, lanes, steps);
    if (!best || cycles < best.cycles) best = { count, cycles };
  }
  const { count } = best!;
  const [small, larger] = [Math.floor(extent / count), extent % count];
  const start = larger * (small + 1);
  const blocks = [
    { start: 0, by: small + 1, count: larger },
    { start, by: small, count: count - larger },
  ];
  return blocks.filter((block) => block.count > 0);
}
