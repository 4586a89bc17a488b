/** Rule 4 of `split.ts`: training recordings, or the ends of them, that validate. */
import { cutEnds } from "./cut.ts";
import type { Part } from "./part.ts";
import { labelsOfPart } from "./segments.ts";
import { type Context, list, type Sides, shareOf, sorted } from "./split-sides.ts";
import { drawStratified } from "./stratify.ts";

/** Rule 4; leaves a given validation set as it is. */
export function addValidation(sides: Sides, context: Context): void {
  const { notes, rng, validationFraction, windowMs } = context;
  if (sides.validation.length > 0) return;
  const recordings = byRecording(sides.training);
  const counts = new Map<string, number>();
  for (const { labels } of recordings) {
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const drawn = drawStratified(recordings, {
    labelsOf: ({ labels }) => labels,
    wanted: (total) => (total < 3 ? 0 : shareOf(total, validationFraction)),
    shuffle: (label, group) => rng.fork(`validation/${label}`).shuffle(group),
  });
  if (drawn.size > 0) {
    sides.validation.push(...[...drawn].flatMap(({ parts }) => parts));
    sides.training = recordings.filter((own) => !drawn.has(own)).flatMap(({ parts }) => parts);
    const without = sorted([...counts.keys()].filter((label) => counts.get(label)! < 3));
    if (without.length > 0) {
      notes.push(
        `${list(without)} with fewer than three training recordings: no validation recording.`,
      );
    }
    return;
  }
  const cuts = sides.training.map((part) => cutEnds(part, validationFraction, windowMs));
  sides.training = cuts.flatMap(({ heads }) => heads);
  sides.validation.push(...cuts.flatMap(({ tails }) => tails));
  notes.push(
    sides.validation.length > 0
      ? "No label has three training recordings, so the ends of the training recordings validate, after a gap of one window."
      : "No label has three training recordings and none is long enough to be cut: there is no validation data.",
  );
}

/** Parts by the recording that they come from, in order of its name. */
function byRecording(
  parts: readonly Part[],
): { readonly parts: readonly Part[]; readonly labels: readonly string[] }[] {
  const byName = new Map<string, Part[]>();
  for (const part of parts) {
    const own = byName.get(part.sample.name);
    if (own) own.push(part);
    else byName.set(part.sample.name, [part]);
  }
  return sorted(byName.keys()).map((name) => {
    const own = byName.get(name)!;
    return { parts: own, labels: [...new Set(own.flatMap(labelsOfPart))] };
  });
}
