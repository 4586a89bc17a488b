/** What the rules of a split share: the sides they fill, what they draw with, and their words. */
import type { Rng } from "../base/rng.ts";
import type { Part } from "./part.ts";
import type { Sample } from "./sample.ts";

/** The recordings of each label, in order of their names; labels in order as well. */
export type Groups = ReadonlyMap<string, readonly Sample[]>;

export type Sides = {
  training: Part[];
  validation: Part[];
  testing: Part[];
  unseen: { label: string; parts: Part[] }[];
  byTime: boolean;
};

export type Context = {
  readonly rng: Rng;
  readonly windowMs: number;
  readonly testFraction: number;
  readonly validationFraction: number;
  readonly notes: string[];
};

/** All labelled recordings, once each, in order of their names. */
export function recordingsOf(groups: Groups): Sample[] {
  const all = new Set([...groups.values()].flat());
  return [...all].sort((a, b) => compare(a.name, b.name));
}

/** At least one, and at least one remains. */
export function shareOf(total: number, share: number): number {
  return Math.min(total - 1, Math.max(1, Math.round(total * share)));
}

export function list(labels: readonly string[]): string {
  return labels.length === 0 ? "none" : labels.map((label) => `"${label}"`).join(", ");
}

export function count(n: number, noun: string): string {
  return n === 1 ? `1 ${noun}` : `${n} ${noun}s`;
}

export function sorted(labels: Iterable<string>): string[] {
  return [...labels].sort(compare);
}

/** By code unit, so that the order is the same everywhere. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
