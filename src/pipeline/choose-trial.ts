/** Which of the things that a designer has tried is the best, and why. */
import type { Score } from "./cross-validate.ts";
import type { Candidate } from "./kinds.ts";

/** Something that was tried, and how it did on recordings that it had not trained on. */
export type Tried = { readonly what: string; readonly score: Score };

type TriedBlock = Tried & { readonly candidate: Candidate };

/** Accuracies closer than this are told apart by their loss. */
const SAME_ACCURACY = 0.005;
/** Features that carry the offset of the sensor must win by this much. */
const OFFSET_HANDICAP = 0.02;

/** The best block; one that carries the offset must lead those that do not by a margin. */
export function chooseBlock<T extends TriedBlock>(blocks: readonly T[]): T {
  const best = bestOf(blocks);
  if (!best.candidate.carriesOffset) return best;
  const free = blocks.filter((tried) => !tried.candidate.carriesOffset);
  if (free.length === 0) return best;
  const other = bestOf(free);
  return merit(best.score) - merit(other.score) > OFFSET_HANDICAP ? best : other;
}

/** Why accuracy chose a block. */
export function reasonFor(block: TriedBlock, blocks: readonly TriedBlock[]): string {
  const best = bestOf(blocks);
  if (best === block)
    return `${block.candidate.what}: the best accuracy on left-out recordings (closer than ${100 * SAME_ACCURACY} points, the lower loss wins).`;
  return `${block.candidate.what}: ${best.candidate.what} is ahead by less than ${100 * OFFSET_HANDICAP} points and carries the offset of the sensor, which changes with the way it is mounted.`;
}

/** The highest accuracy or, where it is as good as equal, the lowest loss. */
export const bestOf = <T extends Tried>(tried: readonly T[]): T =>
  tried.reduce((a, b) => (isBetter(b.score, a.score) ? b : a));

/** Accuracy; of numbers, whose loss is in units of their variance, about R². */
const merit = ({ accuracy, loss }: Score): number => accuracy ?? 1 - loss;

function isBetter(a: Score, b: Score): boolean {
  if (Math.abs(merit(a) - merit(b)) > SAME_ACCURACY) return merit(a) > merit(b);
  return a.loss < b.loss;
}
