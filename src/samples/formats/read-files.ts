/**
 * Reads all files of a source into samples with labels: the way from bytes to the first waist. The
 * files come from a folder or archive (`host/read-source.ts`) or from a browser's file picker. One
 * bad file is a reported problem and does not stop the others.
 */
import { CancelledError, UserError } from "../../base/errors.ts";
import { type Placed, placeSamples } from "../labels.ts";
import { rowsOf, type Sample } from "../sample.ts";
import { segmentsFrom, withSegments } from "../segments.ts";
import { isInfoLabels, readInfoLabels } from "./info-labels.ts";
import { isReadable, readFile } from "./read-file.ts";
import type { ReadOptions } from "./reader.ts";
import { isStructuredLabels, readStructuredLabels } from "./structured-labels.ts";

/** A file of a source, read when asked for. */
export type SourceFile = {
  /** Path within the source, with `/`; unique. */
  readonly path: string;
  readonly bytes: () => Promise<Uint8Array>;
};

/** Why one file was not read, as one sentence. */
export type FileProblem = { readonly file: string; readonly message: string };

export type Source = {
  /** Name for the project: that of the folder or archive. */
  readonly name: string;
  readonly files: readonly SourceFile[];
  readonly problems: readonly FileProblem[];
  /** Paths left out because nothing reads them. */
  readonly skipped: readonly string[];
};

export type ReadFilesOptions = Omit<ReadOptions, "onNote"> & {
  readonly signal?: AbortSignal;
  /** Called after each file with the number of files done and in all. */
  readonly onProgress?: (done: number, total: number) => void;
};

export type SourceSamples = {
  readonly name: string;
  /** In the order of the files. */
  readonly samples: readonly Sample[];
  readonly problems: readonly FileProblem[];
  readonly skipped: readonly string[];
  readonly notes: readonly string[];
};

const FILES_PER_TURN = 16;

/**
 * Reads the files of a source.
 * @throws UserError `source-empty` when no file is of a known kind, `source-unreadable` when all
 *   of them fail; CancelledError
 */
export async function readFiles(
  source: Source,
  options: ReadFilesOptions = {},
): Promise<SourceSamples> {
  const readable = source.files.filter(({ path }) => isReadable(path));
  // Side files come first: what they say of a recording is checked when it is read.
  const info = source.files.filter(({ path }) => isInfoLabels(path));
  const structured = source.files.filter(({ path }) => isStructuredLabels(path));
  const files = [...info, ...structured, ...readable];
  const left = source.files.filter((file) => !files.includes(file));
  const samples: Sample[] = [];
  const problems: FileProblem[] = [...source.problems];
  const placed = new Map<string, Placed>();
  const pathOf = new Map<Sample, string>();
  const notes = noteBook();
  let hint: string | undefined;
  for (const [index, file] of files.entries()) {
    try {
      const bytes = await file.bytes();
      if (options.signal?.aborted) throw new CancelledError();
      if (index < info.length) {
        const said = readInfoLabels(file.path, bytes);
        for (const [path, place] of said.placed) placed.set(path, place);
        for (const note of said.notes) notes.add(note);
      } else if (index < info.length + structured.length) {
        for (const [path, { intervals }] of readStructuredLabels(file.path, bytes)) {
          const category = placed.get(path)?.category;
          placed.set(path, { category, label: undefined, ...(intervals ? { intervals } : {}) });
        }
      } else {
        const onNote = (note: string) => notes.add(note, file.path);
        const intervals = placed.get(file.path)?.intervals;
        for (const sample of readFile(file.path, bytes, { ...options, onNote })) {
          const labelled = intervals
            ? withSegments(sample, segmentsFrom(intervals, rowsOf(sample), sample.name))
            : sample;
          samples.push(labelled);
          pathOf.set(labelled, file.path);
        }
      }
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push({ file: file.path, message: error.message });
      hint ??= error.hint;
    }
    options.onProgress?.(index + 1, files.length);
    if (index % FILES_PER_TURN === FILES_PER_TURN - 1) await nextTurn();
  }
  if (samples.length === 0) throw nothingRead(source.name, readable.length, problems, hint);
  const labelled = placeSamples(samples, placed, (sample) => pathOf.get(sample)!);
  return {
    name: source.name,
    samples: labelled.samples,
    problems,
    skipped: [...source.skipped, ...left.map(({ path }) => path)],
    notes: [...notes.all(), ...labelled.notes],
  };
}

/** Collects notes; one that many files share is said once. */
function noteBook() {
  const filesOf = new Map<string, string[]>();
  return {
    add: (note: string, file?: string): void => {
      const files = filesOf.get(note) ?? [];
      if (file !== undefined) files.push(file);
      filesOf.set(note, files);
    },
    all: (): string[] =>
      [...filesOf].map(([note, files]) => {
        if (files.length === 0) return note;
        const others = files.length === 1 ? "" : ` and ${files.length - 1} more`;
        return `${files[0]}${others}: ${note}`;
      }),
  };
}

/** Lets the event loop run, so that a signal can arrive between files that are in memory already. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function nothingRead(
  name: string,
  readable: number,
  problems: readonly FileProblem[],
  hint: string | undefined,
): UserError {
  const [first] = problems;
  if (first === undefined) {
    return new UserError(
      "source-empty",
      `read ${name}: source must hold recordings (.csv, .json, .cbor, .wav), got none`,
      "Name the folder or archive that holds the recordings.",
    );
  }
  return new UserError(
    "source-unreadable",
    `read ${name}: at least one of ${Math.max(readable, problems.length)} files must be readable, got none; the first problem: ${first.message}`,
    hint,
  );
}
