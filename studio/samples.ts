/** Questions that pages ask of a list of recordings: labels, sides, filters, totals. */
import type { SampleSummary, Side } from "../src/server/api.ts";

export type Filter = {
  /** "" for all. */
  readonly label: string;
  readonly side: string;
};

/** Whether the recordings are rows of a table, which have no length and no rate. */
export const isTable = (samples: readonly SampleSummary[]): boolean =>
  samples.length > 0 && samples.every(({ rows }) => rows === 1);

/** The folder that all names begin with, with its last `/`; "" when there is none. */
export function commonFolder(names: readonly string[]): string {
  const [first = ""] = names;
  for (let end = first.lastIndexOf("/"); end >= 0; end = first.lastIndexOf("/", end - 1)) {
    const folder = first.slice(0, end + 1);
    if (names.every((name) => name.startsWith(folder))) return folder;
    if (end === 0) break;
  }
  return "";
}

export const NO_FILTER: Filter = { label: "", side: "" };

/** The label of a whole recording; null when it has none or several. */
export const labelOf = ({ label }: SampleSummary): string | null => label;

/** Where the last run put a recording, or else where its source wants it. */
export const sideOf = ({ side, category }: SampleSummary): Side | null => side ?? category;

/** Labels of recordings and of their segments, sorted. */
export function allLabels(samples: readonly SampleSummary[]): readonly string[] {
  const labels = new Set<string>();
  for (const { label, segments } of samples) {
    if (label !== null) labels.add(label);
    for (const segment of segments ?? []) labels.add(segment.label);
  }
  return [...labels].sort();
}

export function matching(
  samples: readonly SampleSummary[],
  { label, side }: Filter,
): readonly SampleSummary[] {
  return samples.filter(
    (sample) =>
      (label === "" ||
        sample.label === label ||
        sample.segments?.some((segment) => segment.label === label)) &&
      (side === "" || sideOf(sample) === side),
  );
}

/** Seconds recorded of each label, in the order of `labels`; unlabelled time is not in it. */
export function secondsByLabel(
  samples: readonly SampleSummary[],
  labels: readonly string[],
): readonly { readonly label: string; readonly seconds: number; readonly samples: number }[] {
  const totals = new Map(labels.map((label) => [label, { seconds: 0, samples: 0 }]));
  for (const { label, segments, seconds, rows } of samples) {
    for (const part of segments ?? []) {
      const total = totals.get(part.label)!;
      total.seconds += (seconds * (part.endRow - part.startRow)) / rows;
    }
    for (const each of segments ? new Set(segments.map((s) => s.label)) : [label]) {
      const total = each === null ? undefined : totals.get(each);
      if (!total) continue;
      total.samples += 1;
      if (!segments) total.seconds += seconds;
    }
  }
  return labels.map((label) => ({ label, ...totals.get(label)! }));
}
