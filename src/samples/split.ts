/**
 * Splits: which recordings train, which validate and which test. The rules, in order:
 *
 * 1. A split that the source gives (folders or categories) is kept, unless labels have test data
 *    but no training data. One such label is held out as unseen; with two or more (or when only one
 *    label would be left to learn) the given split cannot be meant for training, and the data is
 *    split afresh.
 * 2. Afresh is by file and stratified by label: at least one recording of each label tests. A label
 *    with a single recording is held out as unseen, for the anomaly score.
 * 3. When every label has one recording, each is cut by time, with a gap of one window.
 * 4. Validation takes whole training recordings of each label that has at least three. When no
 *    label has, the ends of the training recordings validate, after a gap of one window.
 *
 * A recording with labels over time counts for each of them (`stratify.ts`). The last training
 * recording of a label is never drawn; a label that only such a recording has is learned without
 * test data, and one that is held out as unseen is cut out of the test recordings. Rule 3 also
 * applies when such recordings leave none to be drawn. Rows of a table are split like recordings.
 *
 * So windows of one recording never lie on two sides, except as rules 3 and 4 say, and there no
 * two windows of different sides share a row. Every decision is a sentence in `notes`.
 */
import { UserError } from "../base/errors.ts";
import { makeRng } from "../base/rng.ts";
import type { Part } from "./part.ts";
import type { Sample } from "./sample.ts";
import { labelsOf, labelsOfPart } from "./segments.ts";
import { splitAfresh } from "./split-afresh.ts";
import { keepGiven } from "./split-given.ts";
import { type Context, compare, count, type Groups, list, sorted } from "./split-sides.ts";
import { addValidation } from "./split-validation.ts";

export type SplitOptions = {
  /** Seed of the draw; same samples and seed, same split. */
  readonly seed: number;
  /** Length of the window that will be cut, in milliseconds: the gap of a cut by time. */
  readonly windowMs: number;
  /** Share of the recordings (or of the time) that tests; default 0.2. */
  readonly testFraction?: number;
  /** Share of the training recordings (or of their time) that validates; default 0.2. */
  readonly validationFraction?: number;
};

export type Split = {
  /** The labels to learn, sorted; unseen ones are not among them. */
  readonly labels: readonly string[];
  readonly training: readonly Part[];
  readonly validation: readonly Part[];
  readonly testing: readonly Part[];
  /** Labels held out of training altogether, each with all its recordings or segments. */
  readonly unseen: readonly { readonly label: string; readonly parts: readonly Part[] }[];
  /** Whether test data was cut by time (rule 3). */
  readonly byTime: boolean;
  readonly notes: readonly string[];
};

/**
 * Splits samples by the rules above. The order of `samples` does not matter.
 * @throws UserError `no-samples`, `no-labels`, `too-few-labels`, `too-few-recordings`,
 *   `recording-too-short`, `split-fraction`
 */
export function splitSamples(samples: readonly Sample[], options: SplitOptions): Split {
  const context: Context = {
    rng: makeRng(options.seed).fork("split"),
    windowMs: options.windowMs,
    testFraction: fraction("testFraction", options.testFraction ?? 0.2),
    validationFraction: fraction("validationFraction", options.validationFraction ?? 0.2),
    notes: [],
  };
  const groups = groupByLabel(samples, context.notes);
  const sides = keepGiven(groups, context) ?? splitAfresh(groups, context);
  addValidation(sides, context);

  const labels = sorted(new Set(sides.training.flatMap(labelsOfPart)));
  const inOrder = (parts: Part[]) =>
    parts.sort((a, b) => compare(a.sample.name, b.sample.name) || a.startRow - b.startRow);
  return {
    labels,
    training: inOrder(sides.training),
    validation: inOrder(sides.validation),
    testing: inOrder(sides.testing),
    unseen: sides.unseen.sort((a, b) => compare(a.label, b.label)),
    byTime: sides.byTime,
    notes: context.notes,
  };
}

function groupByLabel(samples: readonly Sample[], notes: string[]): Groups {
  if (samples.length === 0) {
    throw new UserError("no-samples", "split: data must hold at least one recording, got none");
  }
  const groups = new Map<string, Sample[]>();
  const byName = [...samples].sort((a, b) => compare(a.name, b.name));
  const unlabelled = byName.filter((sample) => labelsOf(sample).length === 0);
  for (const sample of byName) {
    for (const label of labelsOf(sample)) {
      const group = groups.get(label);
      if (group) group.push(sample);
      else groups.set(label, [sample]);
    }
  }
  if (groups.size === 0) {
    throw new UserError(
      "no-labels",
      `split: recordings must have labels, got ${samples.length} without`,
      "Begin file names with the label (wave.01.csv), or keep one folder per label.",
    );
  }
  if (unlabelled.length > 0) {
    notes.push(
      `${count(unlabelled.length, "recording")} without a label left out (first "${unlabelled[0]!.name}").`,
    );
  }
  const ordered = new Map(sorted(groups.keys()).map((label) => [label, groups.get(label)!]));
  requireTwo([...ordered.keys()]);
  return ordered;
}

function fraction(name: string, value: number): number {
  if (value > 0 && value < 1) return value;
  throw new UserError("split-fraction", `split: ${name} must lie between 0 and 1, got ${value}`);
}

function requireTwo(labels: readonly string[]): void {
  if (labels.length >= 2) return;
  throw new UserError(
    "too-few-labels",
    `split: data must have at least two labels to tell apart, got ${labels.length} (${list(labels)})`,
    "Add recordings of another class; what happens when nothing happens (idle) is a class too.",
  );
}
