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

export type Plan = { readonly offsets: readonly number[]; readonly bytes: number };

/**
 * Places blocks greedily in several orders (by size, by life, by start) and keeps the smallest
 * arena; ties go to the earlier order, so the plan is deterministic.
 * @param alignment of every offset, in bytes
 */
export function planMemory(blocks: readonly Block[], alignment: number): Plan {
  const life = (b: Block): number => b.to - b.from;
  const orders: ((a: Block, b: Block) => number)[] = [
    (a, b) => b.bytes - a.bytes || a.from - b.from,
    (a, b) => life(b) - life(a) || b.bytes - a.bytes,
    (a, b) => life(b) * b.bytes - life(a) * a.bytes || a.from - b.from,
    (a, b) => a.from - b.from || b.bytes - a.bytes,
    (a, b) => b.to - a.to || b.bytes - a.bytes,
  ];
  let best: Plan | undefined;
  for (const order of orders) {
    const plan = place(blocks, order, alignment);
    if (!best || plan.bytes < best.bytes) best = plan;
  }
  return best!;
}

/** First fit: each block in turn takes the lowest gap among the placed blocks it lives with. */
function place(
  blocks: readonly Block[],
  order: (a: Block, b: Block) => number,
  alignment: number,
): Plan {
  const offsets = new Array<number>(blocks.length).fill(0);
  const placed: number[] = [];
  const sequence = blocks.map((_, i) => i).sort((i, j) => order(blocks[i]!, blocks[j]!) || i - j);
  const align = (n: number): number => Math.ceil(n / alignment) * alignment;
  let bytes = 0;
  for (const i of sequence) {
    const block = blocks[i]!;
    const neighbours = placed
      .filter((j) => blocks[j]!.from <= block.to && block.from <= blocks[j]!.to)
      .sort((a, b) => offsets[a]! - offsets[b]!);
    let offset = 0;
    for (const j of neighbours) {
      if (offset + block.bytes <= offsets[j]!) break;
      offset = Math.max(offset, align(offsets[j]! + blocks[j]!.bytes));
    }
    offsets[i] = offset;
    placed.push(i);
    bytes = Math.max(bytes, offset + block.bytes);
  }
  return { offsets, bytes: align(bytes) };
}
