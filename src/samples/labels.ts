/**
 * Labels and categories of recordings, from the paths of all of them together.
 *
 * Category: a folder `training`, `train`, `testing`, `test` or `validation` (the innermost counts).
 * Label, first match:
 * 1. what an `info.labels` file says of the recording, then what its own file says (a column of a
 *    table, labels over time in acquisition data);
 * 2. the nearest folder that is not a category, when the data is laid out as one folder per label:
 *    every recording lies in such a folder, there are at least two, and file names do not group the
 *    recordings themselves. Names do not group when they are all numbers, when they all give one
 *    label, or when within each folder all differ and none has a part after a first dot
 *    (`rec1.csv`, in contrast to `wave.1.csv`);
 * 3. the file name up to its first dot, as far as it is letters, digits, blanks, `-` and `_`; when
 *    all names differ that way but their parts before the first `_` group them
 *    (`yes_anna_1.wav`), that part.
 *
 * An archive within the source counts as a folder of its name without extension.
 */
import type { Category, Sample } from "./sample.ts";
import type { LabelInterval } from "./segments.ts";

/** What a side file says of one recording. */
export type Placed = {
  readonly category: Category | undefined;
  /** Undefined when it is stated to be unlabelled. */
  readonly label: string | undefined;
  /** Labels over time, in place of one label. */
  readonly intervals?: readonly LabelInterval[];
};

/** `placed` has the paths of files as keys. */
export type PlacedByPath = ReadonlyMap<string, Placed>;

const CATEGORY_OF_FOLDER: ReadonlyMap<string, Category> = new Map([
  ["training", "training"],
  ["train", "training"],
  ["testing", "testing"],
  ["test", "testing"],
  ["validation", "validation"],
]);

const ARCHIVE = /\.(?:zip|tar|tgz|tar\.gz)$/i;

/** The label that a file name gives, or undefined when it begins with another character. */
export function labelFromName(path: string): string | undefined {
  const label = /^[\p{L}\p{M}\p{N}\s_-]+/u.exec(baseOf(path))?.[0].trim();
  return label === "" ? undefined : label;
}

/** The category that the folders of a path give. */
export function categoryFromPath(path: string): Category | undefined {
  return foldersOf(path)
    .map((folder) => CATEGORY_OF_FOLDER.get(folder.toLowerCase()))
    .findLast((category) => category !== undefined);
}

/**
 * Adds label and category to samples by the rules above, and says when folders gave the labels.
 * Labels over time are taken as they are: who reads the files puts intervals into segments.
 * @param pathOf the file of a sample; default: its name
 */
export function placeSamples(
  samples: readonly Sample[],
  placed: PlacedByPath = new Map(),
  pathOf: (sample: Sample) => string = (sample) => sample.name,
): { readonly samples: Sample[]; readonly notes: string[] } {
  const isOpen = (sample: Sample) =>
    !placed.has(pathOf(sample)) && sample.label === undefined && sample.segments === undefined;
  const open = [...new Set(samples.filter(isOpen).map(pathOf))];
  const byFolder = isFolderPerLabel(open);
  const nameOf = !byFolder && isPrefixPerLabel(open) ? labelFromPrefix : labelFromName;
  const notes = byFolder
    ? ["Labels were taken from the folders, one folder per label."]
    : nameOf === labelFromPrefix
      ? ["Labels were taken from file names up to the first underscore."]
      : [];
  const placedSamples = samples.map((sample) => {
    const path = pathOf(sample);
    const said = placed.get(path);
    const category = said?.category ?? sample.category ?? categoryFromPath(path);
    if (said?.label !== undefined) {
      const { segments: _, ...rest } = sample;
      return { ...rest, label: said.label, category };
    }
    if (!isOpen(sample)) return { ...sample, category };
    return { ...sample, label: byFolder ? labelFolderOf(path) : nameOf(path), category };
  });
  return { samples: placedSamples, notes };
}

/** Rule 2 of the header. */
function isFolderPerLabel(paths: readonly string[]): boolean {
  const folders = paths.map(labelFolderOf);
  if (folders.includes(undefined) || new Set(folders).size < 2) return false;
  const labels = paths.map((path) => labelFromName(path) ?? "");
  if (labels.every((label) => /^\p{N}*$/u.test(label))) return true;
  if (new Set(labels).size < 2) return true;
  const differ = new Set(paths.map((_, i) => `${folders[i]}/${labels[i]}`)).size === paths.length;
  return differ && paths.every((path) => baseOf(path).split(".").length <= 2);
}

/** The last part of rule 3: at least two labels with at least two recordings each, no others. */
function isPrefixPerLabel(paths: readonly string[]): boolean {
  if (paths.length < 4 || new Set(paths.map(labelFromName)).size < paths.length) return false;
  const counts = new Map<string | undefined, number>();
  for (const path of paths) {
    const label = baseOf(path).includes("_") ? labelFromPrefix(path) : undefined;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return !counts.has(undefined) && counts.size >= 2 && Math.min(...counts.values()) >= 2;
}

function labelFromPrefix(path: string): string | undefined {
  return labelFromName(baseOf(path).split("_")[0]!);
}

/** The nearest folder that is not a category. */
function labelFolderOf(path: string): string | undefined {
  return foldersOf(path).findLast((folder) => !CATEGORY_OF_FOLDER.has(folder.toLowerCase()));
}

function foldersOf(path: string): string[] {
  return path
    .split("/")
    .slice(0, -1)
    .map((folder) => folder.replace(ARCHIVE, ""));
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
