/** Rules 2 and 3 of `split.ts`: test recordings are drawn, or the ends of recordings test. */
import { UserError } from "../base/errors.ts";
import { cutEnds } from "./cut.ts";
import { wholeOf } from "./part.ts";
import type { Sample } from "./sample.ts";
import { labelsOf, labelsOfPart, segmentsWithin } from "./segments.ts";
import {
  type Context,
  count,
  type Groups,
  list,
  recordingsOf,
  type Sides,
  shareOf,
} from "./split-sides.ts";
import { drawStratified } from "./stratify.ts";

/** Rules 2 and 3. */
export function splitAfresh(groups: Groups, context: Context): Sides {
  if ([...groups.values()].every((group) => group.length === 1)) return cutTest(groups, context);

  const { notes, rng, testFraction } = context;
  const sides: Sides = { training: [], validation: [], testing: [], unseen: [], byTime: false };
  const known = [...groups].filter(([, group]) => group.length > 1).map(([label]) => label);
  if (known.length < 2) {
    throw new UserError(
      "too-few-recordings",
      `split: at least two labels must have two recordings each, got ${known.length} (${list(known)})`,
      "Record each label at least twice: one recording trains, another tests.",
    );
  }
  const isUnseen = (sample: Sample) =>
    sample.label !== undefined && groups.get(sample.label)!.length === 1;
  const recordings = recordingsOf(groups).filter((sample) => !isUnseen(sample));
  const tests = drawStratified(recordings, {
    labelsOf,
    wanted: (count) => (count > 1 ? shareOf(count, testFraction) : 0),
    shuffle: (label, group) => rng.fork(`test/${label}`).shuffle(group),
  });
  if (tests.size === 0) return cutTest(groups, context);
  for (const sample of recordings) {
    (tests.has(sample) ? sides.testing : sides.training).push(wholeOf(sample));
  }
  for (const [label, group] of groups) {
    if (isUnseen(group[0]!)) {
      sides.unseen.push({ label, parts: group.map(wholeOf) });
      notes.push(`"${label}" has a single recording: held out as unseen, for the anomaly score.`);
    } else if (!group.some((sample) => tests.has(sample))) {
      notes.push(
        `There is no test data for "${label}": its ${count(group.length, "recording")} must train.`,
      );
    }
  }
  notes.push(
    recordings.every((sample) => sample.intervalMs === 0)
      ? "Rows were drawn for the test at random, within each label."
      : "Recordings were split by file: windows of one recording are all on one side.",
  );
  return sides;
}

/** Rule 3: the end of each recording tests. */
function cutTest(groups: Groups, context: Context): Sides {
  const { testFraction, windowMs, notes } = context;
  const sides: Sides = { training: [], validation: [], testing: [], unseen: [], byTime: true };
  for (const sample of recordingsOf(groups)) {
    const { heads, tails } = cutEnds(wholeOf(sample), testFraction, windowMs);
    sides.training.push(...heads);
    sides.testing.push(...tails);
  }
  const tested = new Set(sides.testing.flatMap(labelsOfPart));
  for (const [label, group] of groups) {
    if (tested.has(label)) continue;
    if (group[0]!.intervalMs === 0) {
      throw new UserError(
        "too-few-recordings",
        `split: a label must have at least two rows, got ${group.length} of "${label}"`,
        "Add rows, or leave the label out.",
      );
    }
    const [sample] = group;
    const whole = wholeOf(sample!);
    const longest = (sample!.segments ? segmentsWithin(whole) : [whole])
      .filter((stretch) => !("label" in stretch) || stretch.label === label)
      .reduce((most, { startRow, endRow }) => Math.max(most, endRow - startRow), 0);
    const what = sample!.segments ? `a stretch of "${label}"` : "a recording";
    throw new UserError(
      "recording-too-short",
      `split: ${what} that is cut by time must last at least three windows (${Math.ceil(3 * windowMs)} ms), got ${Math.round(longest * sample!.intervalMs)} ms in "${sample!.name}"`,
      "Record each label at least twice, or for longer, or choose a shorter window.",
    );
  }
  notes.push(
    [...groups.values()].every((group) => group.length === 1)
      ? "Every label has one recording, so each was split by time, with a gap of one window."
      : "No recording can test without taking the last one of a label from training, so each was split by time, with a gap of one window.",
  );
  return sides;
}
