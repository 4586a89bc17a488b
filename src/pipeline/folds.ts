/**
 * Folds for cross-validation on the training recordings: whole recordings where a label has two or
 * more, stretches of time with a gap of one window where it has one. The test recordings take no
 * part.
 */
import { makeRng } from "../base/rng.ts";
import { type Part, rowsFor } from "../samples/part.ts";
import { sampleRateHz } from "../samples/sample.ts";
import { labelsOf } from "../samples/segments.ts";

export type Fold = { readonly training: readonly Part[]; readonly validation: readonly Part[] };

/**
 * Deals the parts of each label into folds. A label with fewer recordings than folds validates in
 * as many folds as it has recordings, and trains in all of the others.
 * @param parts training and validation parts together
 */
export function makeFolds(
  parts: readonly Part[],
  options: {
    readonly folds: number;
    readonly windowMs: number;
    readonly seed: number;
    /** Whether each label is dealt by itself; numbers are not. @default true */
    readonly byLabel?: boolean;
  },
): Fold[] {
  const rng = makeRng(options.seed).fork("folds");
  const training: Part[][] = Array.from({ length: options.folds }, () => []);
  const validation: Part[][] = Array.from({ length: options.folds }, () => []);
  // A recording is dealt once, with the first of its labels.
  const groups = new Map<string, Map<string, Part[]>>();
  const recordings = new Map<string, Part[]>();
  for (const part of parts) {
    const known = recordings.get(part.sample.name);
    if (known) {
      known.push(part);
      continue;
    }
    const own = [part];
    recordings.set(part.sample.name, own);
    const label = options.byLabel === false ? "" : labelsOf(part.sample)[0]!;
    const group = groups.get(label) ?? new Map<string, Part[]>();
    groups.set(label, group.set(part.sample.name, own));
  }
  [...groups.keys()].sort().forEach((label, offset) => {
    const group = groups.get(label)!;
    const names = rng.fork(label).shuffle([...group.keys()]);
    if (names.length === 1 && (recordings.size === 1 || !isMixed(parts))) {
      for (const part of group.get(names[0]!)!) dealByTime(part, options, training, validation);
      return;
    }
    names.forEach((name, i) => {
      // Labels start at different folds, so that scarce ones do not all validate in the first.
      const held = (i + offset) % options.folds;
      for (let fold = 0; fold < options.folds; fold++)
        (fold === held ? validation : training)[fold]!.push(...group.get(name)!);
    });
  });
  return training.map((t, i) => ({ training: t, validation: validation[i]! }));
}

/** Whether recordings hold several labels, so that one of them alone leaves no label out. */
const isMixed = (parts: readonly Part[]): boolean =>
  parts.some((part) => part.sample.segments !== undefined);

/** Fold k validates on the k-th stretch; the rest trains, without what shares a window with it. */
function dealByTime(
  part: Part,
  options: { readonly folds: number; readonly windowMs: number },
  training: Part[][],
  validation: Part[][],
): void {
  const gap = rowsFor(options.windowMs, sampleRateHz(part.sample));
  const rows = part.endRow - part.startRow;
  for (let fold = 0; fold < options.folds; fold++) {
    const startRow = part.startRow + Math.floor((rows * fold) / options.folds);
    const endRow = part.startRow + Math.floor((rows * (fold + 1)) / options.folds);
    const held = { ...part, startRow, endRow };
    if (held.endRow - held.startRow < gap) {
      training[fold]!.push(part);
      continue;
    }
    validation[fold]!.push(held);
    const before = { ...part, endRow: startRow - gap };
    const after = { ...part, startRow: endRow + gap };
    for (const rest of [before, after])
      if (rest.endRow - rest.startRow >= gap) training[fold]!.push(rest);
  }
}
