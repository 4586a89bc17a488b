/** Rule 1 of `split.ts`: the split that the source gives. */
import { type Part, wholeOf } from "./part.ts";
import type { Sample } from "./sample.ts";
import { labelsOf, segmentsWithin } from "./segments.ts";
import { type Context, count, type Groups, list, recordingsOf, type Sides } from "./split-sides.ts";

/** Rule 1: the split of the source, or undefined when there is none or it cannot train. */
export function keepGiven(groups: Groups, { notes }: Context): Sides | undefined {
  const all = recordingsOf(groups);
  const given = (category: Sample["category"]) => all.filter((s) => s.category === category);
  if (given("testing").length === 0 || given("training").length === 0) {
    const only = all.every((s) => s.category === all[0]!.category) ? all[0]!.category : undefined;
    if (only !== undefined) {
      notes.push(`All recordings are marked ${only}, so test recordings were drawn afresh.`);
    }
    return undefined;
  }

  const isTraining = (s: Sample) => s.category === "training" || s.category === undefined;
  const untrained = [...groups].filter(([, group]) => !group.some(isTraining)).map(([l]) => l);
  if (untrained.length > 1 || (untrained.length === 1 && groups.size === 2)) {
    notes.push(
      `The given split has test data but no training data for ${list(untrained)}, so all recordings were split afresh by file.`,
    );
    return undefined;
  }
  const sides: Sides = { training: [], validation: [], testing: [], unseen: [], byTime: false };
  const unseen: Part[] = [];
  for (const sample of all) {
    const side =
      sample.category === "testing"
        ? sides.testing
        : sample.category === "validation"
          ? sides.validation
          : sides.training;
    for (const part of stretchesOf(sample, untrained[0])) {
      (part.isOf ? unseen : side).push(part.part);
    }
  }
  for (const label of untrained) sides.unseen.push({ label, parts: unseen });
  for (const [label, group] of groups) {
    if (!untrained.includes(label) && !group.some((sample) => sample.category === "testing")) {
      notes.push(`The given split has no test data for "${label}".`);
    }
  }
  notes.push("The training and test recordings are those of the given split.");
  const unsaid = given(undefined);
  if (unsaid.length > 0) {
    notes.push(
      `${count(unsaid.length, "recording")} outside the given split taken as training data (first "${unsaid[0]!.name}").`,
    );
  }
  if (untrained.length === 1) {
    notes.push(
      `"${untrained[0]}" has test data but no training data: held out as unseen, for the anomaly score.`,
    );
  }
  return sides;
}

/** A recording in stretches with one label and without it. */
function stretchesOf(
  sample: Sample,
  label: string | undefined,
): { readonly part: Part; readonly isOf: boolean }[] {
  const whole = wholeOf(sample);
  if (label === undefined || !labelsOf(sample).includes(label)) {
    return [{ part: whole, isOf: false }];
  }
  if (sample.segments === undefined) return [{ part: whole, isOf: true }];
  const stretches: { part: Part; isOf: boolean }[] = [];
  for (const segment of segmentsWithin(whole)) {
    const isOf = segment.label === label;
    const last = stretches.at(-1);
    const startRow = last?.isOf === isOf ? stretches.pop()!.part.startRow : segment.startRow;
    stretches.push({ part: { sample, startRow, endRow: segment.endRow }, isOf });
  }
  return stretches;
}
