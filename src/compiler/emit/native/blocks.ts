/**
 * How the native emitter cuts loops into blocks. A block of the vector axis is a list of parts, each
 * one SIMD register of 4, 8 or 16 lanes or a single element; 20 columns are a part of 16 and one of
 * 4 that share every scalar of their row. A block of the tile axis is so many copies, as many as
 * accumulators fit into the registers of the machine.
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

/** Accumulators that stay in registers beside the operands, by the width of the registers. */
const ACCUMULATORS: { readonly [L in Lanes]: number } = { 4: 8, 8: 12, 16: 28 };

/**
 * Cuts `extent` columns: blocks of two full registers while they fit, then the rest.
 * @param repeatable whether iterations may run twice; parts then overlap rather than become scalar
 */
export function vectorBlocks(
  extent: number,
  lanes: Lanes,
  repeatable: boolean,
): readonly VectorBlock[] {
  const by = 2 * lanes;
  // What is left after a single block joins it, so that the rows are walked once.
  const joined = extent > by && extent <= by + lanes;
  const count = joined ? 0 : Math.floor(extent / by);
  const start = by * count;
  const rest = extent - start;
  const parts = [0, lanes].map((offset): Part => ({ offset, lanes }));
  const blocks: VectorBlock[] = count > 0 ? [{ start: 0, by, count, parts }] : [];
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

/** Cuts `extent` rows of `parts` accumulators each into tiles, even ones where that is possible. */
export function tileBlocks(extent: number, parts: number, lanes: Lanes): readonly TileBlock[] {
  const most = Math.max(1, Math.min(extent, Math.floor(ACCUMULATORS[lanes] / parts)));
  let by = Math.ceil(extent / Math.ceil(extent / most));
  for (let even = most; even > most / 2; even--)
    if (extent % even === 0) {
      by = even;
      break;
    }
  const count = Math.floor(extent / by);
  const rest = extent - by * count;
  const blocks = [{ start: 0, by, count }];
  return rest === 0 ? blocks : [...blocks, { start: by * count, by: rest, count: 1 }];
}
