/**
 * Which rows train and which validate, where the caller leaves that open: a seeded choice in which
 * each class has its share, and groups (all rows of a person, a device, a day) stay together.
 */
import { UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";

export type RowSplit = { readonly train: Int32Array; readonly validation: Int32Array };

export type SplitOptions = {
  /** Share of the rows that validates, above 0 and below 1. */
  readonly share: number;
  readonly seed: number;
  /** The class of each row, where classes are to have their share each. */
  readonly classes?: ArrayLike<number>;
  /** Rows of equal value stay on one side; indexed by row. @default each row by itself */
  readonly groups?: ArrayLike<string | number>;
};

/** Rows that stay together, and how many there are of each class. */
type Unit = { readonly rows: number[]; readonly counts: Map<number, number> };

/**
 * Splits rows in two; each side keeps the order that they have.
 * @throws UserError `training-data` when a side would be left without rows
 */
export function splitRows(rows: ArrayLike<number>, options: SplitOptions): RowSplit {
  const { share, seed } = options;
  const units = makeRng(seed).fork("split").shuffle(unitsOf(rows, options));
  // What is large has few places to go, so it chooses first; equal units stay in random order.
  units.sort((a, b) => b.rows.length - a.rows.length);
  const totals = new Map<number, number>();
  for (const unit of units)
    for (const [c, n] of unit.counts) totals.set(c, (totals.get(c) ?? 0) + n);
  const held = new Map<number, number>();
  const chosen = new Set<Unit>();
  let count = 0;
  const wanted = share * rows.length;
  /** By how much the squared distance from what is wanted grows, over the unit's classes. */
  const cost = ({ counts }: Unit): number => {
    let sum = 0;
    for (const [c, n] of counts) sum += n * (2 * ((held.get(c) ?? 0) - share * totals.get(c)!) + n);
    return sum;
  };
  /** Whether each class of the unit keeps rows to train on. */
  const leavesSome = ({ counts }: Unit): boolean =>
    [...counts].every(([c, n]) => (held.get(c) ?? 0) + n < totals.get(c)!);
  const choose = (unit: Unit): void => {
    chosen.add(unit);
    count += unit.rows.length;
    for (const [c, n] of unit.counts) held.set(c, (held.get(c) ?? 0) + n);
  };
  for (const unit of units) if (cost(unit) < 0 && leavesSome(unit)) choose(unit);
  // Shares of small classes round down: what is missing of the whole comes where it disturbs least.
  for (;;) {
    let next: Unit | undefined;
    let lowest = Number.POSITIVE_INFINITY;
    for (const unit of units) {
      const { length } = unit.rows;
      if (chosen.has(unit) || length >= 2 * (wanted - count) || !leavesSome(unit)) continue;
      const own = cost(unit) / length;
      if (own < lowest) [next, lowest] = [unit, own];
    }
    if (!next) break;
    choose(next);
  }
  if (count === 0 || count === rows.length)
    throw new UserError(
      "training-data",
      `train: a validationShare of ${share} must leave rows on both sides, got ${rows.length} rows in ${units.length} groups`,
      "give more rows or groups, another share, or the validation rows themselves",
    );
  const isHeld = new Set([...chosen].flatMap((unit) => unit.rows));
  const all = Array.from(rows);
  return {
    train: Int32Array.from(all.filter((row) => !isHeld.has(row))),
    validation: Int32Array.from(all.filter((row) => isHeld.has(row))),
  };
}

function unitsOf(rows: ArrayLike<number>, { classes, groups }: SplitOptions): Unit[] {
  const byGroup = new Map<string | number, Unit>();
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const group = groups ? groups[row]! : i;
    const unit = byGroup.get(group) ?? { rows: [], counts: new Map<number, number>() };
    byGroup.set(group, unit);
    const c = classes ? classes[row]! : 0;
    unit.rows.push(row);
    unit.counts.set(c, (unit.counts.get(c) ?? 0) + 1);
  }
  return [...byGroup.values()];
}
