/**
 * The split of recordings whose labels are numbers. There are no classes to serve, so the rules of
 * `split.ts` become: a split that the source gives is kept when it can train and test; otherwise
 * recordings are drawn at random, at least one for the test; a single recording is cut by time. Of
 * the training recordings a share validates where there are three, else their ends do.
 */
import { UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";
import { cutEnds } from "./cut.ts";
import { numbersOf } from "./number-labels.ts";
import { type Part, wholeOf } from "./part.ts";
import type { Sample } from "./sample.ts";
import { labelsOf } from "./segments.ts";
import type { Split, SplitOptions } from "./split.ts";
import { compare, count, list, shareOf } from "./split-sides.ts";

/**
 * Splits samples by the rules above. The order of `samples` does not matter.
 * @param targets the names of the numbers that each label holds; they become the labels of the split
 * @throws UserError `no-labels`, `label-number`, `too-few-recordings`, `recording-too-short`
 */
export function splitNumbers(
  samples: readonly Sample[],
  targets: readonly string[],
  options: SplitOptions,
): Split {
  const { testFraction = 0.2, validationFraction = 0.2, windowMs } = options;
  const rng = makeRng(options.seed).fork("split");
  const notes: string[] = [];
  const labelled = labelledOf(samples, targets, notes);
  const all = labelled.map(wholeOf);
  const testing = (part: Part): boolean => part.sample.category === "testing";
  const draw = (parts: readonly Part[], share: number, use: string): ReadonlySet<Part> =>
    new Set(
      rng
        .fork(use)
        .shuffle([...parts])
        .slice(0, shareOf(parts.length, share)),
    );

  let sides: { training: readonly Part[]; testing: readonly Part[] };
  let byTime = false;
  if (all.some(testing) && all.some(({ sample }) => isTraining(sample))) {
    sides = { training: all.filter((part) => !testing(part)), testing: all.filter(testing) };
    notes.push("The training and test recordings are those of the given split.");
  } else if (all.length > 1) {
    const drawn = draw(all, testFraction, "test");
    sides = {
      training: all.filter((part) => !drawn.has(part)),
      testing: all.filter((part) => drawn.has(part)),
    };
    notes.push(
      labelled.every((sample) => sample.intervalMs === 0)
        ? "Rows were drawn for the test at random."
        : "Recordings were split by file: windows of one recording are all on one side.",
    );
  } else {
    const { heads, tails } = cutEnd(all[0]!, testFraction, windowMs);
    sides = { training: heads, testing: tails };
    byTime = true;
    notes.push("There is one recording, so it was split by time, with a gap of one window.");
  }
  const given = sides.training.filter(({ sample }) => sample.category === "validation");
  const free = sides.training.filter((part) => !given.includes(part));
  const [training, validation] =
    given.length > 0 ? [free, given] : validate(free, validationFraction);
  if (validation.length === 0)
    notes.push("The training recordings are too few and too short: there is no validation data.");
  return {
    labels: targets,
    training,
    validation,
    testing: sides.testing,
    unseen: [],
    byTime,
    notes,
  };

  function validate(
    parts: readonly Part[],
    share: number,
  ): readonly [readonly Part[], readonly Part[]] {
    if (parts.length >= 3) {
      const drawn = draw(parts, share, "validation");
      return [parts.filter((part) => !drawn.has(part)), parts.filter((part) => drawn.has(part))];
    }
    const cuts = parts.map((part) => cutWhole(part, share, windowMs));
    return [cuts.flatMap(({ heads }) => heads), cuts.flatMap(({ tails }) => tails)];
  }
}

const isTraining = ({ category }: Sample): boolean =>
  category === "training" || category === undefined;

/** In order of their names; each label must have as many numbers as there are targets. */
function labelledOf(
  samples: readonly Sample[],
  targets: readonly string[],
  notes: string[],
): readonly Sample[] {
  const labelled = samples
    .filter((sample) => labelsOf(sample).length > 0)
    .sort((a, b) => compare(a.name, b.name));
  if (labelled.length === 0)
    throw new UserError(
      "no-labels",
      `split: recordings must have labels, got ${samples.length} without`,
      "Label them with numbers, or name the columns to predict with targets (--target-columns).",
    );
  for (const sample of labelled)
    for (const label of labelsOf(sample))
      if (numbersOf(label)?.length !== targets.length)
        throw new UserError(
          "label-number",
          `split: for a regression each label must be ${targets.length === 1 ? "a number" : `${targets.length} numbers (${list(targets)})`}, got "${label}" in "${sample.name}"`,
          'Correct the label, or set "task" to "classification" (--task classification).',
        );
  const unlabelled = samples.filter((sample) => labelsOf(sample).length === 0);
  if (unlabelled.length > 0)
    notes.push(
      `${count(unlabelled.length, "recording")} without a label left out (first "${unlabelled[0]!.name}").`,
    );
  return labelled;
}

/** Labels over time are numbers that change with every row, so a cut does not go by segments. */
function cutWhole(part: Part, share: number, windowMs: number): ReturnType<typeof cutEnds> {
  const { segments: _, ...plain } = part.sample;
  const { heads, tails } = cutEnds({ ...part, sample: plain }, share, windowMs);
  const back = (own: Part): Part => ({ ...own, sample: part.sample });
  return { heads: heads.map(back), tails: tails.map(back) };
}

function cutEnd(part: Part, share: number, windowMs: number): ReturnType<typeof cutEnds> {
  const cut = cutWhole(part, share, windowMs);
  if (cut.tails.length > 0) return cut;
  if (part.sample.intervalMs === 0)
    throw new UserError("too-few-recordings", "split: a table must have at least two rows, got 1");
  throw new UserError(
    "recording-too-short",
    `split: a recording that is cut by time must last at least three windows (${Math.ceil(3 * windowMs)} ms), got "${part.sample.name}"`,
    "Record more often, or for longer, or choose a shorter window.",
  );
}
