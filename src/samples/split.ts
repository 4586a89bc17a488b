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
 * So windows of one recording never lie on two sides, except as rules 3 and 4 say, and there no
 * two windows of different sides share a row. Every decision is a sentence in `notes`.
 */
import { UserError } from "../base/errors.ts";
import { makeRng, type Rng } from "../base/rng.ts";
import { type Part, rowsFor, wholeOf } from "./part.ts";
import { rowsOf, type Sample, sampleRateHz } from "./sample.ts";

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
  /** Labels held out of training altogether, each with all its recordings. */
  readonly unseen: readonly { readonly label: string; readonly parts: readonly Part[] }[];
  /** Whether test data was cut by time (rule 3). */
  readonly byTime: boolean;
  readonly notes: readonly string[];
};

type Groups = ReadonlyMap<string, readonly Sample[]>;

type Sides = {
  training: Part[];
  validation: Part[];
  testing: Part[];
  unseen: { label: string; parts: Part[] }[];
  byTime: boolean;
};

type Context = {
  readonly rng: Rng;
  readonly windowMs: number;
  readonly testFraction: number;
  readonly validationFraction: number;
  readonly notes: string[];
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

  const labels = sorted(new Set(sides.training.map((part) => part.sample.label!)));
  const inOrder = (parts: Part[]) => parts.sort((a, b) => compare(a.sample.name, b.sample.name));
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
  const unlabelled = byName.filter((sample) => sample.label === undefined);
  for (const sample of byName) {
    if (sample.label === undefined) continue;
    const group = groups.get(sample.label);
    if (group) group.push(sample);
    else groups.set(sample.label, [sample]);
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

/** Rule 1: the split of the source, or undefined when there is none or it cannot train. */
function keepGiven(groups: Groups, { notes }: Context): Sides | undefined {
  const all = [...groups.values()].flat();
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
  for (const [label, group] of groups) {
    if (label === untrained[0]) {
      sides.unseen.push({ label, parts: group.map(wholeOf) });
      continue;
    }
    for (const sample of group) {
      const side =
        sample.category === "testing"
          ? sides.testing
          : sample.category === "validation"
            ? sides.validation
            : sides.training;
      side.push(wholeOf(sample));
    }
    if (!group.some((sample) => sample.category === "testing")) {
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

/** Rules 2 and 3. */
function splitAfresh(groups: Groups, context: Context): Sides {
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
  for (const [label, group] of groups) {
    if (group.length === 1) {
      sides.unseen.push({ label, parts: group.map(wholeOf) });
      notes.push(`"${label}" has a single recording: held out as unseen, for the anomaly score.`);
      continue;
    }
    const drawn = rng.fork(`test/${label}`).shuffle([...group]);
    const tests = shareOf(drawn.length, testFraction);
    sides.testing.push(...drawn.slice(0, tests).map(wholeOf));
    sides.training.push(...drawn.slice(tests).map(wholeOf));
  }
  notes.push("Recordings were split by file: windows of one recording are all on one side.");
  return sides;
}

/** Rule 3: the end of each recording tests. */
function cutTest(groups: Groups, context: Context): Sides {
  const sides: Sides = { training: [], validation: [], testing: [], unseen: [], byTime: true };
  for (const [, [sample]] of groups) {
    const cut = cutEnd(wholeOf(sample!), context.testFraction, context.windowMs);
    if (cut === undefined) {
      const atLeast = Math.ceil(3 * context.windowMs);
      throw new UserError(
        "recording-too-short",
        `split: a recording that is cut by time must last at least three windows (${atLeast} ms), got ${Math.round(rowsOf(sample!) * sample!.intervalMs)} ms in "${sample!.name}"`,
        "Record each label at least twice, or for longer, or choose a shorter window.",
      );
    }
    sides.training.push(cut.head);
    sides.testing.push(cut.tail);
  }
  context.notes.push(
    "Every label has one recording, so each was split by time, with a gap of one window.",
  );
  return sides;
}

/** Rule 4; leaves a given validation set as it is. */
function addValidation(sides: Sides, context: Context): void {
  const { notes, rng, validationFraction, windowMs } = context;
  if (sides.validation.length > 0) return;
  const groups = new Map<string, Part[]>();
  for (const part of sides.training) {
    const label = part.sample.label!;
    groups.set(label, [...(groups.get(label) ?? []), part]);
  }
  const without: string[] = [];
  const training: Part[] = [];
  for (const label of sorted(groups.keys())) {
    const group = groups.get(label)!.sort((a, b) => compare(a.sample.name, b.sample.name));
    if (group.length < 3) {
      without.push(label);
      training.push(...group);
      continue;
    }
    const drawn = rng.fork(`validation/${label}`).shuffle([...group]);
    const held = shareOf(drawn.length, validationFraction);
    sides.validation.push(...drawn.slice(0, held));
    training.push(...drawn.slice(held));
  }
  if (without.length < groups.size) {
    sides.training = training;
    if (without.length > 0) {
      notes.push(
        `${list(without)} with fewer than three training recordings: no validation recording.`,
      );
    }
    return;
  }
  sides.training = training.map((part) => {
    const cut = cutEnd(part, validationFraction, windowMs);
    if (cut === undefined) return part;
    sides.validation.push(cut.tail);
    return cut.head;
  });
  notes.push(
    sides.validation.length > 0
      ? "No label has three training recordings, so the ends of the training recordings validate, after a gap of one window."
      : "No label has three training recordings and none is long enough to be cut: there is no validation data.",
  );
}

/**
 * Cuts the end off a part, leaving a gap of one window; undefined when head or tail would be
 * shorter than a window.
 */
function cutEnd(
  part: Part,
  share: number,
  windowMs: number,
): { head: Part; tail: Part } | undefined {
  const window = Math.max(1, rowsFor(windowMs, sampleRateHz(part.sample)));
  const usable = part.endRow - part.startRow - window;
  const tailRows = Math.max(window, Math.round(usable * share));
  if (usable - tailRows < window) return undefined;
  const tailStart = part.endRow - tailRows;
  return {
    head: { ...part, endRow: tailStart - window },
    tail: { ...part, startRow: tailStart },
  };
}

/** At least one, and at least one remains. */
function shareOf(total: number, share: number): number {
  return Math.min(total - 1, Math.max(1, Math.round(total * share)));
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

function list(labels: readonly string[]): string {
  return labels.length === 0 ? "none" : labels.map((label) => `"${label}"`).join(", ");
}

function count(n: number, noun: string): string {
  return n === 1 ? `1 ${noun}` : `${n} ${noun}s`;
}

function sorted(labels: Iterable<string>): string[] {
  return [...labels].sort(compare);
}

/** By code unit, so that the order is the same everywhere. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
