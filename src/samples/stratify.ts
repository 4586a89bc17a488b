/**
 * Draws whole recordings so that each label gets its share, also where a recording has several
 * labels and counts for each of them. Greedy, after iterative stratification (Sechidis et al. 2011,
 * "On the stratification of multi-label data"): the label with the fewest recordings is served
 * first, from its shuffled recordings; the one is taken whose labels lack most and overshoot least,
 * among equals the first. No recording is taken that is the last one of any of its labels.
 */

export type DrawOptions<T> = {
  readonly labelsOf: (item: T) => readonly string[];
  /** How many of so many items of a label are wanted. */
  readonly wanted: (count: number) => number;
  /** Shuffles the items of a label in place; the only randomness. */
  readonly shuffle: (label: string, items: T[]) => T[];
};

type Count = { left: number; missing: number };

/** The drawn items; with one label each, exactly the wanted number of every label. */
export function drawStratified<T>(items: readonly T[], options: DrawOptions<T>): Set<T> {
  const { labelsOf, wanted, shuffle } = options;
  const groups = new Map<string, T[]>();
  for (const item of items) {
    for (const label of labelsOf(item)) {
      const group = groups.get(label);
      if (group) group.push(item);
      else groups.set(label, [item]);
    }
  }
  const counts = new Map<string, Count>();
  for (const [label, { length }] of groups) {
    counts.set(label, { left: length, missing: wanted(length) });
  }
  const mostLabels = items.reduce((most, item) => Math.max(most, labelsOf(item).length), 0);
  const drawn = new Set<T>();
  const order = [...groups].sort(([a, x], [b, y]) => x.length - y.length || (a < b ? -1 : 1));
  for (const [label, group] of order) {
    const pool = shuffle(label, group).filter((item) => !drawn.has(item));
    while (counts.get(label)!.missing > 0) {
      let best = -1;
      let bestGain = Number.NEGATIVE_INFINITY;
      for (const [i, item] of pool.entries()) {
        const own = labelsOf(item).map((l) => counts.get(l)!);
        if (own.some(({ left }) => left < 2)) continue;
        const gain = own.reduce((sum, { missing }) => sum + (missing > 0 ? 1 : -1), 0);
        if (gain > bestGain) {
          best = i;
          bestGain = gain;
          if (gain === mostLabels) break;
        }
      }
      if (best < 0) break;
      const [item] = pool.splice(best, 1);
      drawn.add(item!);
      for (const l of labelsOf(item!)) {
        const count = counts.get(l)!;
        count.left--;
        count.missing--;
      }
    }
  }
  return drawn;
}
