/**
 * Reads all files of a source into samples with labels: the way from bytes to the first waist. The
 * files come from a folder or archive (`host/read-source.ts`) or from a browser's file picker. One
 * bad file is a reported problem and does not stop the others.
 */
import { CancelledError, UserError } from "../../base/errors.ts";
import { type Placed, placeSamples } from "../labels.ts";
import type { Sample } from "../sample.ts";
import { isInfoLabels, readInfoLabels } from "./info-labels.ts";
import { isReadable, readFile } from "./read-file.ts";
import type { ReadOptions } from "./reader.ts";

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

export type ReadFilesOptions = ReadOptions & {
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
  const info = source.files.filter(({ path }) => isInfoLabels(path));
  const left = source.files.filter(({ path }) => !isReadable(path) && !isInfoLabels(path));
  const samples: Sample[] = [];
  const problems: FileProblem[] = [...source.problems];
  const placed = new Map<string, Placed>();
  const notes: string[] = [];
  for (const [index, file] of [...info, ...readable].entries()) {
    try {
      const bytes = await file.bytes();
      if (options.signal?.aborted) throw new CancelledError();
      if (index < info.length) {
        const said = readInfoLabels(file.path, bytes);
        for (const [path, place] of said.placed) placed.set(path, place);
        notes.push(...said.notes);
      } else {
        samples.push(...readFile(file.path, bytes, options));
      }
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push({ file: file.path, message: error.message });
    }
    options.onProgress?.(index + 1, info.length + readable.length);
    if (index % FILES_PER_TURN === FILES_PER_TURN - 1) await nextTurn();
  }
  if (samples.length === 0) throw nothingRead(source.name, readable.length, problems);
  const labelled = placeSamples(samples, placed);
  return {
    name: source.name,
    samples: labelled.samples,
    problems,
    skipped: [...source.skipped, ...left.map(({ path }) => path)],
    notes: [...notes, ...labelled.notes],
  };
}

/** Lets the event loop run, so that a signal can arrive between files that are in memory already. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function nothingRead(name: string, readable: number, problems: readonly FileProblem[]): UserError {
  const [first] = problems;
  if (first === undefined) {
    return new UserError(
      "source-empty",
      `read ${name}: source must hold recordings (.csv, .json, .cbor), got none`,
      "Name the folder or archive that holds the recordings.",
    );
  }
  return new UserError(
    "source-unreadable",
    `read ${name}: at least one of ${Math.max(readable, problems.length)} files must be readable, got none; the first problem: ${first.message}`,
  );
}
