/**
 * The one memory planner: gives every block of memory an offset in an arena such that blocks
 * whose lives overlap do not, in as few bytes as it finds. It serves the training arena, the WASM
 * arena and the device arena alike. Lives are inclusive step numbers.
 */

export type Block = {
  readonly bytes: number;
  /** First and last step at which the content matters. */
  readonly from: number;
  readonly to: number;
};

export type Plan = {
  readonly offsets: readonly number[];
  readonly bytes: number;
  /** What `lowerBound` gives: how far from the best the plan may be at most. */
  readonly bound: number;
};

const CLOSE = 1.001;

/** Blocks aligned for vectors are for a machine with caches, of lines of 64 bytes. */
const VECTOR = 16;
const CACHE_LINE = 64;

/**
 * Lays blocks that live throughout at the bottom, where they are in nobody's way. Places the others
 * greedily in several orders (by size, by life, by start) and keeps the smallest
 * arena; ties go to the earlier order, so the plan is deterministic. It stops at the first plan
 * that no other can beat by a thousandth.
 * @param alignment of every offset, in bytes
 */
export function planMemory(blocks: readonly Block[], alignment: number): Plan {
  const bound = lowerBound(blocks, alignment);
  const first = blocks.reduce((from, b) => Math.min(from, b.from), Infinity);
  const last = blocks.reduce((to, b) => Math.max(to, b.to), -Infinity);
  const life = (b: Block): number => b.to - b.from;
  const orders: ((a: Block, b: Block) => number)[] = [
    (a, b) => b.bytes - a.bytes || a.from - b.from,
    (a, b) => life(b) - life(a) || b.bytes - a.bytes,
    (a, b) => life(b) * b.bytes - life(a) * a.bytes || a.from - b.from,
    (a, b) => a.from - b.from || b.bytes - a.bytes,
    (a, b) => b.to - a.to || b.bytes - a.bytes,
  ];
  const bottom = new Array<number>(blocks.length).fill(0);
  const others: number[] = [];
  const lasting: number[] = [];
  for (let i = 0; i < blocks.length; i++)
    (blocks[i]!.from > first || blocks[i]!.to < last ? others : lasting).push(i);
  // Larger blocks are multiples of a cache line more often: first, they all begin on one.
  lasting.sort((i, j) => blocks[j]!.bytes - blocks[i]!.bytes || i - j);
  let floor = 0;
  for (const i of lasting) {
    bottom[i] = floor;
    floor += align(blocks[i]!.bytes, alignment);
  }
  if (alignment >= VECTOR && others.length > 0) floor = align(floor, CACHE_LINE);
  let best: Plan | undefined;
  for (const order of orders) {
    others.sort((i, j) => order(blocks[i]!, blocks[j]!) || i - j);
    const { offsets, bytes } = place(blocks, others, bottom, floor, alignment);
    if (!best || bytes < best.bytes) best = { offsets, bytes, bound };
    if (bytes <= bound * CLOSE) break;
  }
  return best!;
}

/** The most bytes, each block rounded up to the alignment, that are alive at any one step. */
export function lowerBound(blocks: readonly Block[], alignment: number): number {
  const starts = blocks.toSorted((a, b) => a.from - b.from);
  const ends = blocks.toSorted((a, b) => a.to - b.to);
  let alive = 0;
  let most = 0;
  let ended = 0;
  for (const block of starts) {
    for (; ends[ended]!.to < block.from; ended++) alive -= align(ends[ended]!.bytes, alignment);
    alive += align(block.bytes, alignment);
    most = Math.max(most, alive);
  }
  return most;
}

const align = (bytes: number, alignment: number): number =>
  Math.ceil(bytes / alignment) * alignment;

/** First fit: each block in turn takes the lowest gap among the placed blocks it lives with. */
function place(
  blocks: readonly Block[],
  sequence: readonly number[],
  bottom: readonly number[],
  floor: number,
  alignment: number,
): { readonly offsets: readonly number[]; readonly bytes: number } {
  const offsets = [...bottom];
  /** Where the next block may begin. */
  const ends = new Array<number>(blocks.length).fill(0);
  /** By rising offset. */
  const placed: number[] = [];
  let bytes = floor;
  // Most of the time goes here, for each pair of blocks.
  for (let n = 0; n < sequence.length; n++) {
    const i = sequence[n]!;
    const { bytes: size, from, to } = blocks[i]!;
    let offset = floor;
    for (let at = 0; at < placed.length; at++) {
      const j = placed[at]!;
      const other = blocks[j]!;
      if (other.from > to || from > other.to) continue;
      if (offset + size <= offsets[j]!) break;
      if (ends[j]! > offset) offset = ends[j]!;
    }
    offsets[i] = offset;
    ends[i] = align(offset + size, alignment);
    let at = placed.length;
    while (at > 0 && offsets[placed[at - 1]!]! > offset) at--;
    placed.splice(at, 0, i);
    bytes = Math.max(bytes, offset + size);
  }
  return { offsets, bytes: align(bytes, alignment) };
}
