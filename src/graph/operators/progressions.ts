/**
 * Things that a lowering would write out one by one, gathered to loops: the parts of a border that
 * see as many taps differ only in where they begin, and by the same step from one to the next. Less
 * code is written, verified and compiled for it, at no cost when it runs.
 */

/** `count` items, of which `item` is the first; each is `step` further than the one before. */
export type Progression<T> = {
  readonly item: T;
  readonly count: number;
  readonly step: readonly number[];
};

/**
 * Gathers items with the same key whose places follow each other by equal steps; two always do.
 * @param placesOf as many numbers for each item
 */
export function progressionsOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  placesOf: (item: T) => readonly number[],
): readonly Progression<T>[] {
  const found: { key: string; item: T; count: number; step: number[]; last: readonly number[] }[] =
    [];
  for (const item of items) {
    const [key, places] = [keyOf(item), placesOf(item)];
    const open = found.findLast((p) => {
      const follows = p.step.every((step, i) => p.last[i]! + step === places[i]);
      return p.key === key && (p.count === 1 || follows);
    });
    if (!open) {
      found.push({ key, item, count: 1, step: places.map(() => 0), last: places });
      continue;
    }
    open.step = places.map((place, i) => place - open.last[i]!);
    open.last = places;
    open.count++;
  }
  return found;
}
